import { array, type Batch, type DataLoader, type NDArray, type Transform, toNested } from '../../src/index.js';

/** N examples of one number, their place, which is their label too. */
export function places(N: number): { X: NDArray; y: Int32Array } {
  const y = Int32Array.from({ length: N }, (_, i) => i);
  return { X: array(y, [N, 1]), y };
}

/** The labels of each batch of an epoch. */
export function labelsOf(loader: Iterable<Batch>): number[][] {
  return Array.from(loader, ([, y]) => [...y]);
}

/** Everything in each batch of `epochs` epochs. */
export function valuesOf(loader: DataLoader, epochs: number): unknown[] {
  return Array.from({ length: epochs }, () => Array.from(loader, ([X, y]) => [toNested(X), [...y]]));
}

/** Adds noise, so that a batch tells what was drawn before it. */
export const noise: Transform = (X, random) => {
  const out = array(X);
  for (let i = 0; i < out.size; i++) out.data[i] += random.randn([1]).data[0];
  return out;
};
