import { boundOf, C, H, HH, OW, padH, padW, strideH, strideW, W, WW } from "./image";
import { integer, pointer } from "./job";
import { evenLanes, fillRun, lanes, VECTOR } from "./simd";

// An image laid out so that what a tap of a convolution, at any stride, meets at all pixels is one run of P = OH·OW
// values. Rows of the image are cut to the pixels' columns once for each kw; a tap (c, kh, kw) then reads the rows kh,
// kh + strideH, … of (c, kw), which lie one after another. So nothing is packed for a tile or transposed, and runs of
// pixels need no edge at the end of a row. Integers beside those of image.ts: 24 rows of a run's plane.

/** Bytes of the laid-out image. */
// @ts-ignore: decorator
@inline function planesBytes<T>(): usize {
  return <usize>(C() * min(strideH(), HH()) * WW() * integer(24) * OW()) * sizeof<T>();
}

/** Bytes of the laid-out image with what {@link layOut} writes beyond it, in whole vectors. */
// @ts-ignore: decorator
@inline export function laidOutBytes<T>(): usize {
  return (planesBytes<T>() + VECTOR + 15) & ~15;
}

/** Lays image `n` out at `to`: [c][kh mod strideH][kw][row][OW]. Writes up to a vector beyond the last. */
export function layOut<T>(n: i32, to: usize): void {
  const rows = integer(24), phases = min(strideH(), HH());
  for (let c = 0; c < C(); c++) {
    for (let r = 0; r < phases; r++) {
      for (let kw = 0; kw < WW(); kw++) {
        layOutPlane<T>(n * C() + c, r, kw, to);
        to += <usize>(rows * OW()) * sizeof<T>();
      }
    }
  }
}

/**
 * One plane of {@link layOut}. Rows are read as if there were pixels beside the image where there is padding, and
 * written one after another, each maybe beyond its end; what does not belong there is overwritten.
 */
function layOutPlane<T>(channel: i32, r: i32, kw: i32, to: usize): void {
  const width = OW(), step = strideW(), rows = integer(24);
  const runBytes = <usize>width * sizeof<T>();
  const rowBytes = <usize>(strideH() * W()) * sizeof<T>();
  // The rows from `top` on, before `bottom`, and of these the columns from `left` on, before `right`, lie in the image.
  const top = min(rows, boundOf(r, 0, strideH(), padH()));
  const bottom = max(top, min(rows, boundOf(r, H(), strideH(), padH())));
  const left = min(width, boundOf(kw, 0, step, padW()));
  const right = max(left, min(width, boundOf(kw, W(), step, padW())));
  const first = to + <usize>top * runBytes, end = to + <usize>bottom * runBytes;
  const vectors = (width + lanes<T>() - 1) / lanes<T>();
  // What is read, in values from the first image on.
  const begin = (channel * H() + top * strideH() + r - padH()) * W() + kw - padW();
  const stop = begin + (bottom - top - 1) * strideH() * W() + vectors * lanes<T>() * step;
  const row = pointer(0) + <usize>(begin * <i32>sizeof<T>());

  fillRun<T>(to, 0, top * width);
  if (step > 2 || begin < 0 || stop > integer(6) * C() * H() * W()) {
    takeSingly<T>(row, rowBytes, first, end, left, right);
  } else if (step == 1) {
    takeAll<T>(row, rowBytes, first, end, vectors);
  } else {
    takeEven<T>(row, rowBytes, first, end, vectors);
  }
  for (let ow = 0; ow < width; ow++) {
    if (ow == left) ow = right;
    if (ow < width) for (let at = first; at < end; at += runBytes) store<T>(at + <usize>ow * sizeof<T>(), <T>0);
  }
  fillRun<T>(end, 0, (rows - bottom) * width);
}

/** Rows of every value, `rowBytes` after another. */
function takeAll<T>(row: usize, rowBytes: usize, to: usize, end: usize, vectors: i32): void {
  const runBytes = <usize>OW() * sizeof<T>();
  for (; to < end; to += runBytes) {
    const rowEnd = row + <usize>vectors * VECTOR;
    let at = to;
    for (let from = row; from < rowEnd; from += VECTOR) {
      v128.store(at, v128.load(from));
      at += VECTOR;
    }
    row += rowBytes;
  }
}

/** Rows of every second value. */
function takeEven<T>(row: usize, rowBytes: usize, to: usize, end: usize, vectors: i32): void {
  const runBytes = <usize>OW() * sizeof<T>();
  for (; to < end; to += runBytes) {
    const rowEnd = row + <usize>vectors * 2 * VECTOR;
    let at = to;
    for (let from = row; from < rowEnd; from += 2 * VECTOR) {
      v128.store(at, evenLanes<T>(v128.load(from), v128.load(from, VECTOR)));
      at += VECTOR;
    }
    row += rowBytes;
  }
}

/** Rows of the columns from `left` on, before `right`, at any stride. */
function takeSingly<T>(row: usize, rowBytes: usize, to: usize, end: usize, left: i32, right: i32): void {
  const runBytes = <usize>OW() * sizeof<T>(), step = <usize>strideW() * sizeof<T>();
  for (; to < end; to += runBytes) {
    for (let ow = left; ow < right; ow++) store<T>(to + <usize>ow * sizeof<T>(), load<T>(row + <usize>ow * step));
    row += rowBytes;
  }
}

/** Writes for each k = (c, kh, kw) where its run begins in the image that is laid out at `image`. */
export function writeRuns<T>(image: usize, to: usize): void {
  const phases = min(strideH(), HH());
  for (let c = 0; c < C(); c++) {
    for (let kh = 0; kh < HH(); kh++) {
      for (let kw = 0; kw < WW(); kw++) {
        const plane = (c * phases + kh % strideH()) * WW() + kw;
        store<u32>(to, <u32>(image + <usize>((plane * integer(24) + kh / strideH()) * OW()) * sizeof<T>()));
        to += 4;
      }
    }
  }
}
