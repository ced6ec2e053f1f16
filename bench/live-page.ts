// What a reader of the live page costs: the notebook's three-block network, trained by `fit` on noise with `ui`, in
// segments in which a page asks for every point, and in segments without one, by turns:
//
//   npx ts-node bench/live-page.ts --rounds 40
//
// Prints one JSON object: milliseconds of a step without a reader, and how much longer one with it takes, in percent,
// by the median over the rounds of the ratio of two neighbouring segments; and how long requests took. The reader runs
// on this machine too, so its own work is in the number.
//
// A run without `ui` is no measure: of two runs in one process where neither has a page, one was slower by 7 to 9 %, as
// their arrays lie elsewhere. What a page costs without a reader is known otherwise: looks at the model are held to 1 %
// of the time (`training/live-look.ts`), and a step is noted in 70 ns.

import { once } from 'node:events';
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

/** A page that comes and goes: listens, asks for the points that it lacks, and measures each answer. */
const PAGE = `
  const { workerData: address, parentPort } = require('node:worker_threads');
  const times = [];
  let have = 0;
  let reading = null;
  const read = async (signal) => {
    const { body } = await fetch(new URL('api/events', address), { signal });
    parentPort.postMessage('here');
    let text = '';
    for await (const part of body.pipeThrough(new TextDecoderStream())) {
      const events = (text + part).split('\\n\\n');
      text = events.pop();
      for (const event of events) {
        const data = event.split('\\n').find((line) => line.startsWith('data: '));
        if (data === undefined) continue;
        const { kind, run } = JSON.parse(data.slice(6));
        if (kind !== 'status') continue;
        const begun = performance.now();
        const answer = await fetch(new URL('api/runs/' + run + '/points?from=' + have, address), { signal });
        have += (await answer.arrayBuffer()).byteLength / 24;
        times.push(performance.now() - begun);
      }
    }
  };
  parentPort.on('message', (told) => {
    if (told === 'come') {
      reading = new AbortController();
      read(reading.signal).catch(() => {});
    } else if (told === 'go') {
      reading.abort();
      parentPort.postMessage('gone');
    } else {
      times.sort((a, b) => a - b);
      const at = (share) => times[Math.floor(share * (times.length - 1))];
      parentPort.postMessage({ requests: times.length, median: at(0.5), worst: at(1) });
    }
  });
`;

async function main(): Promise<void> {
  const options = new Command('live-page')
    .option('--rounds <n>', 'segments with and without a reader', Number, 40)
    .option('--batch <n>', 'examples to a step', Number, 64)
    .parse()
    .opts<{ rounds: number; batch: number }>();
  let address = '';
  const onListen = (found: string): void => {
    address = found;
  };
  const run = started(options.batch, { port: 0, onListen });
  segment(run);
  const page = new Worker(PAGE, { eval: true, workerData: address });
  const told = async (word: string): Promise<unknown> => {
    const answer = once(page, 'message');
    page.postMessage(word);
    return (await answer)[0];
  };
  const [alone, ratios]: [number[], number[]] = [[], []];
  for (let i = 0; i < options.rounds; i++) {
    // Which comes first changes, as machines drift.
    const order = i % 2 === 0 ? ['come', 'go'] : ['go', 'come'];
    const times: Record<string, number> = {};
    for (const word of order) {
      if (word === 'come') await told('come');
      times[word] = segment(run);
      if (word === 'come') await told('go');
    }
    alone.push(times.go);
    ratios.push(times.come / times.go);
  }
  const { requests, ...requestMs } = (await told('end')) as { requests: number; median: number; worst: number };
  const result = {
    stepMs: round(median(alone)),
    percent: round(100 * (median(ratios) - 1)),
    requests,
    requestMs: { median: round(requestMs.median), worst: round(requestMs.worst) },
    rounds: options.rounds,
    threads: kernelInfo().threads,
  };
  console.log(JSON.stringify(result));
  process.exit();
}

/** A run that goes on as long as it is asked. */
function started(batch: number, ui: UiOptions): FitRun {
  manualSeed(0);
  const random = new Random(0);
  const [X, y] = [random.randn([4 * batch, 3, 32, 32]), random.randint(0, 10, 4 * batch)];
  const loader = new DataLoader({ X, y }, { batchSize: batch, shuffle: true, seed: 0 });
  const valLoader = new DataLoader({ X, y }, { batchSize: batch });
  const model = convnet6();
  const optimizer = new optim.SGD(model.parameters(), { lr: 1e-3, momentum: 0.9, nesterov: true });
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
