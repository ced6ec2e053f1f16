import { TILE_ROW_BYTES, TILE_ROWS } from "../wasm/protocol";
import { lowTile, tile } from "./gemm";
import { C, H, OH, OW, ownScratch, padH, padW, W } from "./image";
import { integer, pointer } from "./job";
import { storeUpTo, VECTOR } from "./simd";
import { filters4, inputTiles4, outputTiles4 } from "./winograd-four";
import { FILTER_BYTES } from "./winograd-lanes";
import {
  bufferRow, copyRows, layOutputs, layTiles, OUTPUT_ENTRY, points, tileAt, tilesAcross, tilesAtATime, tilesDown, tileSize,
} from "./winograd-tiles";
import { filters2, inputTiles2, outputTiles2 } from "./winograd-two";

// Convolution by filters of 3 × 3 at stride 1 after Winograd, as Lavin and Gray 2016 ("Fast Algorithms for Convolutional
// Neural Networks") put it: output in tiles, Y = Aᵀ[Σ_c (G g Gᵀ) ⊙ (Bᵀ d B)]A. At each place ξ of a transformed tile the sum over
// the channels is a product of matrices, U[ξ] (F, C) · V[ξ] (C, tiles), in panels that gemm.ts's tile reads. float32 alone.

/** Where in a thread's scratch four tiles lie of which the image has only part; what lies before is the transforms'. */
// @ts-ignore: decorator
@inline const PART: usize = 24 * VECTOR;

/**
 * U = G g Gᵀ of all filters, [ξ][panel][k][row of 6]. One item is four rows. Integers: 0 filters, 1 U, 2 rows, 3 depth, 4 and
 * 5 scratch, 6 and 7 filters from a row to the next and from one depth to the next, 8 whether filters are turned by 180°,
 * 9 bytes of U[ξ], 10 outputs along an axis of a tile.
 */
export function winogradFilters(item: i32): void {
  const extent = integer(2), depth = integer(3), turned = integer(8);
  const rowBytes = <usize>integer(6) * FILTER_BYTES, depthBytes = <usize>integer(7) * FILTER_BYTES;
  const step = <usize>integer(9), size = integer(10), own = ownScratch();
  const row = item * 4;
  const panel = row / TILE_ROWS, place = row % TILE_ROWS;
  const panelBytes = <usize>depth * TILE_ROWS * sizeof<f32>();
  // Rows beyond the last are those of the last: what is made of them is not stored in the end.
  const last = extent - 1;
  let a = pointer(0) + <usize>min(row, last) * rowBytes;
  let b = pointer(0) + <usize>min(row + 1, last) * rowBytes;
  let c = pointer(0) + <usize>min(row + 2, last) * rowBytes;
  let d = pointer(0) + <usize>min(row + 3, last) * rowBytes;
  let to = pointer(1) + <usize>panel * panelBytes + <usize>place * sizeof<f32>();
  const jump = jumpAt(row, extent, panelBytes);
  for (let k = 0; k < depth; k++) {
    if (size == 4) filters4(a, b, c, d, turned, own, to, step, jump);
    else filters2(a, b, c, d, turned, own, to, step, jump);
    a += depthBytes;
    b += depthBytes;
    c += depthBytes;
    d += depthBytes;
    to += TILE_ROWS * sizeof<f32>();
  }
}

/** From the first two of four rows of a panel to the last two, in bytes: next to them, in the next panel, or nowhere (0). */
// @ts-ignore: decorator
@inline export function jumpAt(row: i32, extent: i32, panelBytes: usize): usize {
  if (row % TILE_ROWS != 4) return 2 * sizeof<f32>();
  return row + 2 < extent ? panelBytes - 4 * sizeof<f32>() : 0;
}

/**
 * out = b + the convolution, then max(0, ·) if asked. One item is a run of tiles. Integers: 0 x, 1 U, 2 b or 0, 3 out, 19
 * and 20 those of winograd-tiles.ts, 21 relu, 22 to 25 where in the scratch the tables of tiles and of rows, the buffer and
 * V begin, 26 to 28 bytes of V[ξ], of M[ξ] and of U[ξ], 29 where the table of outputs begins, 30 how
 * many of the F filters of an output there are: b and out are those of the first.
 */
export function winogradForward(item: i32): void {
  const own = ownScratch();
  const tiles = own + <usize>integer(22), V = own + <usize>integer(25);
  const inputStep = <usize>integer(26), outputStep = <usize>integer(27);
  const M = V + <usize>points() * inputStep;
  const first = item * tilesAtATime();
  const end = min(first + tilesAtATime(), integer(6) * tilesDown() * tilesAcross());
  const panels = (end - first + 7) >> 3;
  transformInputs(first, end, panels, tiles, V, inputStep);
  multiplyPoints(panels, V, M, inputStep, outputStep);
  transformOutputs(first, end, M, outputStep);
}

/** V = Bᵀ d B of a run of tiles, in panels [ξ][panel][c][8 tiles]. */
function transformInputs(first: i32, end: i32, panels: i32, tiles: usize, V: usize, step: usize): void {
  const own = ownScratch();
  const rows = own + <usize>integer(23), buffer = own + <usize>integer(24);
  const rowBytes = bufferRow(2), size = tileSize();
  const panelBytes = <usize>C() * TILE_ROW_BYTES;
  const plane = <usize>(H() * W()) << 2;
  const count = layTiles(first, end, rows, tiles, C(), H(), W(), 2, padH(), padW());
  memory.fill(buffer, 0, <usize>integer(25) - <usize>integer(24));
  for (let c = 0; c < C(); c++) {
    copyRows(rows, count, pointer(0) + <usize>c * plane, buffer, W());
    let to = V + <usize>c * TILE_ROW_BYTES;
    for (let t = 0; t < panels << 3; t += 4) {
      const a = buffer + tileAt(tiles, t), b = buffer + tileAt(tiles, t + 1);
      const c = buffer + tileAt(tiles, t + 2), d = buffer + tileAt(tiles, t + 3);
      if (size == 4) inputTiles4(a, b, c, d, rowBytes, own, to, step);
      else inputTiles2(a, b, c, d, rowBytes, own, to, step);
      to += t & 4 ? panelBytes - VECTOR : VECTOR;
    }
  }
}

/** M = U · V at every ξ: [ξ][panel][f][8 tiles]. */
function multiplyPoints(panels: i32, V: usize, M: usize, inputStep: usize, outputStep: usize): void {
  const depth = C();
  const filterStep = <usize>integer(28);
  const filterPanel = <usize>depth * TILE_ROWS * sizeof<f32>();
  const filters = integer(30);
  const filterPanels = (filters + TILE_ROWS - 1) / TILE_ROWS;
  const inputPanel = <usize>depth * TILE_ROW_BYTES;
  const outputPanel = <usize>(filterPanels * TILE_ROWS) * TILE_ROW_BYTES;
  let U = pointer(1);
  for (let point = 0; point < points(); point++) {
    for (let i = 0; i < filterPanels; i++) {
      const a = U + <usize>i * filterPanel;
      const to = M + <usize>(i * TILE_ROWS) * TILE_ROW_BYTES;
      const low = filters - i * TILE_ROWS <= 2;
      for (let j = 0; j < panels; j++) {
        const b = V + <usize>j * inputPanel, out = to + <usize>j * outputPanel;
        if (low) lowTile<f32>(depth, a, b, out, false, 0);
        else tile<f32>(depth, a, b, out, TILE_ROW_BYTES, false, 0);
      }
    }
    U += filterStep;
    V += inputStep;
    M += outputStep;
  }
}

/** Y = Aᵀ M A of a run of tiles, with bias and ReLU, to where they lie in the output. */
function transformOutputs(first: i32, end: i32, M: usize, step: usize): void {
  const own = ownScratch();
  const outputs = own + <usize>integer(29), part = own + PART;
  const relu = integer(21), filters = integer(30), size = tileSize();
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
      if (size == 4) outputTiles4(from, step, own, bias, relu, a, b, c, d, rowBytes);
      else outputTiles2(from, step, own, bias, relu, a, b, c, d, rowBytes);
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
