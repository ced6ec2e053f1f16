// Makes random calls of every kernel in two processes, without turbo and with it, and compares all bits that they leave
// behind:
//
//   npx ts-node scripts/random-calls.ts --count 10000
//
// V8 runs the code of its first compiler until a function has run for a while, and turbo is a pass of the second one.
// So both processes compile with the second alone, from the start.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { Command } from 'commander';
import { configureKernels, kernelInfo } from '../src/index.js';
import { finish, nonNegative, wholeNumber } from './options.js';
import { KERNELS, type Outcome, outcome } from './random-calls/calls.js';

const options = new Command('random-calls')
  .description('Compares the bits of random kernel calls with turbo and without (Node 24 or later).')
  .option('--count <n>', 'calls, of all kernels in turn', wholeNumber, 10_000)
  .option('--seed <n>', 'what sizes, options and values are drawn from', nonNegative, 19)
  .option('--only <n>', 'makes one call, by its number', nonNegative)
  .option('--threads <n>', 'threads', wholeNumber, 1)
  .option('--turbo', 'makes the calls in this process, with turbo, and prints their hashes')
  .option('--no-turbo', 'the same without it')
  .parse()
  .opts<{ count: number; seed: number; only?: number; threads: number; turbo?: boolean }>();

/** What makes V8 compile all of a module at once, by its second compiler. */
const OPTIMIZED = ['--no-liftoff', '--no-wasm-lazy-compilation'];

interface Said {
  readonly turbo: boolean;
  readonly notes: readonly string[];
  readonly outcomes: readonly Outcome[];
}

/** Makes the calls in this process. */
function make(turbo: boolean): Said {
  const { count, seed, only, threads } = options;
  const { notes } = configureKernels({ kernels: 'wasm', turbo, threads });
  const indices = only === undefined ? Array.from({ length: count }, (_, i) => i) : [only];
  const outcomes = indices.map((index) => outcome(seed, index));
  return { turbo: kernelInfo().turbo, notes, outcomes };
}

/** Makes them in a process of its own. */
function inProcess(turbo: boolean): Said {
  const { count, seed, only, threads } = options;
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [
      ...[...OPTIMIZED, '-r', 'ts-node/register', path.join(__dirname, 'random-calls.ts')],
      ...[turbo ? '--turbo' : '--no-turbo', '--count', String(count), '--seed', String(seed)],
      ...['--threads', String(threads), ...(only === undefined ? [] : ['--only', String(only)])],
    ],
    { encoding: 'utf8', maxBuffer: 2 ** 30 },
  );
  if (status !== 0) throw new Error(`random-calls: the process ended with ${signal ?? status}: ${stderr}`);
  return JSON.parse(stdout);
}

finish(() => {
  if (options.turbo !== undefined) {
    console.log(JSON.stringify(make(options.turbo)));
    return;
  }
  const [without, withTurbo] = [inProcess(false), inProcess(true)];
  if (!withTurbo.turbo) throw new Error(`random-calls: turbo is off: ${withTurbo.notes.join(' ')}`);
  const { outcomes } = without;
  const different = outcomes.filter(({ hash }, i) => hash !== withTurbo.outcomes[i].hash);
  for (const { index, kernel, dtype } of different) console.log(`${index}: ${kernel} (${dtype}) differs`);
  const { node, v8 } = process.versions;
  const what = `${outcomes.length} calls of ${KERNELS.length} kernels, Node ${node}, V8 ${v8}, ${process.arch}`;
  if (different.length > 0) throw new Error(`random-calls: ${what}: ${different.length} differ with turbo`);
  console.log(`${what}: the same bits with turbo and without`);
});
