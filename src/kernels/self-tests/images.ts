import type { Floats } from '../../arrays/index.js';
import type { AvgPoolShape, ConvShape } from '../types.js';
import type { Agrees } from './agrees.js';

/** Convolutions and poolings, and their gradients. */
export function images(agrees: Agrees, some: (length: number) => Floats) {
  const [N, C, H, W, F] = [3, 4, 9, 11, 7];
  const conv = (
    stride: number,
    size: number,
    pad: number,
    sizes = { N, C, H, W, F },
    { groups = 1, dilation = 1 } = {},
  ): ConvShape => {
    const extent = dilation * (size - 1) + 1;
    const [OH, OW] = [sizes.H, sizes.W].map((length) => Math.floor((length + 2 * pad - extent) / stride) + 1);
    const [padH, padW] = [pad, pad];
    return {
      ...sizes,
      HH: size,
      WW: size,
      strideH: stride,
      strideW: stride,
      padH,
      padW,
      dilationH: dilation,
      dilationW: dilation,
      groups,
      OH,
      OW,
    };
  };
  const plain = [conv(1, 3, 1), conv(1, 2, 0), conv(2, 3, 1), conv(3, 1, 0)];
  const even = { N, C, H, W, F: 8 };
  const inGroups = [conv(1, 3, 2, even, { groups: 2, dilation: 2 }), conv(2, 3, 1, even, { groups: 2 })];
  const depthwise = [3, 5].flatMap((size) =>
    [1, 2].map((stride) => conv(stride, size, 1, { ...even, F: 4 * stride }, { groups: 4 })),
  );
  const shapes = [...plain, ...inGroups, ...depthwise];
  // For the tiles of Winograd's method: F(4×4, 3×3), F(2×2, 3×3), and F(4×4, 5×5) whole and in pieces. As small as
  // those that go by tiles can be: the reference's loops take most of the self-test.
  const [wide, low] = [
    { N: 2, C: 33, H: 11, W: 17, F: 35 },
    { N: 17, C: 33, H: 2, W: 2, F: 35 },
  ];
  const larger = { N, C: 5, H: 15, W: 17, F: 35 };
  const tiled = [conv(1, 3, 1, wide), conv(1, 3, 1, low), conv(1, 5, 2, { ...wide, N: 1 }), conv(1, 7, 3, larger)];
  // Its error goes by the largest output: small values keep all of them below 1.
  const small = (length: number): Floats => some(length).map((v) => v / 10);
  const each = (check: (s: ConvShape, x: Floats, w: Floats, out: Floats) => boolean): boolean =>
    [...shapes, ...tiled].every((s) => {
      const make = tiled.includes(s) ? small : some;
      return check(
        s,
        make(s.N * s.C * s.H * s.W),
        make((s.F * s.C * s.HH * s.WW) / s.groups),
        make(s.N * s.F * s.OH * s.OW),
      );
    });
  const pool = (size: number, strideW: number, pad: number): AvgPoolShape => ({
    planes: N * C,
    H,
    W,
    poolHeight: size,
    poolWidth: size,
    strideH: 2,
    strideW,
    padH: pad,
    padW: pad,
    dilationH: 1,
    dilationW: 1,
    OH: Math.floor((H + 2 * pad - size) / 2) + 1,
    OW: Math.floor((W + 2 * pad - size) / strideW) + 1,
    countIncludePad: true,
    divisor: null,
  });
  const pools = [pool(2, 2, 0), pool(3, 2, 0), pool(3, 2, 1), pool(3, 1, 1)];
  const eachPool = (check: (s: AvgPoolShape, x: Floats, out: Floats) => boolean): boolean =>
    pools.every((s) => check(s, some(N * C * H * W), some(N * C * s.OH * s.OW)));
  return {
    convForward: () =>
      each((s, x, w, out) =>
        agrees([x, w, some(s.F), out], (k, [a, b, bias, to]) =>
          k.convForward({ x: a, w: b, b: bias, out: to, shape: s, relu: true }),
        ),
      ),
    convBackwardInput: () =>
      each((s, x, w, out) => agrees([out, w, x], (k, [dout, b, dx]) => k.convBackwardInput(dout, b, dx, s))),
    convBackwardWeights: () =>
      each((s, x, w, out) =>
        agrees([out, x, w, some(s.F)], (k, [dout, a, dw, db]) => k.convBackwardWeights(dout, a, dw, db, s)),
      ),
    sumChannels: () => agrees([some(N * C * H), some(C)], (k, [x, out]) => k.sumChannels(x, out, { N, C, S: H })),
    maxPool: () => eachPool((s, x, out) => agrees([x, out], (k, [a, to]) => k.maxPool(a, to, s))),
    maxPoolBackward: () =>
      eachPool((s, x, out) =>
        agrees([out, x, some(x.length)], (k, [dout, a, dx]) => k.maxPoolBackward(dout, a, dx, s)),
      ),
    avgPool: () => eachPool((s, x, out) => agrees([x, out], (k, [a, to]) => k.avgPool(a, to, s))),
    avgPoolBackward: () => eachPool((s, x, out) => agrees([out, x], (k, [dout, dx]) => k.avgPoolBackward(dout, dx, s))),
  };
}
