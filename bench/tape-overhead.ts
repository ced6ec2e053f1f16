// What does the tape cost? `npx ts-node bench/tape-overhead.ts`: forward pass, loss and backward pass of a two-layer
// net by `F`, and the same by calls of the layers, in turn, each in a workspace, on one thread.

import {
  affineBackward,
  affineForward,
  affineReluBackwardWeights,
  affineReluForward,
  configureKernels,
  F,
  type NDArray,
  Random,
  resident,
  softmaxLoss,
  tensor,
  workspace,
} from '../src/index.js';

configureKernels({ threads: 1 });

/** A net of `hidden` units by both ways. The weights have PyTorch's layout, as `F.linear` takes them. */
function waysThrough(
  inputs: number,
  hidden: number,
  classes: number,
  batch: number,
): Record<'F' | 'layers', () => void> {
  const random = new Random(231);
  const some = (...shape: number[]): NDArray => random.randn(shape);
  const x = resident(some(batch, inputs));
  const y = random.randint(0, classes, batch);
  const parameters = [some(hidden, inputs), some(hidden), some(classes, hidden), some(classes)];
  const [w1, b1, w2, b2] = parameters.map((values) => tensor(values, { requiresGrad: true }));
  return {
    F() {
      const h = F.linearRelu(x, w1, b1);
      F.crossEntropy(F.linear(h, w2, b2), y).backward();
      for (const parameter of [w1, b1, w2, b2]) parameter.grad = null;
    },
    layers() {
      const [h, hiddenCache] = affineReluForward(x, w1.data.transpose(1, 0), b1.data);
      const [scores, cache] = affineForward(h, w2.data.transpose(1, 0), b2.data);
      const { dx: dscores } = softmaxLoss(scores, y);
      affineReluBackwardWeights(affineBackward(dscores, cache).dx, hiddenCache);
    },
  };
}

/** Microseconds since `start`. */
function processorTime(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

/** Microseconds of a step, of processor time: the least of some runs of `steps` steps. */
function compare(title: string, ways: ReturnType<typeof waysThrough>, runs: number, steps: number): void {
  const fastest = { F: Number.POSITIVE_INFINITY, layers: Number.POSITIVE_INFINITY };
  for (let run = 0; run < runs; run++) {
    for (const way of ['F', 'layers'] as const) {
      const start = process.cpuUsage();
      for (let step = 0; step < steps; step++) workspace(ways[way]);
      fastest[way] = Math.min(fastest[way], processorTime(start) / steps);
    }
  }
  const { F: tape, layers } = fastest;
  const overhead = tape - layers;
  const share = ((100 * overhead) / layers).toFixed(1);
  console.log(
    `${title.padEnd(28)} F ${tape.toFixed(1)} µs, layers ${layers.toFixed(1)} µs: ${overhead.toFixed(1)} µs ` +
      `(${share} %)`,
  );
}

compare('10-10-3, batch 8', waysThrough(10, 10, 3, 8), 60, 2000);
compare('3072-4000-10, batch 100', waysThrough(3072, 4000, 10, 100), 15, 1);
