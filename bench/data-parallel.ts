// Two ways to use the cores of one machine on the notebook's three-block network: a rank for each, with one thread, or
// one process with all threads. `npx ts-node bench/data-parallel.ts [--help]`. The ways run by turns.

import { spawnSync } from 'node:child_process';
import { Command } from 'commander';
import { mpiexecHere } from '../scripts/mpiexec.js';
import { wholeNumber } from '../scripts/options.js';
import { mpi } from '../src/distributed/index.js';
import { DataLoader, F, fit, kernelInfo, manualSeed, models, optim, Random } from '../src/index.js';

/** Batches of an epoch. */
const BATCHES = 20;

interface Options {
  readonly ranks: number;
  readonly batch: number;
  readonly epochs: number;
  readonly rounds: number;
  readonly mpiexec: string;
  readonly way?: 'ranks' | 'threads';
}

/** Trains by fit, in this process as one rank or alone, and prints the milliseconds of the fastest epoch. */
function train({ way, batch, epochs }: Options): void {
  const comm = way === 'ranks' ? mpi() : null;
  manualSeed(0);
  const model = models.convnet6();
  const optimizer = new optim.SGD(model.parameters(), { lr: 1e-3, momentum: 0.9, nesterov: true });
  const random = new Random(1);
  const N = BATCHES * batch;
  const dataset = { X: random.randn([N, 3, 32, 32]), y: random.randint(0, 10, N) };
  const loader = new DataLoader(dataset, { batchSize: batch, shuffle: true, seed: 0 });
  let [least, begun] = [Number.POSITIVE_INFINITY, performance.now()];
  let steps = 0;
  fit(model, loader, {
    ...{ optimizer, epochs, loss: F.crossEntropy, verbose: false },
    ...(comm !== null && { distributed: comm }),
    onStep: () => {
      if (++steps % BATCHES !== 0) return;
      const now = performance.now();
      if (steps > BATCHES) least = Math.min(least, now - begun);
      begun = now;
    },
  });
  if (comm === null || comm.rank === 0) console.log(JSON.stringify({ least, threads: kernelInfo().threads }));
}

/** Images to a second of one way, in processes of its own. */
function measured(way: 'ranks' | 'threads', { ranks, batch, epochs, mpiexec }: Options): number {
  const program = [process.execPath, ...process.execArgv, '-r', 'ts-node/register', __filename, '--way', way];
  const sizes = ['--batch', String(batch), '--epochs', String(epochs)];
  const [file, ...args] = [...(way === 'ranks' ? [mpiexec, '-n', String(ranks)] : []), ...program, ...sizes];
  const env = { ...process.env, LAYERWISE_THREADS: way === 'ranks' ? '1' : String(ranks) };
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} failed (${status}): ${stderr}`);
  return (1000 * BATCHES * batch) / JSON.parse(stdout.trim().split('\n').at(-1) as string).least;
}

function main(): void {
  const options = new Command('data-parallel')
    .option('--ranks <n>', 'ranks of one thread, and threads of one process', wholeNumber, 2)
    .option('--batch <n>', 'images to a batch, of all ranks', wholeNumber, 64)
    .option('--epochs <n>', `epochs of ${BATCHES} batches; the first one warms up`, wholeNumber, 4)
    .option('--rounds <n>', 'turns', wholeNumber, 5)
    .option('--mpiexec <file>', 'what starts the ranks', mpiexecHere())
    .option('--way <name>', 'train in this process, as one rank or alone: what the turns start')
    .parse()
    .opts<Options>();
  if (options.way === undefined) compareWays(options);
  else train(options);
}

function compareWays(options: Options): void {
  const best = { ranks: 0, threads: 0 };
  for (let round = 1; round <= options.rounds; round++) {
    const line = (['ranks', 'threads'] as const).map((way) => {
      const rate = measured(way, options);
      best[way] = Math.max(best[way], rate);
      return `${way} ${rate.toFixed(1)}`;
    });
    console.log(`round ${round}: ${line.join(', ')} images/s`);
  }
  const { ranks } = options;
  const ratio = (best.ranks / best.threads).toFixed(3);
  console.log(
    `${ranks} ranks × 1 thread: ${best.ranks.toFixed(1)} images/s, 1 rank × ${ranks} threads: ` +
      `${best.threads.toFixed(1)}; ratio ${ratio}`,
  );
}

main();
