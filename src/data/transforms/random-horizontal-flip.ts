import { checkedIn } from '../../arrays/index.js';
import { mirrored } from './mirror.js';
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

  return randomTransform(fn, [p], (X, { N }, random) => {
    const chances = random.rand([N], 'float64').data;
    return mirrored(X, (n) => chances[n] < p);
  });
}
