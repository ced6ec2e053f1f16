import { type Floats, isFloat64 } from '../../../arrays/index.js';
import type { ConvolutionKernels, ConvShape } from '../../types.js';
import { type Call, stripes } from '../call.js';
import { Kernel } from '../kernel.generated.js';
import { PRODUCT_DEPTH, TILE_ROW_BYTES, TILE_ROWS } from '../protocol.js';
import type { ChooseTiles, ConvolutionPass } from '../winograd-choice.js';
import { roundUp, type TileInputs } from '../winograd-plan.js';
import { bindDepthwise } from './depthwise.js';
import { bindWinograd } from './winograd.js';

/** Bytes of windows that a thread packs at a time: what the second-level cache holds beside the filters. */
const PACKED_BYTES = 128 * 1024;

/** Channels and bytes of pixels of a tile in convolution-phases.ts. */
const [PHASE_CHANNELS, PHASE_RUN_BYTES] = [3, 48];

/** Bytes of a laid-out image that the second-level cache holds beside the filters. */
const LAID_OUT_BYTES = 256 * 1024;

/** Bytes of a laid-out image that is read often enough from the third-level cache. */
const MOST_LAID_OUT_BYTES = 2 * 2 ** 20;

/**
 * Shares that the images are cut into for the gradient of the filters. Fixed, so that no bit depends on the threads.
 */
const SHARES = 16;

export function bindConvolution(call: Call, threads: number, choose: ChooseTiles): ConvolutionKernels {
  /** The integers 6 to 18 of image.ts. */
  const sizes = (s: ConvShape): number[] => [
    ...[s.N, s.C, s.H, s.W, s.HH, s.WW, s.strideH, s.strideW, s.padH, s.padW, s.OH, s.OW, s.F],
  ];

  /** The integers 6 to 23 of image.ts. */
  const geometry = (s: ConvShape): number[] => [
    ...[s.N, s.C, s.H, s.W, s.HH, s.WW, s.strideH, s.strideW, s.padH, s.padW, s.OH, s.OW, s.F],
    ...[s.dilationH, s.dilationW, paddedHeight(s), paddedWidth(s), s.groups],
  ];

  /** Packs the (rows, depth) matrix of each group's filters into panels, and returns their place. */
  const packed = (w: number, like: Floats, s: ConvShape, rows: number, depth: number, transposed: boolean): number => {
    const panels = Math.ceil(rows / TILE_ROWS);
    const bytes = panels * TILE_ROWS * depth * like.BYTES_PER_ELEMENT;
    const to = call.scratch(s.groups * bytes);
    const ld = transposed ? rows : depth;
    for (let g = 0; g < s.groups; g++) {
      const from = w + g * rows * depth * like.BYTES_PER_ELEMENT;
      call.job(Kernel.PackA, like, 1, [from, to + g * bytes, rows, depth, ld, panels, +transposed]);
    }
    return to;
  };

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
    const K = s.C * s.HH * s.WW;
    // Many images: each thread has some to do, and its laid-out image of WW copies is little beside them.
    if (isPlain(s) && s.N >= Math.max(4, s.WW) * threads && readsRuns(s, like)) {
      const own = scratch(laidOutBytes(s, like) + line(K * 4));
      call.job(Kernel.ConvRunsForward, like, s.N, [x, packed, b, out, ...own, ...geometry(s), rowsOfRuns(s), +relu]);
      return;
    }
    const panelBytes = K * TILE_ROW_BYTES;
    const columns = TILE_ROW_BYTES / like.BYTES_PER_ELEMENT;
    const panels = Math.ceil((s.OH * s.OW) / columns);
    const atATime = Math.max(1, Math.min(panels, Math.floor(PACKED_BYTES / panelBytes)));
    // Few images are cut, so that every thread has something to do.
    const parts = Math.min(Math.ceil(panels / atATime), Math.ceil((4 * threads) / s.N));
    const own = scratch(paddedBytes(s, like) + line(K * 4) + atATime * panelBytes);
    const integers = [x, packed, b, out, ...own, ...geometry(s), parts, atATime, +relu];
    call.job(Kernel.ConvForward, like, s.N * parts, integers);
  };

  const winograd = bindWinograd(call, threads, sizes);
  const depthwise = bindDepthwise(call, threads, geometry);
  const tilesOf = (pass: ConvolutionPass, like: Floats, s: ConvShape): TileInputs | null =>
    isFloat64(like) || !isPlain(s) ? null : choose(pass, s);
  /** The gradient of the images, gathered by phases. */
  const backwardByPhases = (dout: number, w: number, dx: number, like: Floats, s: ConvShape): void => {
    const bytes = like.BYTES_PER_ELEMENT;
    const panels = Math.ceil(s.C / PHASE_CHANNELS);
    const [top, bottom] = zerosAround(s.H, s.HH, s.strideH, s.padH, s.OH);
    const [left, right] = zerosAround(s.W, s.WW, s.strideW, s.padW, s.OW);
    const [rows, pitch] = [top + s.OH + bottom, left + s.OW + right];
    const channelBytes = oddLines(rows * pitch * bytes);
    const zeros = +(rows * pitch > s.OH * s.OW);
    const planeBytes = line((Math.ceil(s.H / s.strideH) + 1) * pitch * bytes + PHASE_RUN_BYTES);
    const [down, across] = [Math.min(s.strideH, s.H + s.padH), Math.min(s.strideW, s.W + s.padW)];
    const taps = s.F * s.HH * s.WW;
    const packed = call.scratch(panels * PHASE_CHANNELS * taps * bytes);
    const phases = call.scratch(down * across * 16);
    const places = call.scratch(taps * 4);
    const copied = line(s.F * channelBytes + PHASE_RUN_BYTES);
    const own = scratch(copied + down * across * panels * PHASE_CHANNELS * planeBytes);
    const plan = [top, left, pitch, channelBytes, zeros, planeBytes, down, across, dout];
    call.job(Kernel.PackPhases, like, panels, [w, packed, phases, places, ...own, ...geometry(s), ...plan]);
    call.job(Kernel.ConvBackwardPhases, like, s.N, [dx, packed, phases, places, ...own, ...geometry(s), ...plan]);
  };

  return {
    convForward({ x, w, b, out, shape, relu }) {
      const s = ofOneGroup(shape);
      const places = [call.read(x), call.read(w), call.read(b), call.written(out)] as const;
      const size = tilesOf('forward', x, s);
      if (size !== null) {
        winograd.convolve(places, x, s, size, { turned: false, relu });
        return call.finish();
      }
      if (goesByPlanes(s)) {
        depthwise.forward(places, x, s, relu);
        return call.finish();
      }
      const filters = packed(places[1], x, s, s.F, s.C * s.HH * s.WW, false);
      convolve(places[0], filters, places[2], places[3], x, s, relu);
      call.finish();
    },

    convBackwardInput(dout, w, dx, shape) {
      const s = ofOneGroup(shape);
      const [doutAt, wAt, dxAt] = [call.read(dout), call.read(w), call.written(dx)];
      const K = s.C * s.HH * s.WW;
      const [padH, padW] = [extentH(s) - 1 - s.padH, extentW(s) - 1 - s.padW];
      // At stride 1, the convolution of dout with the filters turned and their channels exchanged.
      const turns = s.strideH === 1 && s.strideW === 1 && padH >= 0 && padW >= 0;
      const turned = { ...s, C: s.F, F: s.C, H: s.OH, W: s.OW, OH: s.H, OW: s.W, padH, padW };
      const size = turns ? tilesOf('input', dout, turned) : null;
      if (size !== null) {
        winograd.convolve([doutAt, wAt, 0, dxAt], dout, turned, size, { turned: true, relu: false });
      } else if (goesByPlanes(s)) {
        depthwise.input([doutAt, wAt, dxAt], w, s);
      } else if (isPlain(s) && gathersByPhases(s)) {
        backwardByPhases(doutAt, wAt, dxAt, w, s);
      } else if (turns) {
        const panels = Math.ceil(s.C / TILE_ROWS);
        const bytes = panels * TILE_ROWS * s.F * s.HH * s.WW * w.BYTES_PER_ELEMENT;
        const filters = call.scratch(s.groups * bytes);
        for (let g = 0; g < s.groups; g++) {
          const from = wAt + g * s.F * K * w.BYTES_PER_ELEMENT;
          call.job(Kernel.PackTurned, w, panels, [from, filters + g * bytes, s.F, s.C, s.HH * s.WW]);
        }
        convolve(doutAt, filters, 0, dxAt, dout, turned, false);
      } else {
        const filters = packed(wAt, w, s, K, s.F, true);
        const image = paddedImage(s, w) + 64;
        const own = scratch(image + line(K * 4) + TILE_ROWS * TILE_ROW_BYTES + s.F * TILE_ROW_BYTES);
        call.job(Kernel.ConvBackwardInput, dout, s.N, [dxAt, filters, doutAt, 0, ...own, ...geometry(s)]);
      }
      call.finish();
    },

    convBackwardWeights(dout, x, dw, db, shape) {
      const s = ofOneGroup(shape);
      const [doutAt, xAt, dwAt] = [call.read(dout), call.read(x), call.written(dw)];
      const dbAt = db === null ? 0 : call.written(db);
      const tiles = tilesOf('weights', x, s);
      if (tiles !== null) {
        winograd.weights([doutAt, xAt, dwAt, dbAt], x, s, tiles);
        return call.finish();
      }
      if (goesByPlanes(s)) {
        depthwise.weights([doutAt, xAt, dwAt, dbAt], x, s);
        return call.finish();
      }
      if (db !== null) call.job(Kernel.SumChannels, dout, shape.F, [doutAt, dbAt, shape.N, shape.F, s.OH * s.OW]);
      const size = shape.F * s.C * s.HH * s.WW;
      const shares = Math.min(shape.N, SHARES);
      const sums = call.scratch(shares * size * dw.BYTES_PER_ELEMENT);
      if (isPlain(s) && takesTapsByRuns(s, x)) {
        const K = roundUp(s.C * s.HH * s.WW, TILE_ROWS);
        const filters = roundUp(s.F * x.BYTES_PER_ELEMENT, TILE_ROW_BYTES);
        const own = scratch(laidOutBytes(s, x) + line(K * 4) + (K + Math.min(s.OH * s.OW, PRODUCT_DEPTH)) * filters);
        const integers = [xAt, doutAt, 0, sums, ...own, ...geometry(s), rowsOfRuns(s), shares];
        call.job(Kernel.ConvRunsBackwardWeights, x, shares, integers);
      } else if (isPlain(s) && hasFewTaps(s)) {
        const K = Math.ceil((s.C * s.HH * s.WW) / 3) * 3;
        const own = scratch(laidOutBytes(s, x) + line(K * 4) + s.F * K * 16);
        const integers = [xAt, doutAt, 0, sums, ...own, ...geometry(s), rowsOfRuns(s), shares];
        call.job(Kernel.ConvSquaresBackwardWeights, x, shares, integers);
      } else {
        const P = s.OH * s.OW;
        const rows = Math.ceil(s.F / TILE_ROWS) * P * TILE_ROWS * x.BYTES_PER_ELEMENT;
        const own = scratch(paddedBytes(s, x) + line(s.C * s.HH * s.WW * 4) + line(rows) + P * TILE_ROW_BYTES);
        call.job(Kernel.ConvBackwardWeights, x, shares * s.groups, [
          xAt,
          doutAt,
          0,
          sums,
          ...own,
          ...geometry(s),
          shares,
        ]);
      }
      const { width, items } = stripes(shares, size);
      call.job(Kernel.SumRows, x, items, [sums, dwAt, shares, size, width]);
      call.finish();
    },

    sumChannels(x, out, { N, C, S }) {
      call.run(Kernel.SumChannels, x, C, [call.read(x), call.written(out), N, C, S]);
    },
  };
}

/**
 * A convolution in groups as one of the images of each group, N·groups of them: those lie one after another, and so do
 * their outputs.
 */
function ofOneGroup(s: ConvShape): ConvShape {
  return s.groups === 1 ? s : { ...s, N: s.N * s.groups, C: s.C / s.groups, F: s.F / s.groups };
}

/** Whether there are no groups and no gaps between taps, as some kernels take for granted. */
function isPlain({ groups, dilationH, dilationW }: ConvShape): boolean {
  return groups === 1 && dilationH === 1 && dilationW === 1;
}

/**
 * Whether a convolution in groups goes plane by plane: where panels of a product would be half empty. In GFLOP/s on one
 * core of a Sapphire Rapids with other work beside (Node 20, relaxed SIMD, float32; 64 channels of 16 × 16, filters of
 * 3 × 3), by products and by planes; a product of one group of 64 does 39:
 *
 *     channels and filters of a group   forward       images       filters
 *     2, 2                              8.5   23.9    7.9   23.7   2.7   16.4
 *     4, 4                              8.8   23.1    8.9   22.3   6.2   15.6
 *     8, 8 (goes by products)           24.3          21.0         16.8
 */
function goesByPlanes({ groups, C, F }: ConvShape): boolean {
  return groups > 1 && (C === 1 ? F <= 16 : C <= 4 && F <= 4);
}

/** Pixels that a window spans along an axis. */
function extentH({ HH, dilationH }: ConvShape): number {
  return (HH - 1) * dilationH + 1;
}

function extentW({ WW, dilationW }: ConvShape): number {
  return (WW - 1) * dilationW + 1;
}

/** Height of an image with the zeros around it: as many below as above, or as many as the windows reach. */
function paddedHeight(s: ConvShape): number {
  return Math.max(s.H + 2 * s.padH, (s.OH - 1) * s.strideH + extentH(s));
}

function paddedWidth(s: ConvShape): number {
  return Math.max(s.W + 2 * s.padW, (s.OW - 1) * s.strideW + extentW(s));
}

/**
 * Whether the gradient of the images is gathered by phases: where there are few channels, and windows overlap. Panels
 * of six channels are half empty at three; where no windows overlap, a scatter adds nothing twice.
 */
function gathersByPhases(s: ConvShape): boolean {
  if (s.strideH === 1 && s.strideW === 1) return s.C <= PHASE_CHANNELS;
  return s.C <= 16 && (s.HH > s.strideH || s.WW > s.strideW);
}

/**
 * Whether a convolution reads runs of a laid-out image in place of packed windows: where few filters share what is
 * packed, and the image stays in the second-level cache. In ms on one core with other work beside (Node 20, relaxed
 * SIMD), packed and by runs; the last two shapes are not taken, and the first was packed from a laid-out image before:
 *
 *     N × C × H × W, F, size, stride         float32           float64
 *     100 × 3 × 31 × 31, 25, 3 × 3, 2        0.92   0.80       1.92   1.65
 *     64 × 3 × 32 × 32, 32, 3 × 3, 1         2.74   2.51       5.35   4.95
 *     64 × 3 × 32 × 32, 32, 5 × 5, 1         6.72   6.10       12.99  12.43
 *     50 × 3 × 32 × 32, 32, 7 × 7, 1         9.77   9.04       19.46  19.34
 *     64 × 6 × 14 × 14, 16, 5 × 5, 1         1.33   0.78       1.56   1.32
 *     16 × 32 × 16 × 16, 32, 5 × 5, 1        4.34   4.09       8.63   8.39
 *     16 × 128 × 16 × 16, 128, 3 × 3, 2      5.91   6.13       11.72  13.39
 *     64 × 64 × 16 × 16, 128, 1 × 1, 1       5.59   5.69       10.89  13.02
 */
function readsRuns(s: ConvShape, like: Floats): boolean {
  if (s.HH * s.WW === 1 || s.OH * s.OW * like.BYTES_PER_ELEMENT < 128) return false;
  return laidOutBytes(s, like) <= LAID_OUT_BYTES && (s.C * s.HH * s.WW <= 160 || s.F <= 32);
}

/**
 * Whether the gradient of the filters reads its taps from runs of a laid-out image, and packs dout, or packs taps: by
 * counted products, of which packing a tap takes as long as five, and loading and storing a sum for each image as
 * twelve. In ms on two threads of an EPYC (Node 20, float32), packed and by runs; of the last three the first way is
 * taken:
 *
 *     N × C × H × W, F, size, stride
 *     64 × 3 × 32 × 32, 32, 5 × 5, 1        3.23   2.60
 *     50 × 3 × 32 × 32, 32, 7 × 7, 1        5.20   4.03
 *     64 × 32 × 16 × 16, 32, 5 × 5, 1       8.26   6.67
 *     64 × 6 × 14 × 14, 16, 5 × 5, 1        0.41   0.27
 *     16 × 64 × 8 × 8, 64, 5 × 5, 1         2.00   2.21
 *     16 × 128 × 16 × 16, 128, 3 × 3, 2     2.70   3.67
 *     64 × 64 × 16 × 16, 128, 1 × 1, 1      2.46   2.67
 */
function takesTapsByRuns(s: ConvShape, like: Floats): boolean {
  if (s.HH * s.WW === 1 || hasFewTaps(s) || laidOutBytes(s, like) > MOST_LAID_OUT_BYTES) return false;
  const columns = TILE_ROW_BYTES / like.BYTES_PER_ELEMENT;
  const [K, P] = [s.C * s.HH * s.WW, s.OH * s.OW];
  const byRuns = roundUp(K, TILE_ROWS) * roundUp(s.F, columns) * (1 + 12 / Math.min(P, PRODUCT_DEPTH));
  return byRuns < roundUp(K, columns) * (roundUp(s.F, TILE_ROWS) + 5);
}

/**
 * Whether so few products make an output that packing windows shows, and images are large enough to be laid out as
 * runs.
 */
function hasFewTaps(s: ConvShape): boolean {
  return s.C * s.HH * s.WW <= 32 && s.OH * s.OW >= 64;
}

/** The zeros that the phases of an axis need before and behind dout. */
function zerosAround(size: number, extent: number, stride: number, pad: number, out: number): [number, number] {
  let [before, behind] = [0, 0];
  for (let phase = 0; phase < Math.min(stride, extent); phase++) {
    const [first, end] = [0, size].map((edge) => Math.max(0, Math.ceil((edge + pad - phase) / stride)));
    if (first === end) continue;
    before = Math.max(before, Math.ceil((extent - phase) / stride) - 1 - first);
    behind = Math.max(behind, end - out);
  }
  return [before, behind];
}

/** Rows of a plane of convolution-runs.ts. */
function rowsOfRuns(s: ConvShape): number {
  return s.OH + Math.ceil(s.HH / s.strideH) - 1;
}

/** Bytes of an image that convolution-runs.ts lays out. */
function laidOutBytes(s: ConvShape, like: Floats): number {
  const planes = s.C * Math.min(s.strideH, s.HH) * s.WW;
  return line(planes * rowsOfRuns(s) * s.OW * like.BYTES_PER_ELEMENT + 16);
}

/** Bytes of a padded image; none where there is no padding, since it is read in place then. */
function paddedBytes(s: ConvShape, like: Floats): number {
  return paddedHeight(s) === s.H && paddedWidth(s) === s.W ? 0 : paddedImage(s, like);
}

function paddedImage(s: ConvShape, like: Floats): number {
  return line(s.C * paddedHeight(s) * paddedWidth(s) * like.BYTES_PER_ELEMENT);
}

/** Rounded up to an odd number of cache lines: so many planes side by side use all sets of a cache. */
function oddLines(bytes: number): number {
  return line(bytes) + (line(bytes) % 128 === 0 ? 64 : 0);
}

/** Rounded up to a cache line. */
function line(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
