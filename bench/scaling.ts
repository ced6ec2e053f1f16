// How speed grows with the work and with the threads: `npx ts-node bench/scaling.ts [--time SECONDS]`. Rates count a
// multiplication and an addition for each product of a convolution's or a matrix product's definition.

import { Command } from 'commander';
import { configureKernels, convBackward, convForward, Random, resident, workspace } from '../src/index.js';
import { threadsReady } from '../src/kernels/index.js';
import { fastest, part5Step, workloads } from '../src/workloads/index.js';

const BATCHES = [16, 32, 64, 128, 256, 512];
const FILTERS = [32, 64, 128, 256];
const CONVOLUTIONAL = ['convnet3_b50_adam', 'conv2_b64_nesterov', 'part5_b64_nesterov'];

/** Multiplications of a forward pass of the three-block network on an image; each gradient takes as many. */
const [FIRST_CONVOLUTION, OTHERS] = [
  32 ** 2 * 9 * 3 * 32,
  32 ** 2 * 9 * 32 * 32 +
    16 ** 2 * 9 * (32 * 64 + 64 * 64) +
    8 ** 2 * 9 * (64 * 128 + 128 * 128) +
    2048 * 256 +
    256 * 10,
];
/** A training step has all three passes, but for the gradient of the images of the batch. */
const FLOPS_AN_IMAGE = 2 * (2 * FIRST_CONVOLUTION + 3 * OTHERS);

/** Forward and backward pass of a convolution of `filters` channels to as many, 3 × 3, on 64 images of 16 × 16. */
function convolutionStep(filters: number): { step: () => void; flops: number } {
  const random = new Random(1);
  const [x, w, b] = [[64, filters, 16, 16], [filters, filters, 3, 3], [filters]].map((shape) =>
    resident(random.randn(shape)),
  );
  const step = (): void =>
    workspace(() => {
      const [out, cache] = convForward(x, w, b, { stride: 1, pad: 1 });
      convBackward(out, cache);
    });
  return { step, flops: 6 * 64 * 16 ** 2 * 9 * filters ** 2 };
}

function main(): void {
  const command = new Command('scaling').option('--time <seconds>', 'how long to time each', Number, 2).parse();
  const { time } = command.opts<{ time: number }>();
  threadsReady();
  const report = (what: string, flops: number, ms: number): void =>
    console.log(
      `  ${what.padEnd(24)} ${ms.toFixed(2).padStart(9)} ms ${(flops / ms / 1e6).toFixed(1).padStart(8)} GFLOP/s`,
    );

  console.log('part5, a training step, by batch');
  for (const batch of BATCHES) report(String(batch), batch * FLOPS_AN_IMAGE, fastest(part5Step(batch), time));

  console.log('a convolution with its gradients, 64 × F × 16 × 16, F filters of 3 × 3, by F');
  for (const filters of FILTERS) {
    const { step, flops } = convolutionStep(filters);
    report(String(filters), flops, fastest(step, time));
  }

  console.log('one thread and two');
  for (const name of CONVOLUTIONAL) {
    const step = workloads[name]();
    const least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < 6; round++) {
      configureKernels({ threads: 1 + (round % 2) });
      threadsReady();
      least[round % 2] = Math.min(least[round % 2], fastest(step, time / 3));
    }
    const [one, two] = least;
    console.log(
      `  ${name.padEnd(24)} ${one.toFixed(2)} and ${two.toFixed(2)} ms: ${(one / two).toFixed(2)} times as fast`,
    );
  }
}

main();
