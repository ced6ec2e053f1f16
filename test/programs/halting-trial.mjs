// A trial of four epochs that keeps a checkpoint after each and writes down what it does. On node n2 of a Slurm cluster
// the later half of the trials halts after the second epoch, until there is a file `go`; on n1 until two halt on n2.

import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineTrial } from 'layerwise/search';

const HALF = 8;

export default defineTrial(({ x }, seed, report) => {
  const { SLURM_SUBMIT_DIR: folder, SLURM_ARRAY_TASK_ID: task, SLURMD_NODENAME: node } = process.env;
  const file = join(report.dir, 'state.json');
  const state = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { epoch: 0, value: seed };
  const say = (word) => {
    if (folder !== undefined) appendFileSync(join(folder, 'said.txt'), `${word} ${task} ${node} ${state.epoch}\n`);
  };
  say('begins');
  while (state.epoch < (report.epochs ?? 4)) {
    if (state.epoch === 2 && node !== undefined && task >= HALF) {
      if (node === 'n2') say('halts');
      const isOver = () => (node === 'n2' ? existsSync(join(folder, 'go')) : halting(folder) === 2);
      while (!isOver()) sleep(20);
    }
    state.value = Math.sin(state.value + x * ++state.epoch);
    writeFileSync(`${file}.new`, JSON.stringify(state));
    renameSync(`${file}.new`, file);
    report(state.epoch, { value: state.value });
    if (folder !== undefined) sleep(50);
  }
  say('ends');
  return { value: state.value };
});

/** How many trials have halted on n2. */
function halting(folder) {
  return readFileSync(join(folder, 'said.txt'), 'utf8').split('\nhalts').length - 1;
}

/** Blocks the thread, as training does. */
function sleep(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
