import type { Floats } from '../../../arrays/index.js';
import type { ConvShape } from '../../types.js';
import { type Call, stripes } from '../call.js';
import { Kernel } from '../kernel.generated.js';

/** Taps of a tile of the gradient of the filters in convolution-depthwise.ts. */
const TAPS = 9;

/** Items of the gradient of the filters that there are at least, where there are images enough. */
const LEAST_ITEMS = 64;

/** How a plane is cut into phases, and the phases along an axis. */
interface Phases {
  readonly down: number;
  readonly across: number;
  readonly rows: number;
  readonly pitch: number;
}

/**
 * Depthwise convolution, and others in groups of few channels and filters. Shapes are those of one group: N·groups
 * images of its channels. `geometry` gives the integers 6 to 23 of image.ts.
 */
export function bindDepthwise(call: Call, threads: number, geometry: (s: ConvShape) => number[]) {
  /** Takes scratch for every thread, and returns the integers 4 and 5 of image.ts. */
  const scratch = (bytesEach: number): [at: number, bytesEach: number] => {
    const bytes = roundUp(bytesEach, 64);
    return [call.scratch(bytes * threads), bytes];
  };

  /** Images of an item: each thread has eight items or so. */
  const imagesOf = (s: ConvShape): number => Math.ceil(s.N / (8 * threads));

  return {
    /** The forward pass from x, w and b to out, each at its place. */
    forward([x, w, b, out]: readonly number[], like: Floats, s: ConvShape, relu: boolean): void {
      const phases = phasesOf(s);
      const taps = s.C * s.HH * s.WW;
      const tables = taps * (4 + like.BYTES_PER_ELEMENT) + 16 + vectorsBytes(s.OH, s.OW, like);
      const own = scratch(planesBytes(s.C * phases.down * phases.across, phases, like) + tables);
      const atATime = imagesOf(s);
      const plan = [phases.pitch, phases.rows, atATime, +relu];
      const items = Math.ceil(s.N / atATime);
      call.job(Kernel.DepthwiseForward, like, items, [x, w, b, out, ...own, ...geometry(s), ...plan]);
    },

    /** The gradient of the images at `dx`. */
    input([dout, w, dx]: readonly number[], like: Floats, s: ConvShape): void {
      const [top, rows] = zerosBefore(s.H, s.HH, s.dilationH, s.strideH, s.padH, s.OH);
      const [left, pitch] = zerosBefore(s.W, s.WW, s.dilationW, s.strideW, s.padW, s.OW);
      const taps = s.F * s.HH * s.WW;
      const [down, across] = [s.strideH, s.strideW];
      // Where there are several phases, each pixel is of one of them, and they are joined in the end.
      const [phaseRows, phaseColumns] = [Math.ceil(s.H / down), Math.ceil(s.W / across)];
      const vectors = down * across * vectorsBytes(phaseRows, phaseColumns, like);
      const joined = down * across * (phaseRows * phaseColumns * like.BYTES_PER_ELEMENT + 32);
      const tables = taps * (8 + like.BYTES_PER_ELEMENT) + down * across * 32 + 80;
      const own = scratch(planesBytes(s.F, { rows, pitch }, like) + tables + vectors + joined);
      const atATime = imagesOf(s);
      const plan = [pitch, rows, atATime, top, left];
      const items = Math.ceil(s.N / atATime);
      call.job(Kernel.DepthwiseBackwardInput, like, items, [dout, w, 0, dx, ...own, ...geometry(s), ...plan]);
    },

    /** The gradients of the filters at `dw` and of the biases at `db`, unless that is 0. */
    weights([dout, x, dw, db]: readonly number[], like: Floats, s: ConvShape): void {
      const phases = phasesOf(s);
      const tiles = Math.ceil((s.HH * s.WW) / TAPS);
      const tables = tiles * TAPS * 4 + 16 + s.F * (s.C * tiles * TAPS + 1) * 8;
      const own = scratch(planesBytes(s.C * phases.down * phases.across, phases, like) + tables);
      const shares = Math.min(s.N / s.groups, Math.ceil(LEAST_ITEMS / s.groups));
      const filters = s.groups * s.F;
      const size = filters * s.C * s.HH * s.WW;
      const bytes = like.BYTES_PER_ELEMENT;
      const [sums, biases] = [size, db === 0 ? 0 : filters].map((n, i) => {
        if (shares === 1) return [dw, db][i];
        return n === 0 ? 0 : call.scratch(shares * n * bytes);
      });
      const plan = [phases.pitch, phases.rows, shares];
      const integers = [x, dout, biases, sums, ...own, ...geometry(s), ...plan];
      call.job(Kernel.DepthwiseBackwardWeights, like, shares * s.groups, integers);
      if (shares === 1) return;
      for (const [from, to, n] of [
        [sums, dw, size],
        [biases, db, filters],
      ]) {
        const { width, items } = stripes(shares, n);
        if (to !== 0) call.job(Kernel.SumRows, like, items, [from, to, shares, n, width]);
      }
    },
  };
}

function phasesOf(s: ConvShape): Phases {
  const [extentH, extentW] = [(s.HH - 1) * s.dilationH + 1, (s.WW - 1) * s.dilationW + 1];
  return {
    down: Math.min(s.strideH, extentH),
    across: Math.min(s.strideW, extentW),
    rows: s.OH + Math.floor((extentH - 1) / s.strideH),
    pitch: s.OW + Math.floor((extentW - 1) / s.strideW),
  };
}

/** Along an axis, the zeros that the gradient of the images needs before dout, and the size of dout with its zeros. */
function zerosBefore(
  size: number,
  taps: number,
  dilation: number,
  stride: number,
  pad: number,
  out: number,
): [before: number, size: number] {
  const before = Math.max(0, Math.floor(((taps - 1) * dilation) / stride) - Math.floor(pad / stride));
  return [before, before + Math.max(out, Math.ceil((size + pad) / stride))];
}

/** Bytes of the places of the vectors of a plane. */
function vectorsBytes(rows: number, columns: number, like: Floats): number {
  return (rows * Math.ceil((columns * like.BYTES_PER_ELEMENT) / 16) + 3) * 8;
}

function planesBytes(planes: number, { rows, pitch }: Pick<Phases, 'rows' | 'pitch'>, like: Floats): number {
  return roundUp(planes * rows * pitch * like.BYTES_PER_ELEMENT + 16, 64);
}

function roundUp(bytes: number, multiple: number): number {
  return Math.ceil(bytes / multiple) * multiple;
}
