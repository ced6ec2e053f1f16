import { argumentError, checkShapes, hostValues, type NDArray, ShapeError, tuple } from '../arrays/index.js';
import { type Bytes, checkBytes, isBytes } from './byte-dataset.js';

/** What {@link channelStats} returns. */
export interface ChannelStats {
  /** The mean of each channel. */
  readonly mean: number[];
  /** Its standard deviation: the root of the mean square deviation. */
  readonly std: number[];
}

/**
 * Mean and standard deviation of each channel over all images and pixels: what `transforms.normalize` takes.
 *
 * Of training images only: validation and test images are normalized with the same numbers.
 *
 * @param X - Images, shape (N, C, H, W), floats or bytes.
 * @throws {ShapeError} if X has another number of axes, or an empty one.
 * @see Chan, Golub and LeVeque 1983, Algorithms for Computing the Sample Variance, for the joining of parts
 */
export function channelStats(X: NDArray | Bytes): ChannelStats {
  const fn = 'channelStats';
  const { N, C, H, W } = isBytes(X) ? byteSizes(fn, X) : checkShapes(fn, { X: [X, ['N', 'C', 'H', 'W']] });
  const x = isBytes(X) ? X.data : hostValues(X);
  const S = H * W;
  const mean = new Array<number>(C).fill(0);
  const squares = new Array<number>(C).fill(0);
  for (let plane = 0; plane < N * C; plane++) {
    const [n, c] = [Math.floor(plane / C), plane % C];
    const [start, end] = [plane * S, (plane + 1) * S];
    let sum = 0;
    for (let p = start; p < end; p++) sum += x[p];
    const planeMean = sum / S;
    let planeSquares = 0;
    for (let p = start; p < end; p++) planeSquares += (x[p] - planeMean) ** 2;
    // n planes of this channel came before: squared deviations from either mean become those from the common one.
    const delta = planeMean - mean[c];
    mean[c] += delta / (n + 1);
    squares[c] += planeSquares + (delta * delta * S * n) / (n + 1);
  }
  return { mean, std: squares.map((sum) => Math.sqrt(sum / (N * S))) };
}

function byteSizes(fn: string, X: Bytes): { N: number; C: number; H: number; W: number } {
  checkBytes(fn, X);
  const [N, C, H, W] = X.shape;
  if (X.shape.length === 4) return { N, C, H, W };
  throw argumentError(ShapeError, { fn, arg: 'X', found: `has shape ${tuple(X.shape)}`, expected: '(N, C, H, W)' });
}
