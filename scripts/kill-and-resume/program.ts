// The process that is killed, or each of its ranks: `whole COUNT` prints what the first runs end with where nobody
// interrupts them, `saved NUMBER DIR` what the run in a folder ends with, which it continues. Behind these `ranks`
// where there are several, and `synchronized` if their batch normalization is.

import { mpi } from '../../src/distributed/index.js';
import { gatherValues } from '../../src/training/parallel/messages.js';
import { finalBits, type Saving, savingOf } from './runs.js';

const [, , mode, number, ...rest] = process.argv;
const comm = rest.includes('ranks') ? mpi() : null;

/** After so many steps the first checkpoints are written: until then the thread that writes starts. */
const WARM = 6;

async function main(): Promise<void> {
  const distributed = comm === null ? {} : { distributed: comm, syncBatchnorm: rest.includes('synchronized') };
  if (mode === 'whole') {
    for (let i = 0; i < Number(number); i++) print(await finalBits(i, distributed));
    return;
  }
  process.stdout.write(`ready ${process.pid}\n`);
  let steps = 0;
  const stepped = (): void => {
    if (++steps === WARM) process.stdout.write('steps\n');
  };
  const saving: Saving = { ...savingOf(Number(number), rest[0]), ...distributed, stepped };
  print(await finalBits(Number(number), saving));
}

/** Prints what a run ends with, which is the same on all ranks. */
function print(bits: string): void {
  const all = comm === null ? [bits] : gatherValues(comm, bits);
  if (all === null) return;
  const odd = all.findIndex((other) => other !== bits);
  process.stdout.write(`${odd < 0 ? bits : `{"rank":${odd},"differs":true}`}\n`);
}

void main();
