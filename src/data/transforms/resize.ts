import { dtypeOf, empty, hostRoom, hostValues } from '../../arrays/index.js';
import { evenHalf, shorterSide } from '../../images/index.js';
import { perAxis } from '../../layers/index.js';
import { resample } from './resample.js';
import { imageTransform, type Transform } from './transform.js';

/**
 * Images of another size, bilinear with antialiasing: where an image becomes smaller, every pixel of it counts.
 *
 * @param size - [height, width], or a number: of the shorter side, the other in proportion (rounded down).
 * @returns A transform of images (N, C, H, W), or of one (C, H, W), into new ones of height and width; it draws
 *   nothing.
 * @throws {RangeError} if a size is not a whole number ≥ 1.
 * @see torchvision.transforms.Resize(antialias=True)
 */
export function resize(size: number | readonly [height: number, width: number]): Transform {
  const fn = 'resize';
  const both = perAxis(fn, 'size', size, 1);

  return imageTransform(fn, [size], (X, { N, C, H, W }) => {
    const [h, w] = typeof size === 'number' ? shorterSide(H, W, size) : both;
    const out = empty([N, C, h, w], dtypeOf(X));
    resample(hostValues(X), 0, N * C, [H, W], { top: 0, left: 0, height: H, width: W }, hostRoom(out), 0, [h, w]);
    return out;
  });
}

/**
 * The middle of each image. Where an image is smaller, zeros are added around it.
 *
 * @param size - Height and width of the part: a number for both, or [height, width].
 * @returns A transform of images (N, C, H, W), or of one (C, H, W), into new ones of height and width; it draws
 *   nothing.
 * @throws {RangeError} if a size is not a whole number ≥ 1.
 * @see torchvision.transforms.CenterCrop, whose rounding is kept: a half goes to the even number
 */
export function centerCrop(size: number | readonly [height: number, width: number]): Transform {
  const fn = 'centerCrop';
  const [height, width] = perAxis(fn, 'size', size, 1);

  return imageTransform(fn, [size], (X, { N, C, H, W }) => {
    const x = hostValues(X);
    const out = empty([N, C, height, width], dtypeOf(X));
    const room = hostRoom(out);
    if (height > H || width > W) room.fill(0);
    const [top, left] = [middle(H, height), middle(W, width)];
    const [firstRow, endRow] = [Math.max(0, -top), Math.min(height, H - top)];
    const [first, end] = [Math.max(0, -left), Math.min(width, W - left)];
    for (let plane = 0; plane < N * C; plane++) {
      for (let i = firstRow; i < endRow; i++) {
        const from = (plane * H + top + i) * W + left;
        room.set(x.subarray(from + first, from + end), (plane * height + i) * width + first);
      }
    }
    return out;
  });
}

/** Where a part of `size` pixels begins in `length`, below 0 where there are fewer. */
function middle(length: number, size: number): number {
  // Where there are too few, torchvision pads floor((size − length) / 2) pixels at the beginning.
  if (size > length) return -Math.floor((size - length) / 2);
  return evenHalf(length - size);
}
