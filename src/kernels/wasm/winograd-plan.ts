import type { ConvShape } from '../types.js';
import { TILE_ROW_BYTES, TILE_ROWS } from './protocol.js';

/** Inputs along an axis of Winograd's tiles: of F(2×2, 3×3), F(4×4, 3×3) or F(4×4, 5×5). */
export type TileInputs = 4 | 6 | 8;

/** A kind of tile: its outputs along an axis, and the taps that it takes. */
interface Tile {
  readonly outputs: number;
  readonly taps: number;
}

const TILES: Record<TileInputs, Tile> = {
  4: { outputs: 2, taps: 3 },
  6: { outputs: 4, taps: 3 },
  8: { outputs: 4, taps: 5 },
};

/**
 * Bytes of transformed tiles and their products that a thread works on at a time: what the second-level cache holds.
 */
const BLOCK_BYTES = 384 * 1024;

/** Bytes of transformed tiles that all threads work on at a time, for the gradient of the filters. */
const SHARED_BYTES = 2 * 1024 * 1024;

/**
 * Tiles of such a block at most. The sums of blocks are added up, which loses less to rounding than one sum: over the
 * 4,096 tiles of 64 images of 32 × 32, 6e-6 of the largest gradient in place of 4e-5.
 */
const BLOCK_TILES = 256;

/** Parts of a block of tiles that are transformed for themselves, for the gradient of the filters. */
const BLOCK_PARTS = 4;

/** Bytes that the transforms need for themselves. */
const WORK_BYTES = 1088;

/** Tiles, or channels, in a panel of B. */
const PANEL_COLUMNS = TILE_ROW_BYTES / 4;

/**
 * How the tiles of a convolution are cut, and where a thread's scratch holds what, in bytes; see assembly/winograd.ts.
 * What a thread and what all of them work in stays below the operands; nothing of the plan depends on how many threads
 * there are.
 */
export function planTiles(s: ConvShape, inputs: TileInputs) {
  const points = inputs ** 2;
  const { all } = countTiles(s, inputs);
  const cut = cutFilters(s, inputs);
  const filters = filtersAtATime(s, points * cut.channels * 4);
  const rows = roundUp(filters, TILE_ROWS);
  const panelBytes = points * (cut.channels + rows) * TILE_ROW_BYTES;
  const most = Math.max(1, Math.floor(Math.min(BLOCK_BYTES, operandBytes(s) / 4) / panelBytes));
  const panels = Math.min(Math.ceil(all / PANEL_COLUMNS), most);
  const tiles = panels * PANEL_COLUMNS;

  const [inputStep, outputStep] = [cut.channels, rows].map((depth) => oddLines(panels * depth * TILE_ROW_BYTES));
  const buffer = planBuffer(tiles, s, inputs);
  const tilesAt = WORK_BYTES;
  const outputsAt = tilesAt + roundUp(tiles * 4, 64);
  const rowsAt = outputsAt + roundUp(tiles * 16, 64);
  const bufferAt = rowsAt + roundUp(buffer.rows * 8, 64);
  const inputsAt = bufferAt + buffer.bytes;
  return {
    points,
    filters,
    tiles,
    pieces: cut.pieces,
    items: Math.ceil(all / tiles),
    filterStep: oddLines(rows * cut.channels * 4),
    places: [tilesAt, rowsAt, outputsAt, bufferAt, inputsAt, inputStep, outputStep],
    bytes: inputsAt + points * (inputStep + outputStep),
  };
}

/** The same for the gradient of the filters; see assembly/winograd-weights.ts. */
export function planWeights(s: ConvShape, inputs: TileInputs) {
  const points = inputs ** 2;
  const { all } = countTiles(s, inputs);
  const { pieces, channels } = cutFilters(s, inputs);
  const channelPanels = Math.ceil(channels / PANEL_COLUMNS);
  const filters = filtersAtATime(s, points * channelPanels * TILE_ROW_BYTES);
  const filterPanels = Math.ceil(filters / TILE_ROWS);
  const tileBytes = points * (filterPanels * TILE_ROWS + channelPanels * PANEL_COLUMNS) * 4;
  const room = Math.min(SHARED_BYTES, operandBytes(s) / 2);
  const most = Math.max(PANEL_COLUMNS, Math.min(BLOCK_TILES, room / tileBytes));
  const part = Math.ceil(all / Math.ceil(all / most) / BLOCK_PARTS);
  const tiles = Math.min(all, part * BLOCK_PARTS);

  const buffer = planBuffer(part, s, inputs);
  const tilesAt = WORK_BYTES;
  const rowsAt = tilesAt + roundUp((part + PANEL_COLUMNS) * 4, 64);
  const bufferAt = rowsAt + roundUp(buffer.rows * 8, 64);
  return {
    points,
    filters,
    all,
    tiles,
    part,
    parts: BLOCK_PARTS,
    pieces,
    channels,
    channelPanels,
    places: [tilesAt, rowsAt, bufferAt, buffer.bytes],
    bytes: bufferAt + 4 * buffer.bytes,
    inputStep: oddLines(channelPanels * tiles * TILE_ROW_BYTES),
    gradientStep: oddLines(filterPanels * tiles * TILE_ROWS * 4),
    filterStep: oddLines(filterPanels * TILE_ROWS * channelPanels * TILE_ROW_BYTES),
  };
}

/** The tiles that cover the outputs of a batch, and how many there are along the axes of an image. */
export function countTiles({ N, OH, OW }: ConvShape, inputs: TileInputs) {
  const { outputs } = TILES[inputs];
  const [across, down] = [Math.ceil(OW / outputs), Math.ceil(OH / outputs)];
  return { all: N * across * down, across, down };
}

/**
 * The pieces that filters of more taps than a tile takes are cut into: how many down and across, the taps of each, and
 * how many channels the images have when they have one for each piece. See assembly/winograd-tiles.ts.
 */
export function cutFilters({ C, HH, WW }: ConvShape, inputs: TileInputs) {
  const { taps } = TILES[inputs];
  const [down, across] = [Math.ceil(HH / taps), Math.ceil(WW / taps)];
  const pieces = [down, across, Math.ceil(HH / down), Math.ceil(WW / across)];
  return { pieces, channels: C * down * across };
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/**
 * Filters that are transformed at a time, `bytesEach`: all, or so many that they take no more room than the operands.
 */
function filtersAtATime(s: ConvShape, bytesEach: number): number {
  const most = Math.max(1, Math.floor(operandBytes(s) / bytesEach / TILE_ROWS)) * TILE_ROWS;
  return s.F <= most ? s.F : roundUp(s.F / Math.ceil(s.F / most), TILE_ROWS);
}

/** Bytes of the images, the filters and the outputs. */
function operandBytes({ N, C, H, W, F, HH, WW, OH, OW }: ConvShape): number {
  return 4 * (N * C * H * W + F * C * HH * WW + N * F * OH * OW);
}

/**
 * The rows of a run of tiles in the buffer at most, and their bytes: it touches one row of tiles more than it fills.
 */
function planBuffer(tiles: number, s: ConvShape, inputs: TileInputs) {
  const { outputs, taps } = TILES[inputs];
  const { across, down } = countTiles(s, inputs);
  const [piecesDown, piecesAcross, pieceH, pieceW] = cutFilters(s, inputs).pieces;
  const height = outputs + taps - 1 + (piecesDown - 1) * pieceH;
  const width = across * outputs + taps - 1 + (piecesAcross - 1) * pieceW;
  const rows = Math.min(Math.ceil(tiles / across) + 1, s.N * down) * height;
  return { rows, bytes: roundUp(rows * width * 4, 64) };
}

/** Whole cache lines, an odd number: what lies at the places of a tile then falls into different sets of the cache. */
function oddLines(bytes: number): number {
  return (Math.ceil(bytes / 64) | 1) * 64;
}
