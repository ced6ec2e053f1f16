// The notebook's question: how much faster is the simplified backward pass of batch normalization than the one node by
// node? `npx ts-node bench/batchnorm-backward.ts`: 100 × 500 in float64, 1,000 runs of each, in turn.

import {
  batchnormBackward,
  batchnormBackwardAlt,
  batchnormForward,
  Random,
  resident,
  workspace,
} from '../src/index.js';

const RUNS = 1000;
const random = new Random(231);
const some = (...shape: number[]) => resident(random.randn(shape, 'float64'));
const [x, dout, gamma, beta] = [some(100, 500), some(100, 500), some(500), some(500)];
const [, cache] = batchnormForward(x, gamma, beta, { mode: 'train' });

/** Milliseconds of one run. */
function time(backward: typeof batchnormBackward): number {
  const start = performance.now();
  workspace(() => void backward(dout, cache));
  return performance.now() - start;
}

// The first runs warm up the compiler.
for (let i = 0; i < 200; i++) for (const backward of [batchnormBackward, batchnormBackwardAlt]) time(backward);
const [graph, simplified]: number[][] = [[], []];
for (let i = 0; i < RUNS; i++) {
  graph.push(time(batchnormBackward));
  simplified.push(time(batchnormBackwardAlt));
}
const median = (times: number[]): number => times.sort((a, b) => a - b)[RUNS / 2];
const [slow, fast] = [median(graph), median(simplified)];
console.log(`batchnormBackward     ${(slow * 1e3).toFixed(1)} µs (median of ${RUNS})`);
console.log(`batchnormBackwardAlt  ${(fast * 1e3).toFixed(1)} µs (median of ${RUNS})`);
console.log(`ratio                 ${(slow / fast).toFixed(2)}`);
