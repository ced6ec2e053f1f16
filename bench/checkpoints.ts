// What checkpoints cost:
//
//   npx ts-node bench/checkpoints.ts                 a state of 100 MB, written and read back
//   npx ts-node bench/checkpoints.ts --train 100     the challenge's network, with a checkpoint every so many steps
//
// Prints JSON objects. The first has MB/s with a warm page cache, without the wait for the disk (`fsync`), which has a
// field of its own; and the milliseconds for which `save` holds up the thread that trains. The second trains in rounds
// of 20 steps with a checkpoint in the middle: what the step with it and the three behind it, beside which the other
// thread writes, take longer than the other steps, by their medians over the rounds and by their minima, in
// milliseconds and in percent of so many steps. Whole segments with and without a checkpoint differ by more than that
// on a machine with neighbours.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { recipes } from '../scripts/challenge/models.js';
import { type NDArray, Random } from '../src/arrays/index.js';
import { CheckpointWriter, latestCheckpoint, type NewCheckpoint } from '../src/checkpoints/index.js';
import type { System } from '../src/checkpoints/store.js';
import { DataLoader, fitSteps, kernelInfo, manualSeed } from '../src/index.js';
import { round } from '../src/workloads/index.js';

const MB = 1e6;

interface Options {
  mb: number;
  times: number;
  train?: number;
  rounds: number;
  dir: string;
}

function main(): void {
  const command = new Command('checkpoints')
    .option('--mb <n>', 'size of the state', Number, 100)
    .option('--times <n>', 'how often it is written and read', Number, 7)
    .option('--train <steps>', 'trains: the cost of a checkpoint every so many steps', Number)
    .option('--rounds <n>', 'checkpoints that are written while it trains', Number, 10)
    .option('--dir <dir>', 'a folder on the disk to measure', os.tmpdir())
    .parse();
  const options = command.opts<Options>();
  const dir = fs.mkdtempSync(path.join(options.dir, 'layerwise-checkpoints-'));
  try {
    console.log(
      JSON.stringify(options.train === undefined ? ofState(dir, options) : ofTraining(dir, options.train, options)),
    );
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

/** Ten arrays as parameters, and as many as the state of an optimizer. */
function stateOf(bytes: number): Record<string, Record<string, NDArray>> {
  const random = new Random(0);
  const part = (): Record<string, NDArray> =>
    Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`layers.${i}.weight`, random.rand([bytes / 20 / 4])]));
  return { model: part(), optimizer: part() };
}

function ofState(dir: string, { mb, times }: Options): object {
  const state = stateOf(mb * MB);
  const checkpoint = (iteration: number): NewCheckpoint => ({ kind: 'fit', iteration, epoch: 0, config: {}, state });
  let fsync = 0;
  const timed: System = {
    createHash,
    fs: {
      ...fs,
      fsyncSync(fd) {
        const begun = performance.now();
        fs.fsyncSync(fd);
        fsync += performance.now() - begun;
      },
    },
  };
  // A system of one's own is used in this thread, so that all of it is seen.
  const here = new CheckpointWriter('bench', path.join(dir, 'here'), { system: timed, keep: 1 });
  const fsyncs: number[] = [];
  const write = timesOf(times, (i) => {
    fsync = 0;
    here.save(checkpoint(i));
    here.flush();
    fsyncs.push(fsync);
    return fsync;
  });
  here.close();
  const other = new CheckpointWriter('bench', path.join(dir, 'other'), { keep: 1 });
  const blocked = timesOf(times, (i) => {
    other.save(checkpoint(i));
    const begun = performance.now();
    other.flush();
    return performance.now() - begun;
  });
  other.close();
  const read = timesOf(times, () => {
    latestCheckpoint('bench', path.join(dir, 'other'));
    return 0;
  });
  const speed = (ms: number): number => Math.round(mb / (ms / 1000));
  return {
    mb,
    writeMBs: speed(median(write.wall)),
    readMBs: speed(median(read.wall)),
    fsyncMs: round(median(fsyncs)),
    blockedMs: round(median(blocked.wall)),
    // Of a processor's own time, which others on a busy machine do not lengthen.
    cpu: { writeMBs: speed(median(write.cpu)), readMBs: speed(median(read.cpu)) },
  };
}

/** Milliseconds of a function's runs after the first, less those that it returns. */
function timesOf(times: number, fn: (i: number) => number): { readonly wall: number[]; readonly cpu: number[] } {
  fn(0);
  const [wall, cpu]: [number[], number[]] = [[], []];
  for (let i = 1; i <= times; i++) {
    const [begun, before] = [performance.now(), process.cpuUsage()];
    const waited = fn(i);
    wall.push(performance.now() - begun - waited);
    const { user, system } = process.cpuUsage(before);
    cpu.push((user + system) / 1000);
  }
  return { wall, cpu };
}

/** Steps to a round, the one with the checkpoint, and the first behind those that it may slow down. */
const [ROUND, SAVING, OVER] = [20, 10, 14];

/** Trains the residual network of the challenge on noise; compares the steps beside a checkpoint with the others. */
function ofTraining(dir: string, every: number, { rounds }: Options): object {
  manualSeed(0);
  const recipe = recipes.resnet;
  const random = new Random(0);
  const X = random.randn([recipe.batch * 4, 3, 32, 32]);
  const y = random.randint(0, 10, recipe.batch * 4);
  const loader = new DataLoader({ X, y }, { batchSize: recipe.batch, shuffle: true, seed: 0 });
  const model = recipe.build(() => X);
  const { optimizer } = recipe.train(model, { lr: 1e-3, epochs: 10, stepsPerEpoch: loader.length });
  const run = fitSteps(model, loader, { optimizer, epochs: ROUND * (rounds + 1), verbose: false });
  const writer = new CheckpointWriter('bench', dir);

  const saves: number[] = [];
  const steps: number[][] = Array.from({ length: ROUND }, () => []);
  // The first round is a warm one.
  for (let iteration = 0; iteration < ROUND * (rounds + 1); ) {
    const begun = performance.now();
    const { value, done } = run.next();
    if (done) throw new Error('the run has ended');
    if (value.kind !== 'step') continue;
    iteration++;
    const place = (iteration - 1) % ROUND;
    const before = performance.now();
    if (place === SAVING) writer.save({ kind: 'fit', iteration, epoch: 0, config: {}, state: run.stateDict() });
    if (iteration <= ROUND) continue;
    if (place === SAVING) saves.push(performance.now() - before);
    steps[place].push(performance.now() - begun);
  }
  writer.close();
  const bytes = fs.statSync(path.join(dir, fs.readdirSync(dir)[0])).size;

  const cost = (of: (times: readonly number[]) => number): { stepMs: number; costMs: number; percent: number } => {
    const stepMs = median([...steps.slice(0, SAVING), ...steps.slice(OVER)].map(of));
    const costMs = steps.slice(SAVING, OVER).reduce((total, times) => total + of(times) - stepMs, 0);
    return { stepMs: round(stepMs), costMs: round(costMs), percent: round((100 * costMs) / (every * stepMs)) };
  };
  return {
    every,
    mb: round(bytes / MB),
    saveMs: round(median(saves)),
    median: cost(median),
    fastest: cost((times) => Math.min(...times)),
    rounds,
    threads: kernelInfo().threads,
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

main();
