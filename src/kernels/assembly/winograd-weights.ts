import { TILE_ROW_BYTES, TILE_ROWS } from "../wasm/protocol";
import { C, F, H, HH, OH, OW, ownScratch, padH, padW, W, WW } from "./image";
import { integer, pointer } from "./job";
import { VECTOR } from "./simd";
import { cover, tileBuffer, twoRowsTwice } from "./tile";
import { jumpAt } from "./winograd";
import { gradientTiles2x3, inputTiles2x3, weights2x3 } from "./winograd-2x3";
import { gradientTiles4x3, inputTiles4x3, weights4x3 } from "./winograd-4x3";
import { gradientTiles4x5, inputTiles4x5, weights4x5 } from "./winograd-4x5";
import { gradientEdges, inputEdges, LEFT_OUT } from "./winograd-edges";
import {
  atEdge, bufferRow, chooseGrid, columnsReached, copyRows, depth, firstColumn, firstRow, haloH, haloW, layTiles,
  pieceAt, pieceH, pieces, pieceW, tileAt, tileHeight, tileInputs, tilesAtATime, tileTaps, tileWidth,
} from "./winograd-tiles";

// The gradient of the filters by Winograd's tiles. The forward pass is linear in U = G g Gᵀ, so that the gradient of
// U[ξ] is the sum over the tiles of (A dy Aᵀ)[ξ] · (Bᵀ d B)[ξ], a product of matrices (F, tiles) · (tiles, C), and that
// of g is Gᵀ dU G. A block of tiles is transformed, then multiplied at every ξ; the blocks are added in order. Integers
// 4 to 26, and 37 on, are those of image.ts and winograd-tiles.ts, but for the products.

/**
 * Bᵀ d B and A dy Aᵀ of a block of tiles, in panels [ξ][panel][tile][8 channels] and [ξ][panel][tile][6 filters]. One
 * item is 8 channels or 12 filters of a part of the block. Integers: 0 x, 1 dout, 2 V, 3 Y, 27 to 29 where in the
 * scratch the tables of tiles and rows and the buffer begin, 30 bytes of a plane in the buffer, 31 and 32 bytes of V[ξ]
 * and Y[ξ], 33 and 34 the tiles of the block, 35 parts, 36 how many of the F filters of dout there are: dout is that of
 * the first.
 */
export function winogradBlock(item: i32): void {
  chooseGrid(0);
  const begin = integer(33), parts = integer(35);
  const first = begin + item % parts * tilesAtATime();
  const end = min(first + tilesAtATime(), integer(34));
  if (first >= end) return;
  const group = item / parts, channelGroups = (depth() + 7) >> 3;
  memory.fill(ownScratch() + <usize>integer(29), 0, <usize>integer(30) << 2);
  if (group < channelGroups) {
    inputPanel(group * 8, first, end, first - begin);
  } else {
    const rows = (integer(36) + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
    const f = (group - channelGroups) * 12;
    gradientRows(f, min(f + 12, rows), first, end, first - begin);
  }
}

function inputPanel(channel: i32, first: i32, end: i32, place: i32): void {
  const own = ownScratch();
  const tiles = own + <usize>integer(27), rows = own + <usize>integer(28), buffer = own + <usize>integer(29);
  const inputs = tileInputs(), edge = atEdge(), rowBytes = bufferRow(haloW()), planeBytes = <usize>integer(30);
  const step = <usize>integer(31);
  const panelBytes = <usize>(integer(34) - integer(33)) * TILE_ROW_BYTES;
  const plane = <usize>(H() * W()) << 2;
  const count = layTiles(first, end, rows, tiles, C(), H(), W(), haloH(), haloW(), padH(), padW());
  const panel = pointer(2) + <usize>(channel >> 3) * panelBytes + <usize>place * TILE_ROW_BYTES;
  for (let i = channel; i < min(channel + 8, depth()); i += 4) {
    // Beyond the last channel it is taken once more: what is made of it is not stored in the end.
    const last = depth() - 1;
    const a = laidPlane(i, 0, plane, rows, count, buffer, planeBytes, rowBytes);
    const b = laidPlane(min(i + 1, last), 1, plane, rows, count, buffer, planeBytes, rowBytes);
    const c = laidPlane(min(i + 2, last), 2, plane, rows, count, buffer, planeBytes, rowBytes);
    const d = laidPlane(min(i + 3, last), 3, plane, rows, count, buffer, planeBytes, rowBytes);
    let to = panel + (<usize>(i - channel) << 2);
    for (let t = 0; t < end - first; t++) {
      const at = tileAt(tiles, t);
      if (edge) {
        inputEdges(a + at, b + at, c + at, d + at, rowBytes, own, to, step, tileHeight(), tileWidth());
      } else if (inputs == 6) inputTiles4x3(a + at, b + at, c + at, d + at, rowBytes, own, to, step);
      else if (inputs == 8) inputTiles4x5(a + at, b + at, c + at, d + at, rowBytes, own, to, step);
      else inputTiles2x3(a + at, b + at, c + at, d + at, rowBytes, own, to, step);
      to += TILE_ROW_BYTES;
    }
  }
}

/** Copies the plane of a channel to place `lane` in the buffer, and returns where the tiles of its piece lie in it. */
function laidPlane(
  channel: i32, lane: usize, plane: usize, rows: usize, count: i32, buffer: usize, planeBytes: usize, rowBytes: usize,
): usize {
  const to = buffer + lane * planeBytes;
  const columns = columnsReached(W(), haloW(), padW());
  copyRows(rows, count, pointer(0) + <usize>(channel / pieces()) * plane, to, columns);
  return to + pieceAt(channel % pieces(), rowBytes);
}

function gradientRows(f: i32, stop: i32, first: i32, end: i32, place: i32): void {
  const own = ownScratch(), filters = integer(36);
  const tiles = own + <usize>integer(27), rows = own + <usize>integer(28), buffer = own + <usize>integer(29);
  const inputs = tileInputs(), edge = atEdge(), columns = columnsReached(OW(), 0, 0);
  const rowBytes = bufferRow(0), planeBytes = <usize>integer(30), step = <usize>integer(32);
  const panelBytes = <usize>(integer(34) - integer(33)) * TILE_ROWS * sizeof<f32>();
  const plane = <usize>(OH() * OW()) << 2;
  const count = layTiles(first, end, rows, tiles, F(), OH(), OW(), 0, 0, 0, 0);
  for (; f < stop; f += 4) {
    const filled = min(4, filters - f);
    for (let i = 0; i < filled; i++) {
      copyRows(rows, count, pointer(1) + <usize>(f + i) * plane, buffer + <usize>i * planeBytes, columns);
    }
    const jump = jumpAt(f, filters, panelBytes);
    let to = pointer(3) + <usize>(f / TILE_ROWS) * panelBytes
      + <usize>(place * TILE_ROWS + f % TILE_ROWS) * sizeof<f32>();
    for (let t = 0; t < end - first; t++) {
      const a = buffer + tileAt(tiles, t);
      const b = a + planeBytes;
      const c = b + planeBytes;
      const d = c + planeBytes;
      if (edge) gradientEdges(a, b, c, d, rowBytes, own, to, step, jump, tileHeight(), tileWidth());
      else if (inputs == 6) gradientTiles4x3(a, b, c, d, rowBytes, own, to, step, jump);
      else if (inputs == 8) gradientTiles4x5(a, b, c, d, rowBytes, own, to, step, jump);
      else gradientTiles2x3(a, b, c, d, rowBytes, own, to, step, jump);
      to += TILE_ROWS * sizeof<f32>();
    }
  }
}

/**
 * dU[ξ] (F, C) = Y[ξ] · V[ξ], or + that, at one ξ, tile by tile: [filter / 6][channel / 8][6][8]. One item is a ξ, or
 * a part of its panels of filters. Integers: 0 Y, 1 V, 2 dU, 3 and 4 filters and channels, 5 tiles, 6 to 8 bytes of
 * Y[ξ], V[ξ] and dU[ξ], 9 whether to add, 10 parts, 11 float64 sums of dout for each filter, or 0, 12 the inputs along
 * an axis of a tile, 13 and 14 whether the tiles have all rows and all columns of ξ. A long sum of short sums, those of
 * blocks, loses less to rounding than one sum.
 */
export function winogradProducts(item: i32): void {
  const filters = integer(3), channels = integer(4), tiles = integer(5), parts = integer(10);
  const add = integer(9) != 0;
  const filterPanels = (filters + TILE_ROWS - 1) / TILE_ROWS, channelPanels = (channels + 7) >> 3;
  const point = <usize>(item / parts), part = item % parts;
  const tileBytes = <usize>TILE_ROWS * TILE_ROW_BYTES, panelBytes = <usize>tiles * TILE_ROW_BYTES;
  const Y = pointer(0) + point * <usize>integer(6);
  const V = pointer(1) + point * <usize>integer(7);
  const dU = pointer(2) + point * <usize>integer(8);
  const buffer = tileBuffer(), second = buffer + 2 * <usize>TILE_ROW_BYTES;
  // At the point 1 on both axes a row of A is all ones: Y is the sum of a tile of dout.
  const sums = <i32>point == integer(12) + 1 ? pointer(11) : 0;
  const end = filterPanels * (part + 1) / parts;
  const row = <i32>point / integer(12);
  if ((row == LEFT_OUT && !integer(13)) || (<i32>point - row * integer(12) == LEFT_OUT && !integer(14))) {
    const begin = filterPanels * part / parts;
    const bytes = <usize>channelPanels * tileBytes;
    if (!add) memory.fill(dU + <usize>begin * bytes, 0, <usize>(end - begin) * bytes);
    return;
  }
  for (let i = filterPanels * part / parts; i < end; i++) {
    if (sums) sumPanel(Y, i, tiles, sums, add);
    const a = Y + <usize>(i * tiles) * (TILE_ROWS * sizeof<f32>());
    const height = min(TILE_ROWS, filters - i * TILE_ROWS);
    let b = V, to = dU + <usize>(i * channelPanels) * tileBytes;
    for (let j = 0; j < channelPanels; j++) {
      if (height <= 2 && j + 1 < channelPanels) {
        twoRowsTwice<f32>(tiles, a, b, panelBytes, buffer, TILE_ROW_BYTES, second - buffer);
        putSums(buffer, to, height, add);
        b += panelBytes;
        to += tileBytes;
        j++;
        putSums(second, to, height, add);
      } else {
        cover<f32>(tiles, a, b, buffer, TILE_ROW_BYTES, false, 0, height, channels - j * 8);
        putSums(buffer, to, height, add);
      }
      b += panelBytes;
      to += tileBytes;
    }
  }
}

/** The sums of a panel's rows, or their sums with those of the blocks before. */
function sumPanel(Y: usize, panel: i32, tiles: i32, sums: usize, add: bool): void {
  let a: f64 = 0, b: f64 = 0, c: f64 = 0, d: f64 = 0, e: f64 = 0, f: f64 = 0;
  let at = Y + <usize>(panel * tiles * TILE_ROWS) * sizeof<f32>();
  for (const end = at + <usize>(tiles * TILE_ROWS) * sizeof<f32>(); at < end; at += TILE_ROWS * sizeof<f32>()) {
    a += <f64>load<f32>(at), b += <f64>load<f32>(at, 4), c += <f64>load<f32>(at, 8);
    d += <f64>load<f32>(at, 12), e += <f64>load<f32>(at, 16), f += <f64>load<f32>(at, 20);
  }
  const to = sums + <usize>(panel * TILE_ROWS) * sizeof<f64>();
  store<f64>(to, add ? load<f64>(to) + a : a), store<f64>(to, add ? load<f64>(to, 8) + b : b, 8);
  store<f64>(to, add ? load<f64>(to, 16) + c : c, 16), store<f64>(to, add ? load<f64>(to, 24) + d : d, 24);
  store<f64>(to, add ? load<f64>(to, 32) + e : e, 32), store<f64>(to, add ? load<f64>(to, 40) + f : f, 40);
}

/** Adds rows of a tile of sums to those at `to`, or writes them there. */
function putSums(from: usize, to: usize, height: i32, add: bool): void {
  for (const end = from + <usize>height * TILE_ROW_BYTES; from < end; from += TILE_ROW_BYTES) {
    let x = v128.load(from), y = v128.load(from, VECTOR);
    if (add) x = f32x4.add(x, v128.load(to)), y = f32x4.add(y, v128.load(to, VECTOR));
    v128.store(to, x);
    v128.store(to, y, VECTOR);
    to += TILE_ROW_BYTES;
  }
}

/**
 * dw = Gᵀ dU G, and db. One item is a filter. Integers: 0 dU, 1 dw, 2 sums of dout, 3 db or 0, 27 bytes of six rows
 * of dU[ξ], 28 bytes of dU[ξ].
 */
export function winogradWeights(f: i32): void {
  if (pointer(3)) store<f32>(pointer(3) + (<usize>f << 2), <f32>load<f64>(pointer(2) + (<usize>f << 3)));
  const channels = depth(), inputs = tileInputs(), taps = tileTaps(), own = ownScratch();
  const step = <usize>integer(28), filterBytes = <usize>(HH() * WW()) << 2;
  const row = pointer(0) + <usize>(f / TILE_ROWS) * <usize>integer(27) + <usize>(f % TILE_ROWS) * TILE_ROW_BYTES;
  const to = pointer(1) + <usize>(f * C()) * filterBytes;
  for (let first = 0; first < channels; first += 4) {
    const from = row + <usize>(first >> 3) * (TILE_ROWS * TILE_ROW_BYTES) + (<usize>(first & 7) << 2);
    if (inputs == 6) weights4x3(from, step, own);
    else if (inputs == 8) weights4x5(from, step, own);
    else weights2x3(from, step, own);
    for (let lane = 0; lane < min(4, channels - first); lane++) {
      const channel = first + lane;
      const filter = to + <usize>(channel / pieces()) * filterBytes;
      scatterPiece(own + (<usize>lane << 2), filter, channel % pieces(), taps);
    }
  }
}

/** Writes the taps of a piece, in a lane of vectors from `from` on, to where they lie in their filter. */
function scatterPiece(from: usize, filter: usize, piece: i32, taps: i32): void {
  const h = firstRow(piece), w = firstColumn(piece);
  const rows = min(pieceH(), HH() - h), columns = min(pieceW(), WW() - w);
  filter += <usize>(h * WW() + w) << 2;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) store<f32>(filter + (<usize>j << 2), load<f32>(from + <usize>j * VECTOR));
    from += <usize>taps * VECTOR;
    filter += <usize>WW() << 2;
  }
}
