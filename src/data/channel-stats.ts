import {
  argumentError,
  checkCount,
  checkShapes,
  heap,
  hostValues,
  isNDArray,
  type NDArray,
  ShapeError,
  tuple,
  withStorage,
} from '../arrays/index.js';
import { type Bytes, checkBytes, isBytes } from './byte-dataset.js';

/** What {@link channelStats} returns. */
export interface ChannelStats {
  /** The mean of each channel. */
  readonly mean: number[];
  /** Its standard deviation: the root of the mean square deviation. */
  readonly std: number[];
}

/** A dataset as far as {@link channelStats} needs it. */
interface Pictures {
  readonly length: number;
  get(i: number): readonly [x: NDArray, ...y: unknown[]];
}

/**
 * Mean and standard deviation of each channel over all images and pixels: what `transforms.normalize` takes.
 *
 * Of training images only: validation and test images are normalized with the same numbers.
 *
 * @param X - Images, shape (N, C, H, W), floats or bytes; or a dataset of images of shape (C, H, W), which are fetched
 *   one at a time and may differ in height and width.
 * @throws {ShapeError} if X has another number of axes, or an empty one; if images of a dataset differ in channels.
 * @see Chan, Golub and LeVeque 1983, Algorithms for Computing the Sample Variance, for the joining of parts
 *
 * @example
 * const { mean, std } = channelStats(imageFolder('data/train', { size: 64 }));
 */
export function channelStats(X: NDArray | Bytes | Pictures): ChannelStats {
  const fn = 'channelStats';
  const joined: Joined = { mean: [], squares: [], pixels: 0 };
  if (isPictures(X)) {
    checkCount(fn, 'X.length', X.length, 1);
    for (let i = 0; i < X.length; i++) {
      const name = `x of X.get(${i})`;
      const [x] = withStorage(heap, () => X.get(i));
      const { H, W } = checkShapes(fn, { [name]: [x, [i === 0 ? 'C' : joined.mean.length, 'H', 'W']] });
      join(joined, hostValues(x), 1, x.shape[0], H * W);
    }
  } else {
    const { N, C, H, W } = isBytes(X) ? byteSizes(fn, X) : checkShapes(fn, { X: [X, ['N', 'C', 'H', 'W']] });
    join(joined, isBytes(X) ? X.data : hostValues(X), N, C, H * W);
  }
  return { mean: joined.mean, std: joined.squares.map((sum) => Math.sqrt(sum / joined.pixels)) };
}

/** Of each channel of the images so far. */
interface Joined {
  readonly mean: number[];
  /** The sum of the squared deviations from the mean. */
  readonly squares: number[];
  /** How many pixels there were. */
  pixels: number;
}

function isPictures(X: NDArray | Bytes | Pictures): X is Pictures {
  return typeof X === 'object' && X !== null && !isNDArray(X) && !isBytes(X) && 'get' in X && 'length' in X;
}

/** Adds N images of C channels of S pixels. */
function join(joined: Joined, x: ArrayLike<number>, N: number, C: number, S: number): void {
  const { mean, squares } = joined;
  for (let plane = 0; plane < N * C; plane++) {
    const c = plane % C;
    if (mean.length <= c) {
      mean.push(0);
      squares.push(0);
    }
    const [start, end] = [plane * S, (plane + 1) * S];
    let sum = 0;
    for (let p = start; p < end; p++) sum += x[p];
    const planeMean = sum / S;
    let planeSquares = 0;
    for (let p = start; p < end; p++) planeSquares += (x[p] - planeMean) ** 2;
    // So many planes came before: squared deviations from either mean become those from the common one.
    const n = joined.pixels / S;
    const delta = planeMean - mean[c];
    mean[c] += delta / (n + 1);
    squares[c] += planeSquares + (delta * delta * S * n) / (n + 1);
    if (c === C - 1) joined.pixels += S;
  }
}

function byteSizes(fn: string, X: Bytes): { N: number; C: number; H: number; W: number } {
  checkBytes(fn, X);
  const [N, C, H, W] = X.shape;
  if (X.shape.length === 4) return { N, C, H, W };
  throw argumentError(ShapeError, { fn, arg: 'X', found: `has shape ${tuple(X.shape)}`, expected: '(N, C, H, W)' });
}
