import { EDGE_TILES, EDGE_TILE_BYTES, TILE_ROW_BYTES, TILE_ROWS } from "../wasm/protocol";
import { thread, tile } from "./gemm";
import { C, F, H, OH, OW, ownScratch, padH, padW, W } from "./image";
import { integer, pointer } from "./job";
import { VECTOR } from "./simd";
import { jumpAt } from "./winograd";
import { gradientTiles4, inputTiles4, weights4 } from "./winograd-four";
import { FILTER_BYTES } from "./winograd-lanes";
import { bufferRow, copyRows, layTiles, tileAt, tilesAtATime, tileSize } from "./winograd-tiles";
import { gradientTiles2, inputTiles2, weights2 } from "./winograd-two";

// The gradient of the filters by Winograd's tiles. The forward pass is linear in U = G g Gᵀ, so that the gradient of U[ξ]
// is the sum over the tiles of (A dy Aᵀ)[ξ] · (Bᵀ d B)[ξ], a product of matrices (F, tiles) · (tiles, C), and that of g is
// Gᵀ dU G. A block of tiles is transformed, then multiplied at every ξ; the blocks are added in order.

/**
 * Bᵀ d B and A dy Aᵀ of a block of tiles, in panels [ξ][panel][tile][8 channels] and [ξ][panel][tile][6 filters]. One item is
 * 8 channels or 12 filters of a part of the block. Integers: 0 x, 1 dout, 2 V, 3 Y, 19 and 20 those of winograd-tiles.ts, 21
 * to 23 where in the scratch the tables of tiles and rows and the buffer begin, 24 bytes of a plane in the buffer, 25 and 26
 * bytes of V[ξ] and Y[ξ], 27 and 28 the tiles of the block, 29 parts, 30 how many of the
 * F filters of dout there are: dout is that of the first.
 */
export function winogradBlock(item: i32): void {
  const begin = integer(27), parts = integer(29);
  const first = begin + item % parts * tilesAtATime();
  const end = min(first + tilesAtATime(), integer(28));
  if (first >= end) return;
  const group = item / parts, channelGroups = (C() + 7) >> 3;
  memory.fill(ownScratch() + <usize>integer(23), 0, <usize>integer(24) << 2);
  if (group < channelGroups) {
    inputPanel(group * 8, first, end, first - begin);
  } else {
    const rows = (integer(30) + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
    const f = (group - channelGroups) * 12;
    gradientRows(f, min(f + 12, rows), first, end, first - begin);
  }
}

function inputPanel(c: i32, first: i32, end: i32, place: i32): void {
  const own = ownScratch();
  const tiles = own + <usize>integer(21), rows = own + <usize>integer(22), buffer = own + <usize>integer(23);
  const size = tileSize(), rowBytes = bufferRow(2), planeBytes = <usize>integer(24), step = <usize>integer(25);
  const panelBytes = <usize>(integer(28) - integer(27)) * TILE_ROW_BYTES;
  const channel = <usize>(H() * W()) << 2;
  const count = layTiles(first, end, rows, tiles, C(), H(), W(), 2, padH(), padW());
  const panel = pointer(2) + <usize>(c >> 3) * panelBytes + <usize>place * TILE_ROW_BYTES;
  for (let half = 0; half < 2; half++) {
    // Channels beyond the last are whatever the buffer holds: what is made of them is not stored in the end.
    const filled = min(4, C() - c - half * 4);
    for (let i = 0; i < filled; i++) {
      const from = pointer(0) + <usize>(c + half * 4 + i) * channel;
      copyRows(rows, count, from, buffer + <usize>i * planeBytes, W());
    }
    let to = panel + <usize>half * VECTOR;
    for (let t = 0; t < end - first; t++) {
      const a = buffer + tileAt(tiles, t);
      const b = a + planeBytes;
      const c = b + planeBytes;
      if (size == 4) inputTiles4(a, b, c, c + planeBytes, rowBytes, own, to, step);
      else inputTiles2(a, b, c, c + planeBytes, rowBytes, own, to, step);
      to += TILE_ROW_BYTES;
    }
  }
}

function gradientRows(f: i32, stop: i32, first: i32, end: i32, place: i32): void {
  const own = ownScratch(), filters = integer(30);
  const tiles = own + <usize>integer(21), rows = own + <usize>integer(22), buffer = own + <usize>integer(23);
  const size = tileSize(), rowBytes = bufferRow(0), planeBytes = <usize>integer(24), step = <usize>integer(26);
  const panelBytes = <usize>(integer(28) - integer(27)) * TILE_ROWS * sizeof<f32>();
  const channel = <usize>(OH() * OW()) << 2;
  const count = layTiles(first, end, rows, tiles, F(), OH(), OW(), 0, 0, 0);
  for (; f < stop; f += 4) {
    const filled = min(4, filters - f);
    for (let i = 0; i < filled; i++) {
      copyRows(rows, count, pointer(1) + <usize>(f + i) * channel, buffer + <usize>i * planeBytes, OW());
    }
    const jump = jumpAt(f, filters, panelBytes);
    let to = pointer(3) + <usize>(f / TILE_ROWS) * panelBytes + <usize>(place * TILE_ROWS + f % TILE_ROWS) * sizeof<f32>();
    for (let t = 0; t < end - first; t++) {
      const a = buffer + tileAt(tiles, t);
      const b = a + planeBytes;
      const c = b + planeBytes;
      if (size == 4) gradientTiles4(a, b, c, c + planeBytes, rowBytes, own, to, step, jump);
      else gradientTiles2(a, b, c, c + planeBytes, rowBytes, own, to, step, jump);
      to += TILE_ROWS * sizeof<f32>();
    }
  }
}

/**
 * dU[ξ] (F, C) = Y[ξ] · V[ξ], or + that, at one ξ. One item is a ξ, or a part of its panels of filters. Integers: 0 Y, 1 V, 2 dU,
 * 3 and 4 panels of filters and of channels, 5 tiles, 6 to 8 bytes of Y[ξ], V[ξ] and dU[ξ], 9 whether to add, 10 parts.
 */
export function winogradProducts(item: i32): void {
  const filterPanels = integer(3), channelPanels = integer(4), depth = integer(5), parts = integer(10);
  const add = integer(9) != 0;
  const point = <usize>(item / parts), part = item % parts;
  const ld = <usize>channelPanels * TILE_ROW_BYTES;
  const Y = pointer(0) + point * <usize>integer(6);
  const V = pointer(1) + point * <usize>integer(7);
  const dU = pointer(2) + point * <usize>integer(8);
  const first = filterPanels * part / parts, end = filterPanels * (part + 1) / parts;
  for (let j = 0; j < channelPanels; j++) {
    const b = V + <usize>(j * depth) * TILE_ROW_BYTES;
    for (let i = first; i < end; i++) {
      const a = Y + <usize>(i * depth) * (TILE_ROWS * sizeof<f32>());
      const to = dU + <usize>(i * TILE_ROWS) * ld + <usize>j * TILE_ROW_BYTES;
      if (add) addTile(depth, a, b, to, ld);
      else tile<f32>(depth, a, b, to, ld, false, 0);
    }
  }
}

/** Adds a tile's sums over a block, which begin at zero: a long sum of short sums loses less to rounding than one sum. */
function addTile(k: i32, a: usize, b: usize, to: usize, ld: usize): void {
  const sums = <usize>EDGE_TILES + thread * EDGE_TILE_BYTES;
  tile<f32>(k, a, b, sums, TILE_ROW_BYTES, false, 0);
  for (let i: usize = 0; i < <usize>TILE_ROWS; i++) {
    const from = sums + i * <usize>TILE_ROW_BYTES;
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    v128.store(to, f32x4.add(v128.load(to, VECTOR), v128.load(from, VECTOR)), VECTOR);
    to += ld;
  }
}

/** dw = Gᵀ dU G. One item is a filter. Integers: 0 dU, 1 dw, 2 C, 3 bytes of a row, 4 and 5 scratch, 6 bytes of dU[ξ], 7 tile. */
export function winogradWeights(f: i32): void {
  const channels = integer(2), step = <usize>integer(6);
  const row = pointer(0) + <usize>f * <usize>integer(3);
  const to = pointer(1) + <usize>(f * channels) * FILTER_BYTES;
  for (let c = 0; c < channels; c += 4) {
    const from = row + (<usize>c << 2), filters = to + <usize>c * FILTER_BYTES;
    if (integer(7) == 4) weights4(from, step, ownScratch(), filters, min(4, channels - c));
    else weights2(from, step, ownScratch(), filters, min(4, channels - c));
  }
}
