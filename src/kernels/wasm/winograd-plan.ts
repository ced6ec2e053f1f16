import type { ConvShape } from '../types.js';
import { TILE_ROW_BYTES, TILE_ROWS } from './protocol.js';

/** Outputs along an axis of Winograd's tiles: F(2×2, 3×3) or F(4×4, 3×3). */
export type TileSize = 2 | 4;

/** Bytes of transformed tiles and their products that a thread works on at a time: what the second-level cache holds. */
const BLOCK_BYTES = 384 * 1024;

/** Bytes of transformed tiles that all threads work on at a time, for the gradient of the filters. */
const SHARED_BYTES = 2 * 1024 * 1024;

/**
 * Tiles of such a block at most. The sums of blocks are added up, which loses less to rounding than one sum: over the 4,096
 * tiles of 64 images of 32 × 32, 6e-6 of the largest gradient in place of 4e-5.
 */
const BLOCK_TILES = 256;

/** Parts of a block of tiles that are transformed for themselves, for the gradient of the filters. */
const BLOCK_PARTS = 4;

/** Bytes that the transforms need for themselves. */
const WORK_BYTES = 640;

/** Tiles, or channels, in a panel of B. */
const PANEL_COLUMNS = TILE_ROW_BYTES / 4;

/**
 * How the tiles of a convolution are cut, and where a thread's scratch holds what, in bytes; see assembly/winograd.ts. What
 * a thread and what all of them work in stays below the operands; nothing of the plan depends on how many threads there are.
 */
export function planTiles(s: ConvShape, size: TileSize) {
  const points = (size + 2) ** 2;
  const { all, across } = countTiles(s, size);
  const filters = filtersAtATime(s, points * s.C * 4);
  const rows = roundUp(filters, TILE_ROWS);
  const panelBytes = points * (s.C + rows) * TILE_ROW_BYTES;
  const most = Math.max(1, Math.floor(Math.min(BLOCK_BYTES, operandBytes(s) / 4) / panelBytes));
  const panels = Math.min(Math.ceil(all / PANEL_COLUMNS), most);
  const tiles = panels * PANEL_COLUMNS;

  const [inputStep, outputStep] = [s.C, rows].map((depth) => oddLines(panels * depth * TILE_ROW_BYTES));
  const bufferRows = rowsOf(tiles, s, size);
  const tilesAt = WORK_BYTES;
  const outputsAt = tilesAt + roundUp(tiles * 4, 64);
  const rowsAt = outputsAt + roundUp(tiles * 16, 64);
  const bufferAt = rowsAt + roundUp(bufferRows * 8, 64);
  const inputsAt = bufferAt + roundUp(bufferRows * (across * size + 2) * 4, 64);
  return {
    points,
    filters,
    tiles,
    items: Math.ceil(all / tiles),
    filterStep: oddLines(rows * s.C * 4),
    places: [tilesAt, rowsAt, bufferAt, inputsAt, inputStep, outputStep],
    outputsAt,
    bytes: inputsAt + points * (inputStep + outputStep),
  };
}

/** The same for the gradient of the filters; see assembly/winograd-weights.ts. */
export function planWeights(s: ConvShape, size: TileSize) {
  const points = (size + 2) ** 2;
  const { all, across } = countTiles(s, size);
  const channelPanels = Math.ceil(s.C / PANEL_COLUMNS);
  const filters = filtersAtATime(s, points * channelPanels * TILE_ROW_BYTES);
  const filterPanels = Math.ceil(filters / TILE_ROWS);
  const tileBytes = points * (filterPanels * TILE_ROWS + channelPanels * PANEL_COLUMNS) * 4;
  const room = Math.min(SHARED_BYTES, operandBytes(s) / 2);
  const most = Math.max(PANEL_COLUMNS, Math.min(BLOCK_TILES, room / tileBytes));
  const part = Math.ceil(all / Math.ceil(all / most) / BLOCK_PARTS);
  const tiles = Math.min(all, part * BLOCK_PARTS);

  const bufferRows = rowsOf(part, s, size);
  const tilesAt = WORK_BYTES;
  const rowsAt = tilesAt + roundUp((part + PANEL_COLUMNS) * 4, 64);
  const bufferAt = rowsAt + roundUp(bufferRows * 8, 64);
  const planeBytes = roundUp(bufferRows * (across * size + 2) * 4, 64);
  return {
    points,
    filters,
    all,
    tiles,
    part,
    parts: BLOCK_PARTS,
    channelPanels,
    places: [tilesAt, rowsAt, bufferAt, planeBytes],
    bytes: bufferAt + 4 * planeBytes,
    inputStep: oddLines(channelPanels * tiles * TILE_ROW_BYTES),
    gradientStep: oddLines(filterPanels * tiles * TILE_ROWS * 4),
    filterStep: oddLines(filterPanels * TILE_ROWS * channelPanels * TILE_ROW_BYTES),
  };
}

/** The tiles that cover the outputs of a batch, and how many there are along the axes of an image. */
export function countTiles({ N, OH, OW }: ConvShape, size: TileSize) {
  const [across, down] = [Math.ceil(OW / size), Math.ceil(OH / size)];
  return { all: N * across * down, across, down };
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/** Filters that are transformed at a time, `bytesEach`: all, or so many that they take no more room than the operands. */
function filtersAtATime(s: ConvShape, bytesEach: number): number {
  const most = Math.max(1, Math.floor(operandBytes(s) / bytesEach / TILE_ROWS)) * TILE_ROWS;
  return s.F <= most ? s.F : roundUp(s.F / Math.ceil(s.F / most), TILE_ROWS);
}

/** Bytes of the images, the filters and the outputs. */
function operandBytes({ N, C, H, W, F, OH, OW }: ConvShape): number {
  return 4 * (N * C * H * W + F * C * 9 + N * F * OH * OW);
}

/** Rows that a run of tiles has in the buffer at most: it touches one row of tiles more than it fills. */
function rowsOf(tiles: number, s: ConvShape, size: TileSize): number {
  const { across, down } = countTiles(s, size);
  return Math.min(Math.ceil(tiles / across) + 1, s.N * down) * (size + 2);
}

/** Whole cache lines, an odd number: what lies at the places of a tile then falls into different sets of the cache. */
function oddLines(bytes: number): number {
  return (Math.ceil(bytes / 64) | 1) * 64;
}
