import { padBackward, padForward } from '../../layers/index.js';
import { layerOp } from './layer-op.js';

/**
 * A tensor with more values around it, or with fewer where a number is negative, as PyTorch's: `pad` has pairs of the
 * values before and after from the last axis on, `[left, right, top, bottom]` for images. `mode` is `'constant'`
 * (default, with `value`, 0 by default) for any axes, or for the last one or two `'reflect'`, `'replicate'` or
 * `'circular'`.
 *
 * @example
 * F.pad(images, [4, 4, 4, 4]); // (N, C, H, W) to (N, C, H + 8, W + 8)
 *
 * @throws {RangeError | ShapeError} as {@link padForward}.
 */
export const pad = layerOp('pad', padForward, padBackward);
