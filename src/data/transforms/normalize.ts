import {
  checkedIn,
  dtypeOf,
  empty,
  FINITE,
  hostValues,
  type NDArray,
  POSITIVE,
  type Range,
} from '../../arrays/index.js';
import { checkChannels, imageTransform } from './transform.js';

/**
 * `(x − mean) / std`, channel by channel.
 *
 * @param mean - One number for all channels, or C of them: `channelStats` finds them.
 * @param std - Standard deviations > 0, likewise.
 * @returns A transform of images (N, C, H, W), or of one (C, H, W), into new ones of that shape; it draws nothing.
 * @throws {RangeError} if a mean is not finite, or a standard deviation not > 0; {@link ShapeError} if there are not as
 *   many as channels.
 *
 * @example
 * const { mean, std } = channelStats(data.XTrain);
 * const loader = new DataLoader(dataset, { transform: transforms.normalize(mean, std) });
 */
export function normalize(mean: number | readonly number[], std: number | readonly number[]): (X: NDArray) => NDArray {
  const fn = 'normalize';
  const means = checkNumbers(fn, 'mean', mean, FINITE);
  const stds = checkNumbers(fn, 'std', std, { ...POSITIVE, expected: 'a finite number > 0' });

  return imageTransform(fn, [mean, std], (X, { N, C, H, W }) => {
    if (typeof means !== 'number') checkChannels(fn, 'mean', means, C);
    if (typeof stds !== 'number') checkChannels(fn, 'std', stds, C);
    const x = hostValues(X);
    const out = empty(X.shape, dtypeOf(X));
    const { data } = out;
    for (let plane = 0, p = 0; plane < N * C; plane++) {
      const m = typeof means === 'number' ? means : means[plane % C];
      const s = typeof stds === 'number' ? stds : stds[plane % C];
      for (const end = p + H * W; p < end; p++) data[p] = (x[p] - m) / s;
    }
    return out;
  });
}

/** A number or a copy of the list of numbers. */
function checkNumbers(
  fn: string,
  name: string,
  values: number | readonly number[],
  range: Range,
): number | readonly number[] {
  if (Array.isArray(values)) {
    return Array.from(values, (value: number, c) => checkedIn(fn, `${name}[${c}]`, value, range));
  }
  return checkedIn(fn, name, values, { ...range, expected: `${range.expected}, or a list of such` });
}
