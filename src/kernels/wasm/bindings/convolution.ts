import type { Floats } from '../../../arrays/index.js';
import type { ConvolutionKernels, ConvShape } from '../../types.js';
import { type Call, stripes } from '../call.js';
import { Kernel, TILE_ROW_BYTES, TILE_ROWS } from '../protocol.js';
import type { ChooseTiles, ConvolutionPass, TileSize } from '../winograd-plan.js';
import { bindWinograd } from './winograd.js';

/** Bytes of windows that a thread packs at a time: what the second-level cache holds beside the filters. */
const PACKED_BYTES = 128 * 1024;

/** Shares that the images are cut into for the gradient of the filters. Fixed, so that no bit depends on the threads. */
const SHARES = 16;

export function bindConvolution(call: Call, threads: number, choose: ChooseTiles): ConvolutionKernels {
  /** The integers 6 to 18 of image.ts. */
  const sizes = (s: ConvShape): number[] => [
    ...[s.N, s.C, s.H, s.W, s.HH, s.WW, s.strideH, s.strideW, s.padH, s.padW, s.OH, s.OW, s.F],
  ];

  /** Takes scratch for every thread, and returns the integers 4 and 5 of image.ts. */
  const scratch = (bytesEach: number): [at: number, bytesEach: number] => {
    const bytes = line(bytesEach);
    return [call.scratch(bytes * threads), bytes];
  };

  /** The convolution with filters that are packed already; `b` is the place of the biases, or 0. */
  const convolve = (
    x: number,
    packed: number,
    b: number,
    out: number,
    like: Floats,
    s: ConvShape,
    relu: boolean,
  ): void => {
    const panelBytes = s.C * s.HH * s.WW * TILE_ROW_BYTES;
    const columns = TILE_ROW_BYTES / like.BYTES_PER_ELEMENT;
    const panels = Math.ceil((s.OH * s.OW) / columns);
    const atATime = Math.max(1, Math.min(panels, Math.floor(PACKED_BYTES / panelBytes)));
    // Few images are cut, so that every thread has something to do.
    const groups = Math.min(Math.ceil(panels / atATime), Math.ceil((4 * threads) / s.N));
    const own = scratch(paddedBytes(s, like) + line(s.C * s.HH * s.WW * 4) + atATime * panelBytes);
    const integers = [x, packed, b, out, ...own, ...sizes(s), groups, atATime, +relu];
    call.job(Kernel.ConvForward, like, s.N * groups, integers);
  };

  const winograd = bindWinograd(call, threads, sizes);
  const tilesOf = (pass: ConvolutionPass, like: Floats, s: ConvShape): TileSize | null =>
    like instanceof Float32Array ? choose(pass, s) : null;

  return {
    convForward(x, w, b, out, s, relu) {
      const K = s.C * s.HH * s.WW;
      const places = [call.read(x), call.read(w), call.read(b), call.written(out)] as const;
      const size = tilesOf('forward', x, s);
      if (size !== null) {
        winograd.convolve(places, x, s, size, { turned: false, relu });
        return call.finish();
      }
      const panels = Math.ceil(s.F / TILE_ROWS);
      const packed = call.scratch(panels * TILE_ROWS * K * x.BYTES_PER_ELEMENT);
      call.job(Kernel.PackAcrossA, x, 1, [places[1], packed, s.F, K, K, panels]);
      convolve(places[0], packed, places[2], places[3], x, s, relu);
      call.finish();
    },

    convBackwardInput(dout, w, dx, s) {
      const [doutAt, wAt, dxAt] = [call.read(dout), call.read(w), call.written(dx)];
      const K = s.C * s.HH * s.WW;
      const [padH, padW] = [s.HH - 1 - s.padH, s.WW - 1 - s.padW];
      if (s.strideH === 1 && s.strideW === 1 && padH >= 0 && padW >= 0) {
        // The convolution of dout with the filters turned and their channels exchanged.
        const turned = { ...s, C: s.F, F: s.C, H: s.OH, W: s.OW, OH: s.H, OW: s.W, padH, padW };
        const size = tilesOf('input', dout, turned);
        if (size !== null) {
          winograd.convolve([doutAt, wAt, 0, dxAt], dout, turned, size, { turned: true, relu: false });
          return call.finish();
        }
        const panels = Math.ceil(s.C / TILE_ROWS);
        const packed = call.scratch(panels * TILE_ROWS * s.F * s.HH * s.WW * w.BYTES_PER_ELEMENT);
        call.job(Kernel.PackTurned, w, panels, [wAt, packed, s.F, s.C, s.HH * s.WW]);
        convolve(doutAt, packed, 0, dxAt, dout, turned, false);
      } else {
        const panels = Math.ceil(K / TILE_ROWS);
        const packed = call.scratch(panels * TILE_ROWS * s.F * w.BYTES_PER_ELEMENT);
        call.job(Kernel.PackAlongA, w, 1, [wAt, packed, K, s.F, K, panels]);
        const image = paddedImage(s, w) + 64;
        const own = scratch(image + line(K * 4) + TILE_ROWS * TILE_ROW_BYTES + s.F * TILE_ROW_BYTES);
        call.job(Kernel.ConvBackwardInput, dout, s.N, [dxAt, packed, doutAt, 0, ...own, ...sizes(s)]);
      }
      call.finish();
    },

    convBackwardWeights(dout, x, dw, s) {
      const [doutAt, xAt, dwAt] = [call.read(dout), call.read(x), call.written(dw)];
      const tiles = tilesOf('weights', x, s);
      if (tiles !== null) {
        winograd.weights([doutAt, xAt, dwAt], x, s, tiles);
        return call.finish();
      }
      const size = s.F * s.C * s.HH * s.WW;
      const shares = Math.min(s.N, SHARES);
      const sums = call.scratch(shares * size * dw.BYTES_PER_ELEMENT);
      const P = s.OH * s.OW;
      const rows = Math.ceil(s.F / TILE_ROWS) * P * TILE_ROWS * x.BYTES_PER_ELEMENT;
      const own = scratch(paddedBytes(s, x) + line(s.C * s.HH * s.WW * 4) + line(rows) + P * TILE_ROW_BYTES);
      call.job(Kernel.ConvBackwardWeights, x, shares, [xAt, doutAt, 0, sums, ...own, ...sizes(s), shares]);
      const { width, items } = stripes(shares, size);
      call.job(Kernel.SumRows, x, items, [sums, dwAt, shares, size, width]);
      call.finish();
    },

    sumChannels(x, out, { N, C, S }) {
      call.run(Kernel.SumChannels, x, C, [call.read(x), call.written(out), N, C, S]);
    },
  };
}

/** Bytes of a padded image; none where there is no padding, since it is read in place then. */
function paddedBytes(s: ConvShape, like: Floats): number {
  return s.padH === 0 && s.padW === 0 ? 0 : paddedImage(s, like);
}

function paddedImage(s: ConvShape, like: Floats): number {
  return line(s.C * (s.H + 2 * s.padH) * (s.W + 2 * s.padW) * like.BYTES_PER_ELEMENT);
}

/** Rounded up to a cache line. */
function line(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
