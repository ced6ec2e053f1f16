import { TILE_ROW_BYTES, TILE_ROWS } from "../wasm/protocol";
import { C, F, H, HH, OH, OW, ownScratch, padH, padW, W, WW } from "./image";
import { integer, pointer } from "./job";
import { storeUpTo, VECTOR } from "./simd";
import { cover, tile, twoRowsTwice } from "./tile";
import { filters2x3, inputTiles2x3, outputTiles2x3 } from "./winograd-2x3";
import { filters4x3, inputTiles4x3, outputTiles4x3 } from "./winograd-4x3";
import { filters4x5, inputTiles4x5, outputTiles4x5 } from "./winograd-4x5";
import { inputEdges, LEFT_OUT, outputEdges } from "./winograd-edges";
import {
  atEdge, bufferRow, chooseTiles, columnsReached, copyRows, depth, endTile, firstTile, haloH, haloW, layOutputs,
  layTiles, OUTPUT_ENTRY, pieceAt, pieces, points, tileAt, tileHeight, tileInputs, tileSize, tileWidth,
} from "./winograd-tiles";

// Convolution at stride 1 after Winograd, as Lavin and Gray 2016 ("Fast Algorithms for Convolutional Neural Networks")
// put it: output in tiles, Y = Aᵀ[Σ_c (G g Gᵀ) ⊙ (Bᵀ d B)]A. At each place ξ of a transformed tile the sum over the
// channels is a product of matrices, U[ξ] (F, C) · V[ξ] (C, tiles), in panels that tile.ts multiplies. float32 alone.
// Integers 4 to 26, and 37 on, are those of image.ts and winograd-tiles.ts.

/** Where in a thread's scratch four tiles lie of which the image has only part; what lies before is the transforms'. */
// @ts-ignore: decorator
@inline const PART: usize = 32 * VECTOR;

/**
 * U = G g Gᵀ of filters, [ξ][panel][channel][row of 6]. One item is four rows. Integers: 0 filters, 1 U, 27 rows, 28
 * and 29 filters from a row to the next and from one channel to the next, 30 whether filters are turned by 180°, 31
 * bytes of U[ξ].
 */
export function winogradFilters(item: i32): void {
  const extent = integer(27), turned = integer(30);
  const filterBytes = <usize>(HH() * WW()) << 2;
  const rowBytes = <usize>integer(28) * filterBytes, depthBytes = <usize>integer(29) * filterBytes;
  const step = <usize>integer(31), inputs = tileInputs(), own = ownScratch();
  const row = item * 4;
  const panel = row / TILE_ROWS, place = row % TILE_ROWS;
  const panelBytes = <usize>depth() * TILE_ROWS * sizeof<f32>();
  // Rows beyond the last are those of the last: what is made of them is not stored in the end.
  const last = extent - 1;
  let a = pointer(0) + <usize>min(row, last) * rowBytes;
  let b = pointer(0) + <usize>min(row + 1, last) * rowBytes;
  let c = pointer(0) + <usize>min(row + 2, last) * rowBytes;
  let d = pointer(0) + <usize>min(row + 3, last) * rowBytes;
  let to = pointer(1) + <usize>panel * panelBytes + <usize>place * sizeof<f32>();
  const jump = jumpAt(row, extent, panelBytes);
  for (let channel = 0; channel < C(); channel++) {
    for (let piece = 0; piece < pieces(); piece++) {
      if (inputs == 8) filters4x5(a, b, c, d, piece, turned, own, to, step, jump);
      else if (inputs == 6) filters4x3(a, b, c, d, turned, own, to, step, jump);
      else filters2x3(a, b, c, d, turned, own, to, step, jump);
      to += TILE_ROWS * sizeof<f32>();
    }
    a += depthBytes;
    b += depthBytes;
    c += depthBytes;
    d += depthBytes;
  }
}

/**
 * From the first two of four rows of a panel to the last two, in bytes: next to them, in the next panel, or nowhere
 * (0).
 */
// @ts-ignore: decorator
@inline export function jumpAt(row: i32, extent: i32, panelBytes: usize): usize {
  if (row % TILE_ROWS != 4) return 2 * sizeof<f32>();
  return row + 2 < extent ? panelBytes - 4 * sizeof<f32>() : 0;
}

/**
 * out = b + the convolution, then max(0, ·) if asked. One item is a run of tiles. Integers: 0 x, 1 U, 2 b or 0, 3 out,
 * 27 relu, 28 to 32 where in the scratch the tables of tiles, of rows and of outputs, the buffer and V begin, 33 to 35
 * bytes of V[ξ], of M[ξ] and of U[ξ], 36 how many of the F filters of an output there are: b and out are those of the
 * first.
 */
export function winogradForward(item: i32): void {
  const own = ownScratch();
  const V = own + <usize>integer(32);
  const inputStep = <usize>integer(33), outputStep = <usize>integer(34);
  const M = V + <usize>points() * inputStep;
  chooseTiles(item);
  const first = firstTile, end = endTile;
  if (first >= end) return;
  const panels = (end - first + 7) >> 3;
  transformInputs(first, end, panels, V, inputStep);
  multiplyPoints(panels, V, M, inputStep, outputStep);
  transformOutputs(first, end, M, outputStep);
}

/** V = Bᵀ d B of a run of tiles, in panels [ξ][panel][channel][8 tiles]. */
function transformInputs(first: i32, end: i32, panels: i32, V: usize, step: usize): void {
  const own = ownScratch();
  const tiles = own + <usize>integer(28), rows = own + <usize>integer(29), buffer = own + <usize>integer(31);
  const rowBytes = bufferRow(haloW()), inputs = tileInputs(), edge = atEdge();
  const panelBytes = <usize>depth() * TILE_ROW_BYTES;
  const plane = <usize>(H() * W()) << 2;
  const count = layTiles(first, end, rows, tiles, C(), H(), W(), haloH(), haloW(), padH(), padW());
  const columns = columnsReached(W(), haloW(), padW());
  memory.fill(buffer, 0, <usize>integer(32) - <usize>integer(31));
  let row = V;
  for (let channel = 0; channel < C(); channel++) {
    copyRows(rows, count, pointer(0) + <usize>channel * plane, buffer, columns);
    for (let piece = 0; piece < pieces(); piece++) {
      const from = buffer + pieceAt(piece, rowBytes);
      let to = row;
      for (let t = 0; t < panels << 3; t += 4) {
        const a = from + tileAt(tiles, t), b = from + tileAt(tiles, t + 1);
        const c = from + tileAt(tiles, t + 2), d = from + tileAt(tiles, t + 3);
        if (edge) inputEdges(a, b, c, d, rowBytes, own, to, step, tileHeight(), tileWidth());
        else if (inputs == 6) inputTiles4x3(a, b, c, d, rowBytes, own, to, step);
        else if (inputs == 8) inputTiles4x5(a, b, c, d, rowBytes, own, to, step);
        else inputTiles2x3(a, b, c, d, rowBytes, own, to, step);
        to += t & 4 ? panelBytes - VECTOR : VECTOR;
      }
      row += TILE_ROW_BYTES;
    }
  }
}

/** M = U · V at every ξ that the grid's tiles have: [ξ][panel][f][8 tiles]. */
function multiplyPoints(panels: i32, V: usize, M: usize, inputStep: usize, outputStep: usize): void {
  const channels = depth(), filters = integer(36);
  const filterStep = <usize>integer(35);
  const filterPanel = <usize>channels * TILE_ROWS * sizeof<f32>();
  const filterPanels = (filters + TILE_ROWS - 1) / TILE_ROWS;
  const inputPanel = <usize>channels * TILE_ROW_BYTES;
  const outputPanel = <usize>(filterPanels * TILE_ROWS) * TILE_ROW_BYTES;
  let U = pointer(1);
  for (let point = 0; point < points(); point++) {
    for (let i = hasPoint(point) ? 0 : filterPanels; i < filterPanels; i++) {
      const a = U + <usize>i * filterPanel;
      const to = M + <usize>(i * TILE_ROWS) * TILE_ROW_BYTES;
      const height = filters - i * TILE_ROWS;
      let j = 0;
      if (height <= 2) {
        for (; j + 2 <= panels; j += 2) {
          const b = V + <usize>j * inputPanel, out = to + <usize>j * outputPanel;
          twoRowsTwice<f32>(channels, a, b, inputPanel, out, TILE_ROW_BYTES, outputPanel);
        }
      }
      for (; j < panels; j++) {
        const b = V + <usize>j * inputPanel, out = to + <usize>j * outputPanel;
        if (height > 4) tile<f32>(channels, a, b, out, TILE_ROW_BYTES, false, 0);
        else cover<f32>(channels, a, b, out, TILE_ROW_BYTES, false, 0, height, TILE_ROW_BYTES);
      }
    }
    U += filterStep;
    V += inputStep;
    M += outputStep;
  }
}

/** Whether the grid's tiles have a place ξ. */
function hasPoint(point: i32): bool {
  if (!atEdge()) return true;
  const row = point / tileInputs();
  const column = point - row * tileInputs();
  return (row != LEFT_OUT || tileHeight() == tileSize()) && (column != LEFT_OUT || tileWidth() == tileSize());
}

/** Y = Aᵀ M A of a run of tiles, with bias and ReLU, to where they lie in the output. */
function transformOutputs(first: i32, end: i32, M: usize, step: usize): void {
  const own = ownScratch();
  const outputs = own + <usize>integer(30), part = own + PART;
  const relu = integer(27), filters = integer(36), size = tileSize(), inputs = tileInputs(), edge = atEdge();
  const outputRow = <usize>OW() << 2, tile = <usize>size * VECTOR;
  const plane = <usize>(OH() * OW()) << 2;
  const panelBytes = <usize>((filters + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS) * TILE_ROW_BYTES;
  layOutputs(first, end, outputs);
  for (let t = 0; t < end - first; t += 4) {
    const entry = outputs + <usize>t * OUTPUT_ENTRY;
    const whole = load<i32>(entry, 12);
    const parts = whole ? 0 : min(4, end - first - t);
    let from = M + <usize>(t >> 3) * panelBytes + (t & 4 ? VECTOR : 0);
    let out = pointer(3);
    for (let f = 0; f < filters; f++) {
      const bias = pointer(2) ? v128.load32_splat(pointer(2) + (<usize>f << 2)) : f32x4.splat(0);
      let a = part, b = a + tile, c = b + tile, d = c + tile, rowBytes: usize = VECTOR;
      if (whole) {
        a = out + <usize>load<u32>(entry), b = out + <usize>load<u32>(entry, OUTPUT_ENTRY);
        c = out + <usize>load<u32>(entry, 2 * OUTPUT_ENTRY), d = out + <usize>load<u32>(entry, 3 * OUTPUT_ENTRY);
        rowBytes = outputRow;
      }
      if (edge) outputEdges(from, step, own, bias, relu, a, b, c, d, rowBytes, tileHeight(), tileWidth());
      else if (inputs == 6) outputTiles4x3(from, step, own, bias, relu, a, b, c, d, rowBytes);
      else if (inputs == 8) outputTiles4x5(from, step, own, bias, relu, a, b, c, d, rowBytes);
      else outputTiles2x3(from, step, own, bias, relu, a, b, c, d, rowBytes);
      for (let i = 0; i < parts; i++) {
        storeInside(part + <usize>i * tile, entry + <usize>i * OUTPUT_ENTRY, out, outputRow);
      }
      from += TILE_ROW_BYTES;
      out += plane;
    }
  }
}

/** Stores what the image has of the outputs of a tile. */
function storeInside(from: usize, entry: usize, plane: usize, rowBytes: usize): void {
  let to = plane + <usize>load<u32>(entry);
  const height = load<i32>(entry, 4), width = load<i32>(entry, 8);
  for (let y = 0; y < height; y++) {
    storeUpTo<f32>(to, v128.load(from), width);
    from += VECTOR;
    to += rowBytes;
  }
}
