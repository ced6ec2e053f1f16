import { zipRun } from "./convolution-phases";
import {
  boundOf, dilationH, dilationW, F, groups, H, HH, OH, OW, ownScratch, padH, padW, strideH, strideW, W, WW,
} from "./image";
import { integer, pointer } from "./job";
import { sumShifted } from "./segments";
import { evenLanes, lanes, loadPart, madd, splatAt, storePart, sumLanes, VECTOR } from "./simd";

// Depthwise convolution: each filter sees one channel, so there is no sum over channels that a matrix product could
// share, and a pass takes little more than to read and write its images. A plane is copied to scratch with zeros around
// it, cut into phases by the strides, [row mod stride][column mod stride][row][column]: so what a tap meets in a row of
// outputs are neighbours, and a row is summed tap by tap, in vectors. N images of one channel, image n of the channel n
// mod groups; F is the filters of a channel. Integers beside those of image.ts: 24 and 25 columns and rows of a phase,
// 26 images of an item.

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

/** Writes where in the phases of an image the taps of a filter begin, in bytes. */
function writeTaps<T>(to: usize): void {
  const across = phasesOf(WW(), strideW(), dilationW());
  for (let kh = 0; kh < HH(); kh++) {
    const h = kh * dilationH(), r = h % strideH();
    for (let kw = 0; kw < WW(); kw++) {
      const w = kw * dilationW(), q = w % strideW();
      const value = h / strideH() * integer(24) + w / strideW();
      store<u32>(to, <u32>(<usize>(r * across + q) * phaseBytes<T>() + <usize>value * sizeof<T>()));
      to += 4;
    }
  }
}

/**
 * A row of `length` outputs: the first plus the sum over the taps, then max(least, ·). The last tile begins early enough
 * to end with the row. A tile is called from two places, so that the compiler leaves it a function of its own, and V8
 * its sums in registers.
 */
function sumRow<T>(
  taps: usize, end: usize, weights: usize, at: usize, to: usize, length: i32, first: T, least: T,
): void {
  const bytes = <usize>length * sizeof<T>();
  let i: usize = 0;
  if (bytes >= 4 * VECTOR) {
    for (; i + 4 * VECTOR <= bytes; i += 4 * VECTOR) fourVectors<T>(taps, end, weights, at + i, to + i, first, least);
    if (i == bytes) return;
    i = bytes - 4 * VECTOR;
    fourVectors<T>(taps, end, weights, at + i, to + i, first, least);
  } else if (bytes >= 2 * VECTOR) {
    twoVectors<T>(taps, end, weights, at, to, first, least);
    if (bytes == 2 * VECTOR) return;
    i = bytes - 2 * VECTOR;
    twoVectors<T>(taps, end, weights, at + i, to + i, first, least);
  } else if (bytes >= VECTOR) {
    v128.store(to, oneVector<T>(taps, end, weights, at, first, least));
    if (bytes == VECTOR) return;
    i = bytes - VECTOR;
    v128.store(to + i, oneVector<T>(taps, end, weights, at + i, first, least));
  } else {
    storePart<T>(to, oneVector<T>(taps, end, weights, at, first, least), length);
  }
}

function fourVectors<T>(taps: usize, end: usize, weights: usize, at: usize, to: usize, first: T, least: T): void {
  let v0 = v128.splat<T>(first), v1 = v0, v2 = v0, v3 = v0;
  while (taps < end) {
    const x = at + <usize>load<u32>(taps);
    const w = splatAt<T>(weights);
    v0 = madd<T>(w, v128.load(x), v0), v1 = madd<T>(w, v128.load(x, VECTOR), v1);
    v2 = madd<T>(w, v128.load(x, 2 * VECTOR), v2), v3 = madd<T>(w, v128.load(x, 3 * VECTOR), v3);
    taps += 4;
    weights += sizeof<T>();
  }
  const l = v128.splat<T>(least);
  v128.store(to, v128.pmax<T>(v0, l)), v128.store(to, v128.pmax<T>(v1, l), VECTOR);
  v128.store(to, v128.pmax<T>(v2, l), 2 * VECTOR), v128.store(to, v128.pmax<T>(v3, l), 3 * VECTOR);
}

function twoVectors<T>(taps: usize, end: usize, weights: usize, at: usize, to: usize, first: T, least: T): void {
  let v0 = v128.splat<T>(first), v1 = v0;
  while (taps < end) {
    const x = at + <usize>load<u32>(taps);
    const w = splatAt<T>(weights);
    v0 = madd<T>(w, v128.load(x), v0), v1 = madd<T>(w, v128.load(x, VECTOR), v1);
    taps += 4;
    weights += sizeof<T>();
  }
  const l = v128.splat<T>(least);
  v128.store(to, v128.pmax<T>(v0, l)), v128.store(to, v128.pmax<T>(v1, l), VECTOR);
}

function oneVector<T>(taps: usize, end: usize, weights: usize, at: usize, first: T, least: T): v128 {
  let v = v128.splat<T>(first);
  while (taps < end) {
    v = madd<T>(splatAt<T>(weights), v128.load(at + <usize>load<u32>(taps)), v);
    taps += 4;
    weights += sizeof<T>();
  }
  return v128.pmax<T>(v, v128.splat<T>(least));
}

/**
 * out = b + the convolution, then max(0, ·) if asked. One item is a run of images. Integers: 0 x, 1 w, 2 b, 3 out, 27
 * relu.
 */
export function depthwiseForward<T>(item: i32): void {
  const K = HH() * WW(), pitch = <usize>integer(24) * sizeof<T>();
  const down = phasesOf(HH(), strideH(), dilationH()), across = phasesOf(WW(), strideW(), dilationW());
  const plane = <usize>(H() * W()) * sizeof<T>(), row = <usize>OW() * sizeof<T>();
  const least = integer(27) ? <T>0 : -<T>Infinity;
  const image = ownScratch();
  const room = roomFor<T>(down * across);
  const taps = image + room, end = taps + (<usize>K << 2);
  memory.fill(image, 0, room);
  writeTaps<T>(taps);

  const last = min(integer(6), (item + 1) * integer(26));
  for (let n = item * integer(26); n < last; n++) {
    layIn<T>(pointer(0) + <usize>n * plane, image, H(), W(), strideH(), strideW(), padH(), padW(), down, across);
    let to = pointer(3) + <usize>(n * F() * OH()) * row;
    for (let f = n % groups() * F(), filters = f + F(); f < filters; f++) {
      const weights = pointer(1) + <usize>(f * K) * sizeof<T>();
      const bias = load<T>(pointer(2) + <usize>f * sizeof<T>());
      let at = image;
      for (let oh = 0; oh < OH(); oh++) {
        sumRow<T>(taps, end, weights, at, to, OW(), bias, least);
        at += pitch;
        to += row;
      }
    }
  }
}

/**
 * The gradient of the images, by phases as in convolution-phases.ts: pixels of one phase meet the same taps of dout. One
 * item is a run of images. Integers: 0 dout, 1 w, 3 dx, 27 and 28 the zero rows and columns before dout.
 */
export function depthwiseBackwardInput<T>(item: i32): void {
  const K = HH() * WW(), count = F() * K, top = integer(27), left = integer(28);
  const pitch = <usize>integer(24) * sizeof<T>();
  const plane = <usize>(OH() * OW()) * sizeof<T>(), rowBytes = <usize>W() * sizeof<T>();
  const image = ownScratch();
  const room = roomFor<T>(F());
  const taps = image + room, orders = taps + (<usize>count << 2);
  const ends = orders + (<usize>count << 2);
  const weights = (ends + (<usize>(strideH() * strideW()) << 2) + 15) & ~15;
  const rows = (weights + <usize>count * sizeof<T>() + 15) & ~15;
  const phaseRow = (<usize>W() * sizeof<T>() + VECTOR + 15) & ~15;
  memory.fill(image, 0, room);
  writePhaseTaps<T>(taps, orders, ends);

  const last = min(integer(6), (item + 1) * integer(26));
  for (let n = item * integer(26); n < last; n++) {
    const from = pointer(0) + <usize>(n * F()) * plane;
    for (let f = 0; f < F(); f++) {
      const to = image + <usize>f * phaseBytes<T>();
      layIn<T>(from + <usize>f * plane, to, OH(), OW(), 1, 1, top, left, 1, 1);
    }
    const filters = pointer(1) + <usize>(n % groups() * count) * sizeof<T>();
    for (let k = 0; k < count; k++) {
      const order = <usize>load<u32>(orders + (<usize>k << 2));
      store<T>(weights + <usize>k * sizeof<T>(), load<T>(filters + order * sizeof<T>()));
    }
    const dx = pointer(3) + <usize>(n * H()) * rowBytes;
    for (let h = 0; h < H(); h++) {
      const r = (h + padH()) % strideH(), i = (h + padH()) / strideH();
      const to = dx + <usize>h * rowBytes;
      for (let q = 0; q < strideW(); q++) {
        const begin = boundOf(q, 0, strideW(), padW());
        const length = boundOf(q, W(), strideW(), padW()) - begin;
        const phase = r * strideW() + q;
        const first = phase ? load<u32>(ends + (<usize>(phase - 1) << 2)) : 0;
        const end = load<u32>(ends + (<usize>phase << 2));
        const at = image + <usize>(i + top) * pitch + <usize>(begin + left) * sizeof<T>();
        const row = strideW() == 1 ? to : rows + <usize>q * phaseRow;
        const values = weights + <usize>first * sizeof<T>();
        if (length > 0) {
          sumRow<T>(taps + (<usize>first << 2), taps + (<usize>end << 2), values, at, row, length, 0, -<T>Infinity);
        }
      }
      if (strideW() > 1) joinRows<T>(rows, phaseRow, to);
    }
  }
}

/**
 * Writes for each phase [row][column] its taps [filter][tap], their places in dout relative to that of a pixel, in
 * bytes; for each of them its number among the taps of the filters; and for each phase where its taps end.
 */
function writePhaseTaps<T>(to: usize, order: usize, ends: usize): void {
  let count = 0;
  for (let r = 0; r < strideH(); r++) {
    for (let q = 0; q < strideW(); q++) {
      for (let f = 0; f < F(); f++) {
        for (let kh = 0; kh < HH(); kh++) {
          if (kh * dilationH() % strideH() != r) continue;
          for (let kw = 0; kw < WW(); kw++) {
            if (kw * dilationW() % strideW() != q) continue;
            const back = kh * dilationH() / strideH() * integer(24) + kw * dilationW() / strideW();
            store<u32>(to, <u32>(<usize>f * phaseBytes<T>() - <usize>back * sizeof<T>()));
            store<u32>(order, (f * HH() + kh) * WW() + kw);
            to += 4;
            order += 4;
            count++;
          }
        }
      }
      store<u32>(ends, count);
      ends += 4;
    }
  }
}

/** Writes a row of dx from the rows of its phases. */
function joinRows<T>(rows: usize, phaseRow: usize, to: usize): void {
  const stride = strideW(), first = padW() % stride;
  if (stride == 2) return zipRun<T>(rows + <usize>first * phaseRow, rows + <usize>(1 - first) * phaseRow, to, W());
  for (let q = 0; q < stride; q++) {
    let from = rows + <usize>q * phaseRow;
    for (let w = (q + stride - first) % stride; w < W(); w += stride) {
      store<T>(to + <usize>w * sizeof<T>(), load<T>(from));
      from += sizeof<T>();
    }
  }
}

/**
 * The gradients of the filters and of the biases, summed over a share of the images. One item is a channel of a share,
 * and writes its own sums: how many shares there are does not depend on the threads. Integers: 0 x, 1 dout, 2 sums of
 * the biases or 0, 3 sums of the filters, 26 shares.
 */
export function depthwiseBackwardWeights<T>(item: i32): void {
  const channels = groups(), shares = integer(26), N = integer(6) / channels;
  const share = item / channels, channel = item % channels;
  const K = HH() * WW(), filters = F();
  const down = phasesOf(HH(), strideH(), dilationH()), across = phasesOf(WW(), strideW(), dilationW());
  const plane = <usize>(H() * W()) * sizeof<T>(), P = OH() * OW();
  const image = ownScratch();
  const room = roomFor<T>(down * across);
  const taps = image + room;
  const tiles = (K + TAPS - 1) / TAPS;
  const sums = (taps + (<usize>(tiles * TAPS) << 2) + 15) & ~15;
  const biases = sums + (<usize>(filters * tiles * TAPS) << 3);
  memory.fill(image, 0, room);
  memory.fill(sums, 0, <usize>(filters * (tiles * TAPS + 1)) << 3);
  writeTaps<T>(taps);
  // Taps beyond the last are the last once more, and not written.
  for (let k = K; k < tiles * TAPS; k++) store<u32>(taps + (<usize>k << 2), load<u32>(taps + (<usize>(K - 1) << 2)));

  const end = (N * (share + 1)) / shares;
  for (let n = (N * share) / shares; n < end; n++) {
    const i = n * channels + channel;
    layIn<T>(pointer(0) + <usize>i * plane, image, H(), W(), strideH(), strideW(), padH(), padW(), down, across);
    for (let f = 0; f < filters; f++) {
      const dout = pointer(1) + <usize>((i * filters + f) * P) * sizeof<T>();
      for (let tile = 0; tile < tiles; tile++) {
        const to = sums + (<usize>((f * tiles + tile) * TAPS) << 3);
        tapsTile<T>(dout, image, taps + (<usize>(tile * TAPS) << 2), to);
      }
      if (pointer(2)) {
        const to = biases + (<usize>f << 3);
        store<f64>(to, load<f64>(to) + sumShifted<T>(dout, P, 0));
      }
    }
  }
  const first = (share * channels + channel) * filters;
  for (let f = 0; f < filters; f++) {
    for (let k = 0; k < K; k++) {
      const sum = load<f64>(sums + (<usize>(f * tiles * TAPS + k) << 3));
      store<T>(pointer(3) + <usize>((first + f) * K + k) * sizeof<T>(), <T>sum);
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

/** sums += Σ over the pixels of a plane of dout times what nine taps meet there. */
function tapsTile<T>(dout: usize, image: usize, taps: usize, sums: usize): void {
  const a0 = <usize>load<u32>(taps), a1 = <usize>load<u32>(taps, 4), a2 = <usize>load<u32>(taps, 8);
  const a3 = <usize>load<u32>(taps, 12), a4 = <usize>load<u32>(taps, 16), a5 = <usize>load<u32>(taps, 20);
  const a6 = <usize>load<u32>(taps, 24), a7 = <usize>load<u32>(taps, 28), a8 = <usize>load<u32>(taps, 32);
  let v0 = v128.splat<T>(0), v1 = v0, v2 = v0, v3 = v0, v4 = v0, v5 = v0, v6 = v0, v7 = v0, v8 = v0;
  const row = <usize>OW() * sizeof<T>(), vectors = row & ~(VECTOR - 1), pitch = <usize>integer(24) * sizeof<T>();
  const rest = OW() % lanes<T>();
  const mask = lanesBelow<T>(rest);
  for (let oh = 0; oh < OH(); oh++) {
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
