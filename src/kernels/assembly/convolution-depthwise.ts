import { zipRun } from "./convolution-phases";
import {
  boundOf, C, dilationH, dilationW, F, groups, H, HH, OH, OW, ownScratch, padH, padW, strideH, strideW, W, WW,
} from "./image";
import { integer, pointer } from "./job";
import { sumShifted } from "./segments";
import { evenLanes, lanes, loadPart, madd, splatAt, storePart, sumLanes, VECTOR } from "./simd";

// Depthwise convolution, and others in groups of few channels and filters: they share too little for the panels of a
// matrix product, and a pass takes little more than to read and write its images. The planes of a group are copied to
// scratch with zeros around them, cut into phases by the strides, [channel][row mod stride][column mod
// stride][row][column]: so what a tap meets in a row of outputs are neighbours, and a row is summed tap by tap, in
// vectors. C and F are the channels and filters of a group. Integers beside those of image.ts: 24 and 25 columns and
// rows of a phase, 26 images of an item.

/** Taps of a tile of the gradient of the filters. */
// @ts-ignore: decorator
@inline const TAPS: i32 = 9;

// @ts-ignore: decorator
@inline function phaseBytes<T>(): usize {
  return <usize>(integer(24) * integer(25)) * sizeof<T>();
}

/** Phases of an axis that taps meet. */
// @ts-ignore: decorator
@inline function phasesOf(extent: i32, stride: i32, dilation: i32): i32 {
  return min(stride, (extent - 1) * dilation + 1);
}

/** Bytes of a filter's or more planes with what a vector reads beyond the last, in whole cache lines. */
// @ts-ignore: decorator
@inline function roomFor<T>(planes: i32): usize {
  return (<usize>planes * phaseBytes<T>() + VECTOR + 63) & ~63;
}

/**
 * Copies a plane of (height, width) values to its places in the phases at `to`: row i and column j of phase (r, q) are
 * row i·strideH + r − top and column j·strideW + q − left. The zeros around it are there already.
 */
function layIn<T>(
  from: usize, to: usize, height: i32, width: i32, stepH: i32, stepW: i32, top: i32, left: i32, down: i32, across: i32,
): void {
  const pitch = integer(24), rows = integer(25);
  for (let r = 0; r < down; r++) {
    const first = boundOf(r, 0, stepH, top), end = min(rows, boundOf(r, height, stepH, top));
    for (let q = 0; q < across; q++) {
      const begin = boundOf(q, 0, stepW, left);
      const count = min(pitch, boundOf(q, width, stepW, left)) - begin;
      const column = begin * stepW + q - left;
      let row = from + <usize>((first * stepH + r - top) * width + column) * sizeof<T>();
      let at = to + <usize>(first * pitch + begin) * sizeof<T>();
      for (let i = first; i < end && count > 0; i++) {
        if (stepW == 1) copyRow<T>(row, at, count);
        else if (stepW == 2) copyEven<T>(row, at, count, width - column);
        else for (let j = 0; j < count; j++) {
          store<T>(at + <usize>j * sizeof<T>(), load<T>(row + <usize>(j * stepW) * sizeof<T>()));
        }
        row += <usize>(stepH * width) * sizeof<T>();
        at += <usize>pitch * sizeof<T>();
      }
      to += phaseBytes<T>();
    }
  }
}

/** Copies `count` neighbours; the last vector begins early enough to end with them. */
// @ts-ignore: decorator
@inline function copyRow<T>(from: usize, to: usize, count: i32): void {
  if (count < lanes<T>()) return storePart<T>(to, loadPart<T>(from, count), count);
  const last = <usize>(count - lanes<T>()) * sizeof<T>();
  for (let i: usize = 0; i < last; i += VECTOR) v128.store(to + i, v128.load(from + i));
  v128.store(to + last, v128.load(from + last));
}

/** Copies every second of the `left` values at `from`, `count` of them. */
// @ts-ignore: decorator
@inline function copyEven<T>(from: usize, to: usize, count: i32, left: i32): void {
  let j = 0;
  for (; 2 * (j + lanes<T>()) <= left; j += lanes<T>()) {
    const at = from + <usize>(2 * j) * sizeof<T>();
    v128.store(to + <usize>j * sizeof<T>(), evenLanes<T>(v128.load(at), v128.load(at, VECTOR)));
  }
  for (; j < count; j++) store<T>(to + <usize>j * sizeof<T>(), load<T>(from + <usize>(2 * j) * sizeof<T>()));
}

/**
 * Writes where in the phases of an image the taps of a filter begin, [channel][row][column], in bytes; with `high`, the
 * first of each column alone.
 */
function writeTaps<T>(to: usize, channels: i32, high: bool): usize {
  const down = phasesOf(HH(), strideH(), dilationH()), across = phasesOf(WW(), strideW(), dilationW());
  for (let c = 0; c < channels; c++) {
    for (let kh = 0, rows = high ? 1 : HH(); kh < rows; kh++) {
      const h = kh * dilationH(), r = h % strideH();
      for (let kw = 0; kw < WW(); kw++) {
        const w = kw * dilationW(), q = w % strideW();
        const value = h / strideH() * integer(24) + w / strideW();
        const phase = (c * down + r) * across + q;
        store<u32>(to, <u32>(<usize>phase * phaseBytes<T>() + <usize>value * sizeof<T>()));
        to += 4;
      }
    }
  }
  return to;
}

/** Rows of outputs of a strip. */
// @ts-ignore: decorator
@inline const STRIP: i32 = 4;

/** Bytes of a row of `length` values that are summed together: two vectors, or one where the row is shorter. */
// @ts-ignore: decorator
@inline function spanOf<T>(length: i32): usize {
  return length < 2 * lanes<T>() ? VECTOR : 2 * VECTOR;
}

/**
 * Writes for each span of a plane of `rows` rows of `length` values its places, in bytes: in rows `pitch` bytes apart,
 * and in rows of `toPitch` bytes. The last span of a row begins early enough to end with it; the last of all is written
 * up to four times, so that they go by fours. Rows are as long as a span, or longer. With `high` they are vectors, and
 * strips of four rows are written in place of rows; the last of them begins early enough as well.
 */
function writeVectors<T>(to: usize, rows: i32, length: i32, pitch: usize, toPitch: usize, high: bool): usize {
  const span = high ? VECTOR : spanOf<T>(length), last = <usize>length * sizeof<T>() - span;
  const begin = to;
  for (let i = 0; i < rows; i += high ? STRIP : 1) {
    const row = <usize>(high ? min(i, rows - STRIP) : i);
    const at = row * pitch, out = row * toPitch;
    for (let column: usize = 0; column < last; column += span) {
      store<u32>(to, <u32>(at + column)), store<u32>(to, <u32>(out + column), 4);
      to += 8;
    }
    store<u32>(to, <u32>(at + last)), store<u32>(to, <u32>(out + last), 4);
    to += 8;
  }
  while (!high && to > begin && (to - begin) & 31) {
    store<u64>(to, load<u64>(to - 8));
    to += 8;
  }
  return to;
}

/**
 * A plane of outputs: `first` plus the sum over the taps, whose places `taps` has, then max(least, ·). The vectors are
 * those of {@link writeVectors}.
 */
function sumAny<T>(
  vectors: usize, vectorsEnd: usize, taps: usize, end: usize, weights: usize, image: usize, to: usize, first: T,
  least: T,
): void {
  for (; vectors < vectorsEnd; vectors += 32) {
    const x0 = image + <usize>load<u32>(vectors), x1 = image + <usize>load<u32>(vectors, 8);
    const x2 = image + <usize>load<u32>(vectors, 16), x3 = image + <usize>load<u32>(vectors, 24);
    let v0 = v128.splat<T>(first), v1 = v0, v2 = v0, v3 = v0, w = weights;
    for (let tap = taps; tap < end; tap += 4) {
      const s = splatAt<T>(w), at = <usize>load<u32>(tap);
      v0 = madd<T>(s, v128.load(x0 + at), v0), v1 = madd<T>(s, v128.load(x1 + at), v1);
      v2 = madd<T>(s, v128.load(x2 + at), v2), v3 = madd<T>(s, v128.load(x3 + at), v3);
      w += sizeof<T>();
    }
    const l = v128.splat<T>(least);
    v128.store(to + <usize>load<u32>(vectors, 4), v128.pmax<T>(v0, l));
    v128.store(to + <usize>load<u32>(vectors, 12), v128.pmax<T>(v1, l));
    v128.store(to + <usize>load<u32>(vectors, 20), v128.pmax<T>(v2, l));
    v128.store(to + <usize>load<u32>(vectors, 28), v128.pmax<T>(v3, l));
  }
}

/**
 * {@link sumAny} by spans of two vectors. With eight sums, as many multiply-adds are under way as hide how long one
 * takes. The last sum comes first, as in {@link sumThree}.
 */
function sumPairs<T>(
  spans: usize, spansEnd: usize, taps: usize, end: usize, weights: usize, image: usize, to: usize, first: T, least: T,
): void {
  for (; spans < spansEnd; spans += 32) {
    const x0 = image + <usize>load<u32>(spans), x1 = image + <usize>load<u32>(spans, 8);
    const x2 = image + <usize>load<u32>(spans, 16), x3 = image + <usize>load<u32>(spans, 24);
    let v0 = v128.splat<T>(first), v1 = v0, v2 = v0, v3 = v0, v4 = v0, v5 = v0, v6 = v0, v7 = v0, w = weights;
    for (let tap = taps; tap < end; tap += 4) {
      const s = splatAt<T>(w), at = <usize>load<u32>(tap);
      v7 = madd<T>(s, v128.load(x3 + at, VECTOR), v7), v6 = madd<T>(s, v128.load(x3 + at), v6);
      v5 = madd<T>(s, v128.load(x2 + at, VECTOR), v5), v4 = madd<T>(s, v128.load(x2 + at), v4);
      v3 = madd<T>(s, v128.load(x1 + at, VECTOR), v3), v2 = madd<T>(s, v128.load(x1 + at), v2);
      v1 = madd<T>(s, v128.load(x0 + at, VECTOR), v1), v0 = madd<T>(s, v128.load(x0 + at), v0);
      w += sizeof<T>();
    }
    const l = v128.splat<T>(least);
    let out = to + <usize>load<u32>(spans, 4);
    v128.store(out, v128.pmax<T>(v0, l)), v128.store(out, v128.pmax<T>(v1, l), VECTOR);
    out = to + <usize>load<u32>(spans, 12);
    v128.store(out, v128.pmax<T>(v2, l)), v128.store(out, v128.pmax<T>(v3, l), VECTOR);
    out = to + <usize>load<u32>(spans, 20);
    v128.store(out, v128.pmax<T>(v4, l)), v128.store(out, v128.pmax<T>(v5, l), VECTOR);
    out = to + <usize>load<u32>(spans, 28);
    v128.store(out, v128.pmax<T>(v6, l)), v128.store(out, v128.pmax<T>(v7, l), VECTOR);
  }
}

/**
 * {@link sumAny} where 3 taps of a column lie in neighbouring rows: `taps` has the columns, `strips` the strips. The
 * image is read from the bottom row up, since V8 computes the last sum of a loop's body first: what that one reads has
 * to come first, or it keeps all rows in registers and a sum in memory.
 */
function sumThree<T>(
  strips: usize, stripsEnd: usize, taps: usize, end: usize, weights: usize, image: usize, to: usize, first: T, least: T,
  pitch: usize, toPitch: usize,
): void {
  const below = pitch * 5;
  for (; strips < stripsEnd; strips += 8) {
    const from = image + <usize>load<u32>(strips) + below;
    let v0 = v128.splat<T>(first), v1 = v0, v2 = v0, v3 = v0, w = weights;
    for (let tap = taps; tap < end; tap += 4) {
      let p = from + <usize>load<u32>(tap);
      const w0 = splatAt<T>(w), w1 = splatAt<T>(w, sizeof<T>()), w2 = splatAt<T>(w, 2 * sizeof<T>());
      let x = v128.load(p);
      v3 = madd<T>(w2, x, v3);
      p -= pitch;
      x = v128.load(p);
      v3 = madd<T>(w1, x, v3), v2 = madd<T>(w2, x, v2);
      p -= pitch;
      x = v128.load(p);
      v3 = madd<T>(w0, x, v3), v2 = madd<T>(w1, x, v2), v1 = madd<T>(w2, x, v1);
      p -= pitch;
      x = v128.load(p);
      v2 = madd<T>(w0, x, v2), v1 = madd<T>(w1, x, v1), v0 = madd<T>(w2, x, v0);
      p -= pitch;
      x = v128.load(p);
      v1 = madd<T>(w0, x, v1), v0 = madd<T>(w1, x, v0);
      p -= pitch;
      x = v128.load(p);
      v0 = madd<T>(w0, x, v0);
      w += 3 * sizeof<T>();
    }
    const l = v128.splat<T>(least);
    let out = to + <usize>load<u32>(strips, 4);
    v128.store(out, v128.pmax<T>(v0, l)), out += toPitch;
    v128.store(out, v128.pmax<T>(v1, l)), out += toPitch;
    v128.store(out, v128.pmax<T>(v2, l)), out += toPitch;
    v128.store(out, v128.pmax<T>(v3, l));
  }
}

/** {@link sumAny} where 5 taps of a column lie in neighbouring rows: `taps` has the columns, `strips` the strips. */
function sumFive<T>(
  strips: usize, stripsEnd: usize, taps: usize, end: usize, weights: usize, image: usize, to: usize, first: T, least: T,
  pitch: usize, toPitch: usize,
): void {
  const below = pitch * 7;
  for (; strips < stripsEnd; strips += 8) {
    const from = image + <usize>load<u32>(strips) + below;
    let v0 = v128.splat<T>(first), v1 = v0, v2 = v0, v3 = v0, w = weights;
    for (let tap = taps; tap < end; tap += 4) {
      let p = from + <usize>load<u32>(tap);
      const w0 = splatAt<T>(w), w1 = splatAt<T>(w, sizeof<T>()), w2 = splatAt<T>(w, 2 * sizeof<T>());
      const w3 = splatAt<T>(w, 3 * sizeof<T>()), w4 = splatAt<T>(w, 4 * sizeof<T>());
      let x = v128.load(p);
      v3 = madd<T>(w4, x, v3);
      p -= pitch;
      x = v128.load(p);
      v3 = madd<T>(w3, x, v3), v2 = madd<T>(w4, x, v2);
      p -= pitch;
      x = v128.load(p);
      v3 = madd<T>(w2, x, v3), v2 = madd<T>(w3, x, v2), v1 = madd<T>(w4, x, v1);
      p -= pitch;
      x = v128.load(p);
      v3 = madd<T>(w1, x, v3), v2 = madd<T>(w2, x, v2), v1 = madd<T>(w3, x, v1), v0 = madd<T>(w4, x, v0);
      p -= pitch;
      x = v128.load(p);
      v3 = madd<T>(w0, x, v3), v2 = madd<T>(w1, x, v2), v1 = madd<T>(w2, x, v1), v0 = madd<T>(w3, x, v0);
      p -= pitch;
      x = v128.load(p);
      v2 = madd<T>(w0, x, v2), v1 = madd<T>(w1, x, v1), v0 = madd<T>(w2, x, v0);
      p -= pitch;
      x = v128.load(p);
      v1 = madd<T>(w0, x, v1), v0 = madd<T>(w1, x, v0);
      p -= pitch;
      x = v128.load(p);
      v0 = madd<T>(w0, x, v0);
      w += 5 * sizeof<T>();
    }
    const l = v128.splat<T>(least);
    let out = to + <usize>load<u32>(strips, 4);
    v128.store(out, v128.pmax<T>(v0, l)), out += toPitch;
    v128.store(out, v128.pmax<T>(v1, l)), out += toPitch;
    v128.store(out, v128.pmax<T>(v2, l)), out += toPitch;
    v128.store(out, v128.pmax<T>(v3, l));
  }
}

/** A plane whose rows are shorter than a vector. */
function sumNarrow<T>(
  rows: i32, length: i32, toPitch: usize, taps: usize, end: usize, weights: usize, image: usize, to: usize, first: T,
  least: T,
): void {
  const pitch = <usize>integer(24) * sizeof<T>();
  for (let i = 0; i < rows; i++) {
    let v = v128.splat<T>(first), w = weights;
    for (let tap = taps; tap < end; tap += 4) {
      v = madd<T>(splatAt<T>(w), v128.load(image + <usize>load<u32>(tap)), v);
      w += sizeof<T>();
    }
    storePart<T>(to, v128.pmax<T>(v, v128.splat<T>(least)), length);
    image += pitch;
    to += toPitch;
  }
}

/**
 * Taps of a column where there are 3 or 5 in neighbouring rows, and strips of outputs: then {@link sumThree} or
 * {@link sumFive} sums `rows` rows of `length` outputs. Else 0.
 */
// @ts-ignore: decorator
@inline function highColumns<T>(rows: i32, length: i32): i32 {
  if (strideH() != 1 || dilationH() != 1 || rows < STRIP || length < lanes<T>()) return 0;
  return HH() == 3 || HH() == 5 ? HH() : 0;
}

/** Copies `count` filters of a channel, `step` bytes apart, to [filter][column][row], in turned order if asked. */
function packColumns<T>(from: usize, to: usize, count: i32, step: usize, turned: bool): void {
  const width = WW(), height = HH();
  for (let f = 0; f < count; f++) {
    for (let kw = 0; kw < width; kw++) {
      for (let kh = 0; kh < height; kh++) {
        const row = turned ? height - 1 - kh : kh;
        store<T>(to, load<T>(from + <usize>(row * width + kw) * sizeof<T>()));
        to += sizeof<T>();
      }
    }
    from += step;
  }
}

/**
 * out = b + the convolution, then max(0, ·) if asked. One item is a run of images. Integers: 0 x, 1 w, 2 b, 3 out, 27
 * relu.
 */
export function depthwiseForward<T>(item: i32): void {
  const K = C() * HH() * WW(), pitch = <usize>integer(24) * sizeof<T>();
  const down = phasesOf(HH(), strideH(), dilationH()), across = phasesOf(WW(), strideW(), dilationW());
  const plane = <usize>(H() * W()) * sizeof<T>(), row = <usize>OW() * sizeof<T>();
  const least = integer(27) ? <T>0 : -<T>Infinity;
  const image = ownScratch();
  const room = roomFor<T>(C() * down * across);
  const taps = image + room;
  const packed = (taps + (<usize>K << 2) + 7) & ~7;
  const vectors = (packed + <usize>K * sizeof<T>() + 7) & ~7;
  const narrow = OW() < lanes<T>(), high = highColumns<T>(OH(), OW());
  memory.fill(image, 0, room);
  const end = writeTaps<T>(taps, C(), high > 0);
  const vectorsEnd = narrow ? vectors : writeVectors<T>(vectors, OH(), OW(), pitch, row, high > 0);

  const last = min(integer(6), (item + 1) * integer(26));
  for (let n = item * integer(26); n < last; n++) {
    for (let c = 0; c < C(); c++) {
      const from = pointer(0) + <usize>(n * C() + c) * plane;
      const to = image + <usize>(c * down * across) * phaseBytes<T>();
      layIn<T>(from, to, H(), W(), strideH(), strideW(), padH(), padW(), down, across);
    }
    let to = pointer(3) + <usize>(n * F() * OH()) * row;
    for (let f = n % groups() * F(), filters = f + F(); f < filters; f++) {
      const w = pointer(1) + <usize>(f * K) * sizeof<T>();
      const bias = load<T>(pointer(2) + <usize>f * sizeof<T>());
      if (high) {
        packColumns<T>(w, packed, C(), <usize>(HH() * WW()) * sizeof<T>(), false);
        if (high == 3) sumThree<T>(vectors, vectorsEnd, taps, end, packed, image, to, bias, least, pitch, row);
        else sumFive<T>(vectors, vectorsEnd, taps, end, packed, image, to, bias, least, pitch, row);
      } else if (narrow) {
        sumNarrow<T>(OH(), OW(), row, taps, end, w, image, to, bias, least);
      } else if (spanOf<T>(OW()) == VECTOR) {
        sumAny<T>(vectors, vectorsEnd, taps, end, w, image, to, bias, least);
      } else {
        sumPairs<T>(vectors, vectorsEnd, taps, end, w, image, to, bias, least);
      }
      to += <usize>OH() * row;
    }
  }
}

/** What {@link depthwiseBackwardInput} has to know of a phase: eight integers. */
// @ts-ignore: decorator
@inline const PHASE_BYTES: usize = 32;

/**
 * The gradient of the images, by phases as in convolution-phases.ts: pixels of one phase meet the same taps of dout.
 * One item is a run of images. Integers: 0 dout, 1 w, 3 dx, 27 and 28 the zero rows and columns before dout.
 */
export function depthwiseBackwardInput<T>(item: i32): void {
  const K = HH() * WW(), count = F() * K, top = integer(27), left = integer(28);
  const pitch = <usize>integer(24) * sizeof<T>();
  const plane = <usize>(OH() * OW()) * sizeof<T>();
  const phases = strideH() * strideW();
  const image = ownScratch();
  const room = roomFor<T>(F());
  const taps = image + room, orders = taps + (<usize>count << 2);
  const table = (orders + (<usize>count << 2) + 7) & ~7;
  const weights = table + <usize>phases * PHASE_BYTES;
  const vectors = (weights + <usize>count * sizeof<T>() + 7) & ~7;
  const high = strideW() == 1 ? highColumns<T>(H(), W()) : 0;
  memory.fill(image, 0, room);
  const planes = (writePhases<T>(taps, orders, table, vectors, high > 0) + 63) & ~63;

  const last = min(integer(6), (item + 1) * integer(26));
  for (let n = item * integer(26); n < last; n++) {
    const from = pointer(0) + <usize>(n * F()) * plane;
    for (let f = 0; f < F(); f++) {
      const to = image + <usize>f * phaseBytes<T>();
      layIn<T>(from + <usize>f * plane, to, OH(), OW(), 1, 1, top, left, 1, 1);
    }
    for (let c = 0; c < C(); c++) {
      const filters = pointer(1) + <usize>((n % groups() * F() * C() + c) * K) * sizeof<T>();
      if (high) {
        packColumns<T>(filters, weights, F(), <usize>(C() * K) * sizeof<T>(), true);
      } else {
        for (let k = 0; k < count; k++) {
          const order = <usize>load<u32>(orders + (<usize>k << 2));
          store<T>(weights + <usize>k * sizeof<T>(), load<T>(filters + order * sizeof<T>()));
        }
      }
      const dx = pointer(3) + <usize>((n * C() + c) * H() * W()) * sizeof<T>();
      for (let i = 0; i < phases; i++) {
        const phase = table + <usize>i * PHASE_BYTES;
        const first = <usize>load<i32>(phase);
        const begin = taps + (first << 2), end = taps + (<usize>load<i32>(phase, 4) << 2);
        const rows = load<i32>(phase, 8), length = load<i32>(phase, 12);
        const at = image + <usize>load<u32>(phase, 16), to = phases == 1 ? dx : planes + <usize>load<u32>(phase, 20);
        const w = weights + first * sizeof<T>();
        const v = <usize>load<u32>(phase, 24), vEnd = <usize>load<u32>(phase, 28);
        const row = <usize>length * sizeof<T>(), none = -<T>Infinity;
        if (high == 3) sumThree<T>(v, vEnd, begin, end, w, at, to, 0, none, pitch, row);
        else if (high == 5) sumFive<T>(v, vEnd, begin, end, w, at, to, 0, none, pitch, row);
        else if (v == vEnd) sumNarrow<T>(rows, length, row, begin, end, w, at, to, 0, none);
        else if (spanOf<T>(length) == VECTOR) sumAny<T>(v, vEnd, begin, end, w, at, to, 0, none);
        else sumPairs<T>(v, vEnd, begin, end, w, at, to, 0, none);
      }
      if (phases > 1) joinPlanes<T>(table, planes, dx);
    }
  }
}

/**
 * Writes for each phase [row][column]: the first of its taps and the one behind the last, its rows and columns, where
 * its first pixel is in dout, where its plane begins, and where its vectors begin and end. The taps of a phase,
 * [filter][tap], have their places in dout relative to that of a pixel, in bytes, and their numbers among those of the
 * filters in `orders`; with `high`, the places of the last taps of the columns are written alone. Returns what is
 * behind the vectors.
 */
function writePhases<T>(taps: usize, orders: usize, table: usize, vectors: usize, high: bool): usize {
  const pitch = <usize>integer(24) * sizeof<T>();
  let count = 0, to: usize = 0;
  for (let r = 0; r < strideH(); r++) {
    const top = boundOf(r, 0, strideH(), padH()), rows = boundOf(r, H(), strideH(), padH()) - top;
    for (let q = 0; q < strideW(); q++) {
      const left = boundOf(q, 0, strideW(), padW()), length = boundOf(q, W(), strideW(), padW()) - left;
      store<i32>(table, count);
      for (let f = 0; f < F(); f++) {
        for (let kh = high ? HH() - 1 : 0; kh < HH(); kh++) {
          if (kh * dilationH() % strideH() != r) continue;
          for (let kw = 0; kw < WW(); kw++) {
            if (kw * dilationW() % strideW() != q) continue;
            const back = kh * dilationH() / strideH() * integer(24) + kw * dilationW() / strideW();
            store<u32>(taps + (<usize>count << 2), <u32>(<usize>f * phaseBytes<T>() - <usize>back * sizeof<T>()));
            store<u32>(orders + (<usize>count << 2), (f * C() * HH() + kh) * WW() + kw);
            count++;
          }
        }
      }
      const row = <usize>length * sizeof<T>();
      store<i32>(table, count, 4);
      store<i32>(table, length > 0 ? rows : 0, 8);
      store<i32>(table, length, 12);
      store<u32>(table, <u32>(<usize>(top + integer(27)) * pitch + <usize>(left + integer(28)) * sizeof<T>()), 16);
      store<u32>(table, <u32>to, 20);
      store<u32>(table, <u32>vectors, 24);
      if (length >= lanes<T>()) vectors = writeVectors<T>(vectors, rows, length, pitch, row, high);
      store<u32>(table, <u32>vectors, 28);
      table += PHASE_BYTES;
      to += (<usize>rows * row + VECTOR + 15) & ~15;
    }
  }
  return vectors;
}

/** Writes a plane of dx from the planes of its phases. */
function joinPlanes<T>(table: usize, planes: usize, to: usize): void {
  const stride = strideW(), first = padW() % stride;
  for (let h = 0; h < H(); h++) {
    const r = (h + padH()) % strideH();
    const i = (h + padH()) / strideH() - boundOf(r, 0, strideH(), padH());
    const phase = table + <usize>(r * stride) * PHASE_BYTES;
    if (stride == 2) {
      zipRun<T>(rowOf<T>(phase, planes, first, i), rowOf<T>(phase, planes, 1 - first, i), to, W());
    } else {
      for (let q = 0; q < stride; q++) {
        let from = rowOf<T>(phase, planes, q, i);
        for (let w = (q + stride - first) % stride; w < W(); w += stride) {
          store<T>(to + <usize>w * sizeof<T>(), load<T>(from));
          from += sizeof<T>();
        }
      }
    }
    to += <usize>W() * sizeof<T>();
  }
}

/** Row `i` of the plane of a phase, the `q`th from `phase` on. */
// @ts-ignore: decorator
@inline function rowOf<T>(phase: usize, planes: usize, q: i32, i: i32): usize {
  const at = phase + <usize>q * PHASE_BYTES;
  return planes + <usize>load<u32>(at, 20) + <usize>(i * load<i32>(at, 12)) * sizeof<T>();
}

/**
 * The gradients of the filters and of the biases, summed over a share of the images. One item is a group of a share,
 * and writes its own sums: how many shares there are does not depend on the threads. Integers: 0 x, 1 dout, 2 sums of
 * the biases or 0, 3 sums of the filters, 26 shares.
 */
export function depthwiseBackwardWeights<T>(item: i32): void {
  const shares = integer(26), N = integer(6) / groups();
  const share = item / groups(), group = item % groups();
  const K = HH() * WW(), filters = F(), channels = C();
  const down = phasesOf(HH(), strideH(), dilationH()), across = phasesOf(WW(), strideW(), dilationW());
  const plane = <usize>(H() * W()) * sizeof<T>(), P = OH() * OW();
  const image = ownScratch();
  const planeBytes = <usize>(down * across) * phaseBytes<T>();
  const room = roomFor<T>(channels * down * across);
  const taps = image + room;
  const tiles = (K + TAPS - 1) / TAPS;
  const sums = (taps + (<usize>(tiles * TAPS) << 2) + 15) & ~15;
  const biases = sums + (<usize>(filters * channels * tiles * TAPS) << 3);
  memory.fill(image, 0, room);
  memory.fill(sums, 0, <usize>(filters * (channels * tiles * TAPS + 1)) << 3);
  const square = HH() == WW() && (WW() == 3 || WW() == 5) && max(strideH(), strideW()) == 1;
  // Rows of dout that go by pairs; the others follow row by row.
  const pairs = square && max(dilationH(), dilationW()) == 1 ? OH() & ~1 : 0;
  writeTaps<T>(taps, 1, false);
  // Taps beyond the last are the last once more, and not written.
  for (let k = K; k < tiles * TAPS; k++) store<u32>(taps + (<usize>k << 2), load<u32>(taps + (<usize>(K - 1) << 2)));

  const end = (N * (share + 1)) / shares;
  for (let n = (N * share) / shares; n < end; n++) {
    const i = n * groups() + group;
    for (let c = 0; c < channels; c++) {
      const from = pointer(0) + <usize>(i * channels + c) * plane, to = image + <usize>c * planeBytes;
      layIn<T>(from, to, H(), W(), strideH(), strideW(), padH(), padW(), down, across);
    }
    for (let f = 0; f < filters; f++) {
      const dout = pointer(1) + <usize>((i * filters + f) * P) * sizeof<T>();
      for (let c = 0; c < channels; c++) {
        const own = sums + (<usize>((f * channels + c) * tiles * TAPS) << 3), x = image + <usize>c * planeBytes;
        if (pairs) {
          if (WW() == 3) nineTaps<T>(dout, x, own);
          else for (let kw = 0; kw < 5; kw += 2) tenTaps<T>(dout, x, min(kw, 3), kw > 3, own);
        }
        for (let tile = 0; tile < tiles && pairs < OH(); tile++) {
          const to = own + (<usize>(tile * TAPS) << 3);
          tapsTile<T>(dout, x, taps + (<usize>(tile * TAPS) << 2), pairs, to);
        }
      }
      if (pointer(2)) {
        const to = biases + (<usize>f << 3);
        store<f64>(to, load<f64>(to) + sumShifted<T>(dout, P, 0));
      }
    }
  }
  const first = (share * groups() + group) * filters;
  for (let f = 0; f < filters; f++) {
    for (let c = 0; c < channels; c++) {
      const from = sums + (<usize>((f * channels + c) * tiles * TAPS) << 3);
      const to = pointer(3) + <usize>(((first + f) * channels + c) * K) * sizeof<T>();
      for (let k: usize = 0; k < <usize>K; k++) store<T>(to + k * sizeof<T>(), <T>load<f64>(from + (k << 3)));
    }
    if (pointer(2)) store<T>(pointer(2) + <usize>(first + f) * sizeof<T>(), <T>load<f64>(biases + (<usize>f << 3)));
  }
}

/** The lanes of a vector that `count` values fill, all ones. */
// @ts-ignore: decorator
@inline function lanesBelow<T>(count: i32): v128 {
  if (sizeof<T>() == 4) return v128.lt<i32>(i32x4(0, 1, 2, 3), v128.splat<i32>(count));
  return v128.lt<i64>(i64x2(0, 1), v128.splat<i64>(<i64>count));
}

/** The vector `column` values behind `from`, where `part` with zeros in the lanes that `mask` leaves out. */
// @ts-ignore: decorator
@inline function read<T>(from: usize, column: usize, mask: v128, part: bool): v128 {
  const v = v128.load(from + column * sizeof<T>());
  return part ? v128.and(mask, v) : v;
}

/**
 * sums += Σ over the pixels of pairs of rows of a plane of dout times what the taps of 3 × 3 meet there. The last sum
 * comes first, as in {@link sumThree}.
 */
function nineTaps<T>(dout: usize, image: usize, sums: usize): void {
  let v0 = v128.splat<T>(0), v1 = v0, v2 = v0, v3 = v0, v4 = v0, v5 = v0, v6 = v0, v7 = v0, v8 = v0;
  let x = v0, d0 = v0, d1 = v0;
  const row = <usize>OW() * sizeof<T>(), vectors = row & ~(VECTOR - 1), pitch = <usize>integer(24) * sizeof<T>();
  const rest = OW() % lanes<T>();
  const mask = lanesBelow<T>(rest);
  for (let oh = 1; oh < OH(); oh += 2) {
    let x0 = image, x1 = x0 + pitch, x2 = x1 + pitch, x3 = x2 + pitch;
    for (const stop = dout + vectors; dout < stop; dout += VECTOR) {
      d0 = v128.load(dout), d1 = v128.load(dout + row);
      x = read<T>(x3, 2, mask, false), v8 = madd<T>(d1, x, v8);
      x = read<T>(x3, 1, mask, false), v7 = madd<T>(d1, x, v7);
      x = read<T>(x3, 0, mask, false), v6 = madd<T>(d1, x, v6);
      x = read<T>(x2, 2, mask, false), v5 = madd<T>(d1, x, v5), v8 = madd<T>(d0, x, v8);
      x = read<T>(x2, 1, mask, false), v4 = madd<T>(d1, x, v4), v7 = madd<T>(d0, x, v7);
      x = read<T>(x2, 0, mask, false), v3 = madd<T>(d1, x, v3), v6 = madd<T>(d0, x, v6);
      x = read<T>(x1, 2, mask, false), v2 = madd<T>(d1, x, v2), v5 = madd<T>(d0, x, v5);
      x = read<T>(x1, 1, mask, false), v1 = madd<T>(d1, x, v1), v4 = madd<T>(d0, x, v4);
      x = read<T>(x1, 0, mask, false), v0 = madd<T>(d1, x, v0), v3 = madd<T>(d0, x, v3);
      x = read<T>(x0, 2, mask, false), v2 = madd<T>(d0, x, v2);
      x = read<T>(x0, 1, mask, false), v1 = madd<T>(d0, x, v1);
      x = read<T>(x0, 0, mask, false), v0 = madd<T>(d0, x, v0);
      x0 += VECTOR, x1 += VECTOR, x2 += VECTOR, x3 += VECTOR;
    }
    if (rest) {
      d0 = loadPart<T>(dout, rest), d1 = loadPart<T>(dout + row, rest);
      x = read<T>(x3, 2, mask, true), v8 = madd<T>(d1, x, v8);
      x = read<T>(x3, 1, mask, true), v7 = madd<T>(d1, x, v7);
      x = read<T>(x3, 0, mask, true), v6 = madd<T>(d1, x, v6);
      x = read<T>(x2, 2, mask, true), v5 = madd<T>(d1, x, v5), v8 = madd<T>(d0, x, v8);
      x = read<T>(x2, 1, mask, true), v4 = madd<T>(d1, x, v4), v7 = madd<T>(d0, x, v7);
      x = read<T>(x2, 0, mask, true), v3 = madd<T>(d1, x, v3), v6 = madd<T>(d0, x, v6);
      x = read<T>(x1, 2, mask, true), v2 = madd<T>(d1, x, v2), v5 = madd<T>(d0, x, v5);
      x = read<T>(x1, 1, mask, true), v1 = madd<T>(d1, x, v1), v4 = madd<T>(d0, x, v4);
      x = read<T>(x1, 0, mask, true), v0 = madd<T>(d1, x, v0), v3 = madd<T>(d0, x, v3);
      x = read<T>(x0, 2, mask, true), v2 = madd<T>(d0, x, v2);
      x = read<T>(x0, 1, mask, true), v1 = madd<T>(d0, x, v1);
      x = read<T>(x0, 0, mask, true), v0 = madd<T>(d0, x, v0);
    }
    dout += <usize>rest * sizeof<T>() + row;
    image += 2 * pitch;
  }
  addTo<T>(sums + 0, v0), addTo<T>(sums + 8, v1), addTo<T>(sums + 16, v2);
  addTo<T>(sums + 24, v3), addTo<T>(sums + 32, v4), addTo<T>(sums + 40, v5);
  addTo<T>(sums + 48, v6), addTo<T>(sums + 56, v7), addTo<T>(sums + 64, v8);
}

/** The same for two neighbouring columns of 5 × 5 taps, from `column` on, or for the `second` of them alone. */
function tenTaps<T>(dout: usize, image: usize, column: i32, second: bool, sums: usize): void {
  let v0 = v128.splat<T>(0), v1 = v0, v2 = v0, v3 = v0, v4 = v0, v5 = v0, v6 = v0, v7 = v0, v8 = v0, v9 = v0;
  let x = v0, d0 = v0, d1 = v0;
  const row = <usize>OW() * sizeof<T>(), vectors = row & ~(VECTOR - 1), pitch = <usize>integer(24) * sizeof<T>();
  const rest = OW() % lanes<T>();
  const mask = lanesBelow<T>(rest);
  image += <usize>column * sizeof<T>();
  sums += <usize>column << 3;
  for (let oh = 1; oh < OH(); oh += 2) {
    let x0 = image, x1 = x0 + pitch, x2 = x1 + pitch, x3 = x2 + pitch, x4 = x3 + pitch, x5 = x4 + pitch;
    for (const stop = dout + vectors; dout < stop; dout += VECTOR) {
      d0 = v128.load(dout), d1 = v128.load(dout + row);
      x = read<T>(x5, 1, mask, false), v9 = madd<T>(d1, x, v9);
      x = read<T>(x5, 0, mask, false), v8 = madd<T>(d1, x, v8);
      x = read<T>(x4, 1, mask, false), v7 = madd<T>(d1, x, v7), v9 = madd<T>(d0, x, v9);
      x = read<T>(x4, 0, mask, false), v6 = madd<T>(d1, x, v6), v8 = madd<T>(d0, x, v8);
      x = read<T>(x3, 1, mask, false), v5 = madd<T>(d1, x, v5), v7 = madd<T>(d0, x, v7);
      x = read<T>(x3, 0, mask, false), v4 = madd<T>(d1, x, v4), v6 = madd<T>(d0, x, v6);
      x = read<T>(x2, 1, mask, false), v3 = madd<T>(d1, x, v3), v5 = madd<T>(d0, x, v5);
      x = read<T>(x2, 0, mask, false), v2 = madd<T>(d1, x, v2), v4 = madd<T>(d0, x, v4);
      x = read<T>(x1, 1, mask, false), v1 = madd<T>(d1, x, v1), v3 = madd<T>(d0, x, v3);
      x = read<T>(x1, 0, mask, false), v0 = madd<T>(d1, x, v0), v2 = madd<T>(d0, x, v2);
      x = read<T>(x0, 1, mask, false), v1 = madd<T>(d0, x, v1);
      x = read<T>(x0, 0, mask, false), v0 = madd<T>(d0, x, v0);
      x0 += VECTOR, x1 += VECTOR, x2 += VECTOR, x3 += VECTOR;
      x4 += VECTOR, x5 += VECTOR;
    }
    if (rest) {
      d0 = loadPart<T>(dout, rest), d1 = loadPart<T>(dout + row, rest);
      x = read<T>(x5, 1, mask, true), v9 = madd<T>(d1, x, v9);
      x = read<T>(x5, 0, mask, true), v8 = madd<T>(d1, x, v8);
      x = read<T>(x4, 1, mask, true), v7 = madd<T>(d1, x, v7), v9 = madd<T>(d0, x, v9);
      x = read<T>(x4, 0, mask, true), v6 = madd<T>(d1, x, v6), v8 = madd<T>(d0, x, v8);
      x = read<T>(x3, 1, mask, true), v5 = madd<T>(d1, x, v5), v7 = madd<T>(d0, x, v7);
      x = read<T>(x3, 0, mask, true), v4 = madd<T>(d1, x, v4), v6 = madd<T>(d0, x, v6);
      x = read<T>(x2, 1, mask, true), v3 = madd<T>(d1, x, v3), v5 = madd<T>(d0, x, v5);
      x = read<T>(x2, 0, mask, true), v2 = madd<T>(d1, x, v2), v4 = madd<T>(d0, x, v4);
      x = read<T>(x1, 1, mask, true), v1 = madd<T>(d1, x, v1), v3 = madd<T>(d0, x, v3);
      x = read<T>(x1, 0, mask, true), v0 = madd<T>(d1, x, v0), v2 = madd<T>(d0, x, v2);
      x = read<T>(x0, 1, mask, true), v1 = madd<T>(d0, x, v1);
      x = read<T>(x0, 0, mask, true), v0 = madd<T>(d0, x, v0);
    }
    dout += <usize>rest * sizeof<T>() + row;
    image += 2 * pitch;
  }
  if (!second) {
    addTo<T>(sums + 0, v0), addTo<T>(sums + 40, v2), addTo<T>(sums + 80, v4);
    addTo<T>(sums + 120, v6), addTo<T>(sums + 160, v8);
  }
  addTo<T>(sums + 8, v1), addTo<T>(sums + 48, v3), addTo<T>(sums + 88, v5);
  addTo<T>(sums + 128, v7), addTo<T>(sums + 168, v9);
}

/** sums += Σ over the pixels of a plane of dout, from row `first` on, times what nine taps meet there. */
function tapsTile<T>(dout: usize, image: usize, taps: usize, first: i32, sums: usize): void {
  const a0 = <usize>load<u32>(taps), a1 = <usize>load<u32>(taps, 4), a2 = <usize>load<u32>(taps, 8);
  const a3 = <usize>load<u32>(taps, 12), a4 = <usize>load<u32>(taps, 16), a5 = <usize>load<u32>(taps, 20);
  const a6 = <usize>load<u32>(taps, 24), a7 = <usize>load<u32>(taps, 28), a8 = <usize>load<u32>(taps, 32);
  let v0 = v128.splat<T>(0), v1 = v0, v2 = v0, v3 = v0, v4 = v0, v5 = v0, v6 = v0, v7 = v0, v8 = v0;
  const row = <usize>OW() * sizeof<T>(), vectors = row & ~(VECTOR - 1), pitch = <usize>integer(24) * sizeof<T>();
  const rest = OW() % lanes<T>();
  const mask = lanesBelow<T>(rest);
  dout += <usize>first * row;
  image += <usize>first * pitch;
  for (let oh = first; oh < OH(); oh++) {
    let x = image;
    const stop = dout + vectors;
    for (; dout < stop; dout += VECTOR) {
      const d = v128.load(dout);
      v0 = madd<T>(d, v128.load(x + a0), v0), v1 = madd<T>(d, v128.load(x + a1), v1);
      v2 = madd<T>(d, v128.load(x + a2), v2), v3 = madd<T>(d, v128.load(x + a3), v3);
      v4 = madd<T>(d, v128.load(x + a4), v4), v5 = madd<T>(d, v128.load(x + a5), v5);
      v6 = madd<T>(d, v128.load(x + a6), v6), v7 = madd<T>(d, v128.load(x + a7), v7);
      v8 = madd<T>(d, v128.load(x + a8), v8);
      x += VECTOR;
    }
    if (rest) {
      // What lies beyond the row may be infinite or NaN, which a zero of dout would not keep out.
      const d = loadPart<T>(dout, rest);
      v0 = madd<T>(d, v128.and(mask, v128.load(x + a0)), v0), v1 = madd<T>(d, v128.and(mask, v128.load(x + a1)), v1);
      v2 = madd<T>(d, v128.and(mask, v128.load(x + a2)), v2), v3 = madd<T>(d, v128.and(mask, v128.load(x + a3)), v3);
      v4 = madd<T>(d, v128.and(mask, v128.load(x + a4)), v4), v5 = madd<T>(d, v128.and(mask, v128.load(x + a5)), v5);
      v6 = madd<T>(d, v128.and(mask, v128.load(x + a6)), v6), v7 = madd<T>(d, v128.and(mask, v128.load(x + a7)), v7);
      v8 = madd<T>(d, v128.and(mask, v128.load(x + a8)), v8);
      dout += <usize>rest * sizeof<T>();
    }
    image += pitch;
  }
  addTo<T>(sums, v0), addTo<T>(sums + 8, v1), addTo<T>(sums + 16, v2);
  addTo<T>(sums + 24, v3), addTo<T>(sums + 32, v4), addTo<T>(sums + 40, v5);
  addTo<T>(sums + 48, v6), addTo<T>(sums + 56, v7), addTo<T>(sums + 64, v8);
}

// @ts-ignore: decorator
@inline function addTo<T>(sum: usize, v: v128): void {
  store<f64>(sum, load<f64>(sum) + <f64>sumLanes<T>(v));
}
