import {
  argumentError,
  array,
  checkedIn,
  checkLike,
  checkOptions,
  checkShapes,
  describe,
  dtypeOf,
  empty,
  type NDArray,
  ones,
  operand,
  Random,
  type Range,
} from '../arrays/index.js';
import { kernels } from '../kernels/index.js';
import { checkCache } from './cache.js';
import { anyShape } from './operands.js';
import { currentShard } from './shard.js';

/** How a dropout runs. */
export interface DropoutParam {
  /** `'train'` drops units; `'test'` keeps them all. */
  mode: 'train' | 'test';
  /** The probability of KEEPING a unit, in (0, 1]. (PyTorch's p is the probability of dropping one.) */
  p: number;
  /** Seed of the mask: the same seed and shape give the same mask at every call, as a gradient check needs. */
  seed?: number | string;
  /** Draws the mask's seed where there is none, so that the masks of a training run differ but can be repeated. */
  random?: Random;
  /** The mask to use, of the shape of `x`, in place of a drawn one: 0 drops, any other value multiplies. */
  mask?: NDArray;
}

/** What {@link dropoutBackward} needs from {@link dropoutForward}. */
export interface DropoutCache {
  readonly layer: 'dropout';
  /** The factors of `x`: 1/p where a unit was kept, else 0. Null in test mode. */
  readonly mask: NDArray | null;
  /** Shape of `x`. */
  readonly shape: readonly number[];
}

/**
 * Forward pass of inverted dropout: in training `out = x · mask`, where the mask is 1/p with probability p and 0
 * otherwise, so that the expectation of `out` is `x`; in test mode `out = x`. Where several processes share a batch, a
 * part gets its rows of the mask that one process would draw for all.
 *
 * @param x - Input, any shape.
 * @param dropoutParam - Mode, probability of keeping a unit, and where the mask comes from.
 * @returns `out`, a new array of the shape of `x`, and the cache with the mask that was used.
 * @throws {RangeError} if `p` is outside (0, 1], or the mode unknown.
 * @throws {ShapeError} if a given mask has another shape than `x`.
 * @see Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting
 */
export function dropoutForward(x: NDArray, dropoutParam: DropoutParam): [out: NDArray, cache: DropoutCache] {
  const fn = 'dropoutForward';
  checkShapes(fn, { x: [x, anyShape(x)] });
  checkParam(fn, dropoutParam);
  const { mode, p, mask: given } = dropoutParam;

  if (mode === 'test') return [array(x), { layer: 'dropout', mask: null, shape: x.shape }];
  if (given !== undefined) checkLike(fn, 'mask', given, 'x', x);
  const flat = operand(x);
  const out = empty(x.shape, dtypeOf(x));
  if (given !== undefined) {
    kernels().multiply(flat, operand(given), out.data);
    return [out, { layer: 'dropout', mask: given, shape: x.shape }];
  }
  const mask = empty(x.shape, dtypeOf(x));
  kernels().dropout(flat, mask.data, out.data, p, keyOf(dropoutParam), placeOf(x));
  return [out, { layer: 'dropout', mask, shape: x.shape }];
}

/** @throws {TypeError | RangeError} if an option is unknown or out of range; the mask is not looked at. */
function checkParam(fn: string, dropoutParam: DropoutParam): void {
  checkOptions(fn, dropoutParam, ['mode', 'p', 'seed', 'random', 'mask']);
  const { mode, p, random } = dropoutParam;
  if (mode !== 'train' && mode !== 'test') {
    throw argumentError(RangeError, { fn, arg: 'mode', found: `is ${describe(mode)}`, expected: "'train' or 'test'" });
  }
  checkedIn(fn, 'p', p, KEEP_PROBABILITY);
  if (random !== undefined && !(random instanceof Random)) {
    throw argumentError(TypeError, { fn, arg: 'random', found: `is ${describe(random)}`, expected: 'a Random' });
  }
}

/**
 * Where the mask of `x` begins in that of the whole batch: 0 where there is no part, and where the first axis of `x` is
 * neither the examples of the part nor several rows for each, as that of weights.
 */
function placeOf(x: NDArray): number {
  const shard = currentShard();
  if (shard === null || x.shape.length === 0 || x.shape[0] % shard.size !== 0) return 0;
  return (shard.start * x.size) / shard.size;
}

/** The key of a mask. */
function keyOf({ seed, random }: DropoutParam): [number, number] {
  const source = seed === undefined && random !== undefined ? random : new Random(seed);
  const [first, second] = source.randint(-(2 ** 31), 2 ** 31, 2);
  return [first, second];
}

/**
 * Backward pass of inverted dropout: `dx = dout · mask`; in test mode `dx = dout`.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link dropoutForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function dropoutBackward(dout: NDArray, cache: DropoutCache): NDArray {
  const fn = 'dropoutBackward';
  checkCache(fn, cache, 'dropout');
  const { mask, shape } = cache;
  checkShapes(fn, { dout: [dout, shape] });
  if (mask === null) return array(dout);
  checkShapes(fn, { mask: [mask, shape], dout: [dout, shape] });
  const dx = empty(shape, dtypeOf(dout));
  kernels().multiply(operand(dout), operand(mask), dx.data);
  return dx;
}

/** What {@link dropout2dBackward} needs from {@link dropout2dForward}. */
export interface Dropout2dCache {
  readonly layer: 'dropout2d';
  /** The factors of the channels, shape (N, C): 1/p where a channel was kept, else 0. Null in test mode. */
  readonly mask: NDArray | null;
  /** Shape of `x`. */
  readonly shape: readonly number[];
}

/**
 * Forward pass of inverted dropout of whole channels: in training `out[n, c] = x[n, c] · mask[n, c]`, where the mask is
 * 1/p with probability p and 0 otherwise; in test mode `out = x`. Neighbouring pixels are alike, so that dropping one
 * of them takes little away.
 *
 * @param x - Images, shape (N, C, H, W), or one image, shape (C, H, W).
 * @param dropoutParam - As {@link dropoutForward}; a given mask has the shape (N, C), or (C,).
 * @returns `out`, a new array of the shape of `x`, and the cache with the mask that was used.
 * @throws {RangeError} if `p` is outside (0, 1], or the mode unknown.
 * @throws {ShapeError} if `x` is not of such a shape, or a given mask has another one.
 * @see Tompson et al. 2015, Efficient Object Localization Using Convolutional Networks, https://arxiv.org/abs/1411.4280
 */
export function dropout2dForward(x: NDArray, dropoutParam: DropoutParam): [out: NDArray, cache: Dropout2dCache] {
  const fn = 'dropout2dForward';
  checkShapes(fn, { x: [x, x?.shape?.length === 3 ? ['C', 'H', 'W'] : ['N?', 'C', 'H', 'W']] });
  checkParam(fn, dropoutParam);
  const { mode, p, mask: given } = dropoutParam;

  if (mode === 'test') return [array(x), { layer: 'dropout2d', mask: null, shape: x.shape }];
  const channels = x.shape.slice(0, -2);
  if (given !== undefined) checkLike(fn, 'mask', given, 'x', x, channels);
  const mask = given ?? ones(channels, dtypeOf(x));
  if (given === undefined) {
    const unused = empty(channels, dtypeOf(x)).data;
    const start = channels.length === 2 ? placeOf(mask) : 0;
    kernels().dropout(operand(mask), mask.data, unused, p, keyOf(dropoutParam), start);
  }
  return [scaled(x, mask), { layer: 'dropout2d', mask, shape: x.shape }];
}

/**
 * Backward pass of inverted dropout of whole channels: `dx[n, c] = dout[n, c] · mask[n, c]`; in test mode `dx = dout`.
 *
 * @param dout - Upstream gradient, of the shape of `x`.
 * @param cache - From {@link dropout2dForward}.
 * @returns The gradient of the loss with respect to `x`, a new array.
 * @throws {ShapeError} if `dout` has another shape than `x`.
 */
export function dropout2dBackward(dout: NDArray, cache: Dropout2dCache): NDArray {
  const fn = 'dropout2dBackward';
  checkCache(fn, cache, 'dropout2d');
  const { mask, shape } = cache;
  checkShapes(fn, { dout: [dout, shape] });
  if (mask === null) return array(dout);
  checkLike(fn, 'mask', mask, 'dout', dout, shape.slice(0, -2));
  return scaled(dout, mask);
}

/** Every channel of images times its factor. */
function scaled(images: NDArray, factors: NDArray): NDArray {
  const out = empty(images.shape, dtypeOf(images));
  const [H, W] = images.shape.slice(-2);
  kernels().scaleRows(operand(images), operand(factors), out.data, H * W);
  return out;
}

/** The range of the probability of keeping a unit. */
export const KEEP_PROBABILITY: Range = {
  allows: (p) => typeof p === 'number' && p > 0 && p <= 1,
  expected: 'the probability of keeping a unit, in (0, 1]',
  Kind: RangeError,
};
