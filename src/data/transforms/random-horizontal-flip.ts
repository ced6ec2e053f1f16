import { checkedIn, dtypeOf, empty, hostValues } from '../../arrays/index.js';
import { PROBABILITY, randomTransform, type Transform } from './transform.js';

/**
 * Each image, with probability `p`, as in a mirror: its columns in reverse order.
 *
 * @param p - Probability of a flip. Default 0.5.
 * @returns A transform of images (N, C, H, W) into new ones of that shape.
 * @throws {RangeError} if `p` is outside [0, 1].
 */
export function randomHorizontalFlip(p = 0.5): Transform {
  const fn = 'randomHorizontalFlip';
  checkedIn(fn, 'p', p, PROBABILITY);

  return randomTransform(fn, [p], (X, { N, C, H, W }, random) => {
    const x = hostValues(X);
    const out = empty(X.shape, dtypeOf(X));
    const { data } = out;
    const chances = random.rand([N], 'float64').data;
    for (let n = 0; n < N; n++) {
      const [start, end] = [n * C * H * W, (n + 1) * C * H * W];
      if (chances[n] >= p) {
        data.set(x.subarray(start, end), start);
        continue;
      }
      for (let row = start; row < end; row += W) {
        for (let j = 0, last = row + W - 1; j < W; j++) data[row + j] = x[last - j];
      }
    }
    return out;
  });
}
