// The process that is killed: `whole FIRST COUNT` prints what runs end with that nobody interrupts, `saved NUMBER DIR`
// what the run in a folder ends with, which it continues.

import { finalBits, savingOf } from './runs.js';

const [, , mode, number, argument] = process.argv;

/** After so many steps the first checkpoints are written: until then the thread that writes starts. */
const WARM = 6;

async function main(): Promise<void> {
  if (mode === 'whole') {
    for (let i = 0; i < Number(argument); i++) console.log(await finalBits(Number(number) + i));
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
