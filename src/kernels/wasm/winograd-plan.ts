import type { ConvShape } from '../types.js';
import { TILE_ROW_BYTES, TILE_ROWS } from './protocol.js';

/** Outputs along an axis of Winograd's tiles: F(2×2, 3×3) or F(4×4, 3×3). */
export type TileSize = 2 | 4;

/** The passes of a convolution that choose for themselves. */
export type ConvolutionPass = 'forward' | 'input' | 'weights';

/** Which tiles a pass over float32 images goes by, or null for products of packed windows. */
export type ChooseTiles = (pass: ConvolutionPass, shape: ConvShape) => TileSize | null;

/** Bytes of transformed tiles and their products that a thread works on at a time: what the second-level cache holds. */
const BLOCK_BYTES = 384 * 1024;

/** Parts of a block of tiles that are transformed for themselves, for the gradient of the filters. */
const BLOCK_PARTS = 4;

/** Bytes that the transforms need for themselves. */
const WORK_BYTES = 640;

/** Values on each side of a panel of B. */
export const PANEL_TILES = TILE_ROW_BYTES / 4;

/** Winograd is for filters of 3 × 3 at stride 1. */
export function takesTiles({ HH, WW, strideH, strideW, padH, padW }: ConvShape): boolean {
  return HH === 3 && WW === 3 && strideH === 1 && strideW === 1 && padH <= 2 && padW <= 2;
}

/** Products alone. */
export const noTiles: ChooseTiles = () => null;

/** The fastest, as measured. */
export const fastestTiles: ChooseTiles = (_, s) => {
  if (!takesTiles(s)) return null;
  return Math.min(s.C, s.F) >= 8 ? 4 : null;
};

/** How the tiles of a convolution are cut, and where a thread's scratch holds what. Bytes; see assembly/winograd.ts. */
export function planTiles(s: ConvShape, size: TileSize) {
  const points = (size + 2) ** 2;
  const [across, down] = [Math.ceil(s.OW / size), Math.ceil(s.OH / size)];
  const all = s.N * across * down;
  const rows = Math.ceil(s.F / TILE_ROWS) * TILE_ROWS;
  const panelBytes = points * (s.C + rows) * TILE_ROW_BYTES;
  const panels = Math.min(Math.ceil(all / PANEL_TILES), Math.max(1, Math.floor(BLOCK_BYTES / panelBytes)));
  const tiles = panels * PANEL_TILES;

  // A run of tiles touches one row of tiles more than it fills.
  const tileRows = Math.min(Math.ceil(tiles / across) + 1, s.N * down);
  const bufferRows = tileRows * (size + 2);
  const [inputStep, outputStep] = [s.C, rows].map((depth) => oddLines(panels * depth * TILE_ROW_BYTES));
  const tilesAt = WORK_BYTES;
  const outputsAt = tilesAt + line(tiles * 4);
  const rowsAt = outputsAt + line(tiles * 16);
  const bufferAt = rowsAt + line(bufferRows * 8);
  const inputsAt = bufferAt + line(bufferRows * (across * size + 2) * 4);
  const bytes = inputsAt + points * (inputStep + outputStep);
  return {
    tiles,
    items: Math.ceil(all / tiles),
    places: [tilesAt, rowsAt, bufferAt, inputsAt, inputStep, outputStep],
    outputsAt,
    bytes,
  };
}

/** Bytes of transformed tiles that all threads work on at a time, for the gradient of the filters. */
const SHARED_BYTES = 2 * 1024 * 1024;

/** How the tiles are cut for the gradient of the filters, and where what lies. Nothing of it depends on the threads. */
export function planWeights(s: ConvShape, size: TileSize) {
  const points = (size + 2) ** 2;
  const [across, down] = [Math.ceil(s.OW / size), Math.ceil(s.OH / size)];
  const all = s.N * across * down;
  const filterPanels = Math.ceil(s.F / TILE_ROWS);
  const channelPanels = Math.ceil(s.C / PANEL_TILES);
  const tileBytes = points * (filterPanels * TILE_ROWS + channelPanels * PANEL_TILES) * 4;
  const most = Math.max(1, Math.min(BLOCK_PARTS * 128, Math.floor(SHARED_BYTES / tileBytes)));
  const blocks = Math.ceil(all / most);
  const part = Math.ceil(all / blocks / BLOCK_PARTS);
  const tiles = Math.min(all, part * BLOCK_PARTS);

  const tileRows = Math.min(Math.ceil(part / across) + 1, s.N * down);
  const bufferRows = tileRows * (size + 2);
  const tilesAt = WORK_BYTES;
  const rowsAt = tilesAt + line((part + PANEL_TILES) * 4);
  const bufferAt = rowsAt + line(bufferRows * 8);
  const planeBytes = line(bufferRows * (across * size + 2) * 4);
  return {
    all,
    tiles,
    parts: BLOCK_PARTS,
    part,
    points,
    filterPanels,
    channelPanels,
    places: [tilesAt, rowsAt, bufferAt, planeBytes],
    bytes: bufferAt + 4 * planeBytes,
    inputStep: oddLines(channelPanels * tiles * TILE_ROW_BYTES),
    gradientStep: oddLines(filterPanels * tiles * TILE_ROWS * 4),
    filterStep: oddLines(filterPanels * TILE_ROWS * channelPanels * TILE_ROW_BYTES),
  };
}

/** Bytes of the transformed filters at one place: panels of `rows`, `depth` deep. */
export function filterStep(rows: number, depth: number): number {
  return oddLines(Math.ceil(rows / TILE_ROWS) * TILE_ROWS * depth * 4);
}

/** Whole cache lines, an odd number: what lies at the places of a tile then falls into different sets of the cache. */
function oddLines(bytes: number): number {
  return (Math.ceil(bytes / 64) | 1) * 64;
}

/** Rounded up to a cache line. */
function line(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
