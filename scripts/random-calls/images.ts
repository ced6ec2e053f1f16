import type { ConvShape, Kernels, PoolShape } from '../../src/kernels/index.js';
import type { Draw, Prepare } from './draw.js';
import { channels } from './elements.js';

/** Multiplications of the largest convolution, by its definition. */
const MOST = 2e7;

/** Outputs along an axis; 0 where the window is larger than the image with its zeros. */
function outputs(length: number, window: number, stride: number, pad: number, dilation = 1): number {
  return Math.max(0, Math.floor((length + 2 * pad - dilation * (window - 1) - 1) / stride) + 1);
}

/** A convolution of the kinds that networks have, or of any. */
function convolution(draw: Draw): ConvShape {
  for (;;) {
    const shape = draw.flag() ? usual(draw) : unusual(draw);
    const { N, F, C, HH, WW, OH, OW, groups } = shape;
    if (OH > 0 && OW > 0 && (N * F * OH * OW * C * HH * WW) / groups < MOST) return shape;
  }
}

/** At stride 1, with square filters; large ones go by Winograd's method. */
function usual(draw: Draw): ConvShape {
  const [N, H, W] = [draw.size(16), draw.whole(2, 20), draw.whole(2, 20)];
  const size = draw.of([1, 3, 3, 5, 7]);
  const pad = draw.whole(0, (size - 1) / 2);
  const [HH, WW, padH, padW] = [size, size, pad, pad];
  const [OH, OW] = [outputs(H, size, 1, pad), outputs(W, size, 1, pad)];
  const apart = { strideH: 1, strideW: 1, dilationH: 1, dilationW: 1, groups: 1 };
  return { N, C: draw.size(64), H, W, F: draw.size(64), HH, WW, padH, padW, OH, OW, ...apart };
}

/** Of any stride, padding, dilation and number of groups. */
function unusual(draw: Draw): ConvShape {
  const groups = draw.of([1, 1, 2, 3, 8, 24]);
  const [N, C, H, W] = [draw.size(6), groups * draw.of([1, 1, 2, 5]), draw.whole(1, 20), draw.whole(1, 20)];
  const [F, HH, WW] = [groups * draw.of([1, 2, 3, 9]), draw.whole(1, 5), draw.whole(1, 5)];
  const [strideH, strideW] = [draw.whole(1, 3), draw.whole(1, 3)];
  const [padH, padW] = [draw.whole(0, 2), draw.whole(0, 2)];
  const [dilationH, dilationW] = [draw.of([1, 1, 2]), draw.of([1, 1, 3])];
  const [OH, OW] = [outputs(H, HH, strideH, padH, dilationH), outputs(W, WW, strideW, padW, dilationW)];
  const apart = { strideH, strideW, padH, padW, dilationH, dilationW, groups };
  return { N, C, H, W, F, HH, WW, OH, OW, ...apart };
}

/** The numbers of values of images, filters and outputs. */
function lengths({ N, C, H, W, F, HH, WW, OH, OW, groups }: ConvShape): [x: number, w: number, out: number] {
  return [N * C * H * W, (F * C * HH * WW) / groups, N * F * OH * OW];
}

/** A pooling: windows apart, or one into another, with padding or without. */
function pooling(draw: Draw): PoolShape {
  for (;;) {
    const [planes, H, W] = [draw.size(30), draw.whole(1, 25), draw.whole(1, 25)];
    const [poolHeight, poolWidth] = draw.flag() ? [2, 2] : [draw.whole(1, 5), draw.whole(1, 5)];
    const [strideH, strideW] = draw.flag() ? [2, 2] : [draw.whole(1, 3), draw.whole(1, 3)];
    const [padH, padW] = [poolHeight, poolWidth].map((length) => draw.whole(0, Math.floor(length / 2)));
    const [OH, OW] = [outputs(H, poolHeight, strideH, padH), outputs(W, poolWidth, strideW, padW)];
    const shape = { planes, H, W, poolHeight, poolWidth, strideH, strideW, padH, padW, OH, OW };
    if (OH > 0 && OW > 0) return { ...shape, dilationH: 1, dilationW: 1 };
  }
}

/** What an average pooling has in addition. */
const averaged = (draw: Draw) => ({
  ...pooling(draw),
  countIncludePad: draw.flag(),
  divisor: draw.of([null, null, 3]),
});

const pixels = ({ planes, H, W }: PoolShape): number => planes * H * W;
const windows = ({ planes, OH, OW }: PoolShape): number => planes * OH * OW;

export const images = {
  gemm: (draw) => {
    const form = draw.of(['NN', 'NT', 'TN'] as const);
    const [N, M] = [draw.size(300), draw.size(300)];
    const K = draw.size(Math.min(20_000, MOST / (N * M)));
    const [a, b, out] = [draw.values(N * K), draw.values(K * M), draw.room(N * M)];
    return (k) => k.gemm({ form, a, b, out, N, K, M });
  },
  convForward: (draw) => {
    const shape = convolution(draw);
    const [pixels, filters, outputs] = lengths(shape);
    const [x, w, b, out] = [draw.values(pixels), draw.values(filters), draw.values(shape.F), draw.room(outputs)];
    const relu = draw.flag();
    return (k) => k.convForward({ x, w, b, out, shape, relu });
  },
  convBackwardInput: (draw) => {
    const shape = convolution(draw);
    const [pixels, filters, outputs] = lengths(shape);
    const [dout, w, dx] = [draw.values(outputs), draw.values(filters), draw.room(pixels)];
    return (k) => k.convBackwardInput(dout, w, dx, shape);
  },
  convBackwardWeights: (draw) => {
    const shape = convolution(draw);
    const [pixels, filters, outputs] = lengths(shape);
    const [dout, x, dw] = [draw.values(outputs), draw.values(pixels), draw.room(filters)];
    const db = draw.perhaps(() => draw.room(shape.F));
    return (k) => k.convBackwardWeights(dout, x, dw, db, shape);
  },
  sumChannels: (draw) => {
    const shape = channels(draw);
    const [x, out] = [draw.values(shape.N * shape.C * shape.S), draw.room(shape.C)];
    return (k) => k.sumChannels(x, out, shape);
  },
  maxPool: (draw) => {
    const shape = pooling(draw);
    const [x, out] = [draw.values(pixels(shape)), draw.room(windows(shape))];
    return (k) => k.maxPool(x, out, shape);
  },
  maxPoolBackward: (draw) => {
    const shape = pooling(draw);
    const [dout, x, dx] = [draw.values(windows(shape)), draw.values(pixels(shape)), draw.room(pixels(shape))];
    return (k) => k.maxPoolBackward(dout, x, dx, shape);
  },
  avgPool: (draw) => {
    const shape = averaged(draw);
    const [x, out] = [draw.values(pixels(shape)), draw.room(windows(shape))];
    return (k) => k.avgPool(x, out, shape);
  },
  avgPoolBackward: (draw) => {
    const shape = averaged(draw);
    const [dout, dx] = [draw.values(windows(shape)), draw.room(pixels(shape))];
    return (k) => k.avgPoolBackward(dout, dx, shape);
  },
} satisfies Partial<Record<keyof Kernels, Prepare>>;
