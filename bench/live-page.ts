// What the live page costs: the notebook's three-block network, trained by `fit` on noise with and without `ui`, by
// turns in one process, while a page is connected that asks for every point:
//
//   npx ts-node bench/live-page.ts --rounds 40
//
// Prints one JSON object: milliseconds of a step without the page, and how much longer one with it takes, in percent:
// by the median over the rounds of the ratio of two neighbouring segments; and how long requests took meanwhile.
//
// Of two runs of one process, the second is slower by 7 to 9 % where neither has a page: its arrays lie elsewhere. So
// this measures in two processes, in one of which the run with the page is the first, and takes the mean of both.
// `--null` leaves the page out of both: what is printed then is what cannot be told apart.

import { execFileSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { Command, Option } from 'commander';
import {
  DataLoader,
  type FitRun,
  fitSteps,
  kernelInfo,
  manualSeed,
  optim,
  Random,
  type UiOptions,
} from '../src/index.js';
import { convnet6 } from '../src/models/index.js';
import { round } from '../src/workloads/index.js';

/** Steps to a segment. */
const SEGMENT = 20;

/** A page: listens, asks for the points that it lacks, and measures each answer. Ends with the median. */
const PAGE = `
  const { workerData: address, parentPort } = require('node:worker_threads');
  const times = [0];
  let have = 0;
  const asked = async (path) => {
    const begun = performance.now();
    const answer = await fetch(new URL(path, address));
    const bytes = await answer.arrayBuffer();
    times.push(performance.now() - begun);
    return bytes;
  };
  parentPort.on('message', () => {
    times.sort((a, b) => a - b);
    const at = (share) => times[Math.floor(share * (times.length - 1))];
    parentPort.postMessage({ requests: times.length, median: at(0.5), worst: at(1) });
  });
  if (address !== '') (async () => {
    const { body } = await fetch(new URL('api/events', address));
    let text = '';
    for await (const part of body.pipeThrough(new TextDecoderStream())) {
      const events = (text + part).split('\\n\\n');
      text = events.pop();
      for (const event of events) {
        const data = event.split('\\n').find((line) => line.startsWith('data: '));
        if (data === undefined) continue;
        const { kind, run } = JSON.parse(data.slice(6));
        if (kind === 'status') have += (await asked('api/runs/' + run + '/points?from=' + have)).byteLength / 24;
      }
    }
  })();
`;

interface Options {
  readonly rounds: number;
  readonly batch: number;
  readonly null?: boolean;
  readonly first?: 'page' | 'plain';
}

/** What one process has measured. */
interface Measured {
  readonly stepMs: number;
  readonly percent: number;
  readonly requests: number;
  readonly requestMs: { readonly median: number; readonly worst: number };
}

function main(): Promise<void> | void {
  const options = new Command('live-page')
    .option('--rounds <n>', 'segments with and without the page, in each of the two processes', Number, 20)
    .option('--batch <n>', 'examples to a step', Number, 64)
    .option('--null', 'without a page in either run: the error of the measurement')
    .addOption(new Option('--first <run>', 'which run is made first, in the process that measures').hideHelp())
    .parse()
    .opts<Options>();
  if (options.first !== undefined) return measured(options);
  const both = ['plain', 'page'].map((first): Measured => {
    const args = [...process.execArgv, __filename, ...process.argv.slice(2), '--first', first];
    return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  });
  const [one, other] = both.map(({ percent }) => 1 + percent / 100);
  const result = {
    stepMs: round(Math.min(...both.map(({ stepMs }) => stepMs))),
    percent: round(100 * (Math.sqrt(one * other) - 1)),
    percentByOrder: both.map(({ percent }) => percent),
    requests: both.map(({ requests }) => requests),
    requestMs: both.map(({ requestMs }) => requestMs),
    rounds: options.rounds,
    threads: kernelInfo().threads,
  };
  console.log(JSON.stringify(result));
}

/** Measures two runs of this process by turns, and prints what it found. */
async function measured(options: Options): Promise<void> {
  let address = '';
  const onListen = (found: string): void => {
    address = found;
  };
  const kinds: readonly (UiOptions | false)[] = [false, options.null ? false : { port: 0, onListen }];
  const isPageFirst = options.first === 'page';
  const made = (isPageFirst ? [...kinds].reverse() : kinds).map((ui) => started(options.batch, ui));
  const runs = isPageFirst ? made.reverse() : made;
  for (const run of runs) segment(run);
  const page = new Worker(PAGE, { eval: true, workerData: address });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const [plain, ratios]: [number[], number[]] = [[], []];
  for (let i = 0; i < options.rounds; i++) {
    // Which comes first changes, as machines drift.
    const order = i % 2 === 0 ? [0, 1] : [1, 0];
    const times = [0, 0];
    for (const which of order) times[which] = segment(runs[which]);
    plain.push(times[0]);
    ratios.push(times[1] / times[0]);
    // What the page has sent is taken.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const requests = await new Promise<Record<string, number>>((resolve) => {
    page.once('message', resolve);
    page.postMessage('');
  });
  const result = {
    stepMs: round(median(plain)),
    percent: round(100 * (median(ratios) - 1)),
    requests: requests.requests - 1,
    requestMs: { median: round(requests.median), worst: round(requests.worst) },
  };
  console.log(JSON.stringify(result));
  process.exit();
}

/** A run that goes on as long as it is asked. */
function started(batch: number, ui: UiOptions | false): FitRun {
  manualSeed(0);
  const random = new Random(0);
  const [X, y] = [random.randn([4 * batch, 3, 32, 32]), random.randint(0, 10, 4 * batch)];
  const loader = new DataLoader({ X, y }, { batchSize: batch, shuffle: true, seed: 0 });
  const valLoader = new DataLoader({ X, y }, { batchSize: batch });
  const model = convnet6();
  const optimizer = new optim.SGD(model.parameters(), { lr: 1e-3, momentum: 0.9, nesterov: true });
  // One evaluation at the end of each epoch, in both.
  return fitSteps(model, loader, { optimizer, epochs: 100_000, verbose: false, ui, valLoader, keepBest: false });
}

/** Milliseconds of a step, over some; evaluations are left out. */
function segment(run: FitRun): number {
  let [steps, time] = [0, 0];
  while (steps < SEGMENT) {
    const begun = performance.now();
    const { value, done } = run.next();
    if (done) throw new Error('the run has ended');
    if (value.kind !== 'step') continue;
    steps++;
    time += performance.now() - begun;
  }
  return time / SEGMENT;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

void main();
