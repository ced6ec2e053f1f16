// The process that is killed: `whole COUNT` prints what the first runs end with where nobody interrupts them,
// `saved NUMBER DIR` what the run in a folder ends with, which it continues.

import { finalBits, savingOf } from './runs.js';

const [, , mode, number, argument] = process.argv;

/** After so many steps the first checkpoints are written: until then the thread that writes starts. */
const WARM = 6;

async function main(): Promise<void> {
  if (mode === 'whole') {
    for (let i = 0; i < Number(number); i++) console.log(await finalBits(i));
    return;
  }
  process.stdout.write('ready\n');
  let steps = 0;
  const stepped = (): void => {
    if (++steps === WARM) process.stdout.write('steps\n');
  };
  const bits = await finalBits(Number(number), { ...savingOf(Number(number), argument), stepped });
  process.stdout.write(`${bits}\n`);
}

void main();
