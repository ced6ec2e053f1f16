// What the live page costs: the notebook's three-block network, trained by `fit` on noise with and without `ui`, by
// turns in one process, while a page is connected that asks for every point:
//
//   npx ts-node bench/live-page.ts --rounds 40
//
// Prints one JSON object: milliseconds of a step without the page, and how much longer one with it takes, in percent,
// by the median over the rounds of the ratio of two neighbouring segments; and how long requests took meanwhile.

import { Worker } from 'node:worker_threads';
import { Command } from 'commander';
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
  const times = [];
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
  (async () => {
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

async function main(): Promise<void> {
  const options = new Command('live-page')
    .option('--rounds <n>', 'segments with and without the page', Number, 40)
    .option('--batch <n>', 'examples to a step', Number, 64)
    .parse()
    .opts<{ rounds: number; batch: number }>();
  let address = '';
  const onListen = (found: string): void => {
    address = found;
  };
  const runs = [started(options.batch, false), started(options.batch, { port: 0, onListen })];
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
    requests: requests.requests,
    requestMs: { median: round(requests.median), worst: round(requests.worst) },
    rounds: options.rounds,
    threads: kernelInfo().threads,
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
