import { hostValues } from '../../src/arrays/index.js';
import { manualSeed, type NDArray, nn, Random } from '../../src/index.js';

/** A small network of modules with parameters and buffers. */
export function convNet(seed: number): nn.Sequential {
  manualSeed(seed);
  const body = new nn.Sequential(new nn.Conv2d(4, 4, 3, { padding: 1 }), new nn.BatchNorm2d(4), new nn.ReLU());
  return new nn.Sequential(new nn.Conv2d(1, 4, 3), new nn.Residual(body), new nn.Flatten(), new nn.Linear(64, 3));
}

/** Inputs of the classifier. */
export function rows(): NDArray {
  return new Random('rows').randn([16, 6]);
}

/** Inputs of {@link convNet}. */
export function images(): NDArray {
  return new Random('images').randn([16, 1, 6, 6]);
}

/** The bits of scores, as text. */
export function scoresOf(scores: NDArray): string {
  const values = hostValues(scores);
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex');
}
