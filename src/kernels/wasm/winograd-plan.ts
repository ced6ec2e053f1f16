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
const SHARED_BYTES = 4 * 1024 * 1024;

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

/** Equal tiles that cover some of the outputs of an image, all of them or those at an edge. Lengths are outputs. */
export interface TileGrid {
  readonly top: number;
  readonly left: number;
  /** Tiles down and across. */
  readonly down: number;
  readonly across: number;
  /** Of a tile. */
  readonly height: number;
  readonly width: number;
}

/** Bytes of images and outputs whose grids are taken by turns: what the last-level cache holds. */
const IMAGES_BYTES = 4 * 1024 * 1024;

/** A batch of fewer images goes by one grid: the edges would be few panels of tiles. */
const LEAST_IMAGES = 64;

/**
 * Planes are passed over again for each grid, which costs the more to an edge tile the more whole tiles there are. So
 * an edge is cut off where C·F / (C + F) is so much for each whole tile along the axis: of images of 7 × 7 from 32
 * channels and filters on, of 15 × 15 from 96 on.
 */
const LEAST_SAVED = 16;

/**
 * The grids of tiles that cover an image. Where three rows or columns are left over, tiles of F(4×4, 3×3) at that edge
 * are made for three, which takes 25 or 30 products in place of 36: see assembly/winograd-edges.ts. On images of 7 × 7
 * that is 16 % fewer products, on 15 × 15 8 %, and on 3 × 3 31 %.
 */
export function gridsOf(s: ConvShape, inputs: TileInputs): TileGrid[] {
  const { outputs } = TILES[inputs];
  const saved = (s.C * s.F) / (s.C + s.F) / LEAST_SAVED;
  const [rows, columns] = [s.OH, s.OW].map((size) => {
    const left = size % outputs;
    const count = Math.floor(size / outputs);
    const cuts = inputs === 6 && left === 3 && s.N >= LEAST_IMAGES && count <= saved;
    if (!cuts) return [{ first: 0, count: Math.ceil(size / outputs), size: outputs }];
    const edge = { first: size - left, count: 1, size: left };
    return count === 0 ? [edge] : [{ first: 0, count, size: outputs }, edge];
  });
  return rows.flatMap((row) =>
    columns.map((column) => ({
      top: row.first,
      left: column.first,
      down: row.count,
      across: column.count,
      height: row.size,
      width: column.size,
    })),
  );
}

/** The products of a tile for each channel and filter. */
export function pointsOf({ height, width }: TileGrid, inputs: TileInputs): number {
  const { taps } = TILES[inputs];
  return (height + taps - 1) * (width + taps - 1);
}

/** The integers of a grid in assembly/winograd-tiles.ts. */
export function gridIntegers({ top, left, down, across, height, width }: TileGrid, items: number): number[] {
  return [top, left, down, across, height, width, items];
}

/** Images whose grids are taken before those of the next: all where there is one grid, else whole panels of tiles. */
function imagesAtATime(s: ConvShape, grids: readonly TileGrid[]): number {
  if (grids.length === 1) return s.N;
  return Math.min(s.N, roundUp(Math.ceil((IMAGES_BYTES * s.N) / operandBytes(s)), PANEL_COLUMNS));
}

/**
 * How the tiles of a convolution are cut, and where a thread's scratch holds what, in bytes; see assembly/winograd.ts.
 * What a thread and what all of them work in stays below the operands; nothing of the plan depends on how many threads
 * there are.
 */
export function planTiles(s: ConvShape, inputs: TileInputs) {
  const points = inputs ** 2;
  const grids = gridsOf(s, inputs);
  const images = imagesAtATime(s, grids);
  const all = Math.max(...grids.map((grid) => images * grid.down * grid.across));
  const cut = cutFilters(s, inputs);
  const filters = filtersAtATime(s, points * cut.channels * 4);
  const rows = roundUp(filters, TILE_ROWS);
  const panelBytes = points * (cut.channels + rows) * TILE_ROW_BYTES;
  const most = Math.max(1, Math.floor(Math.min(BLOCK_BYTES, operandBytes(s) / 4) / panelBytes));
  const panels = Math.min(Math.ceil(all / PANEL_COLUMNS), most);
  const tiles = panels * PANEL_COLUMNS;

  const gridItems = grids.map(({ down, across }) => Math.ceil((images * down * across) / tiles));
  const itemsOfImages = gridItems.reduce((sum, items) => sum + items);
  const [inputStep, outputStep] = [cut.channels, rows].map((depth) => oddLines(panels * depth * TILE_ROW_BYTES));
  const buffer = planBuffer(tiles, s, inputs, grids);
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
    items: Math.ceil(s.N / images) * itemsOfImages,
    grids: [images, itemsOfImages],
    gridIntegers: grids.flatMap((grid, i) => gridIntegers(grid, gridItems[i])),
    filterStep: oddLines(rows * cut.channels * 4),
    places: [tilesAt, rowsAt, outputsAt, bufferAt, inputsAt, inputStep, outputStep],
    bytes: inputsAt + points * (inputStep + outputStep),
  };
}

/** The same for the gradient of the filters; see assembly/winograd-weights.ts. */
export function planWeights(s: ConvShape, inputs: TileInputs) {
  const points = inputs ** 2;
  const grids = gridsOf(s, inputs);
  const { pieces, channels } = cutFilters(s, inputs);
  const channelPanels = Math.ceil(channels / PANEL_COLUMNS);
  const filters = filtersAtATime(s, points * channelPanels * TILE_ROW_BYTES);
  const filterPanels = Math.ceil(filters / TILE_ROWS);
  const tileBytes = points * (filterPanels * TILE_ROWS + channelPanels * PANEL_COLUMNS) * 4;
  const room = Math.min(SHARED_BYTES, operandBytes(s) / 2);
  const most = Math.max(PANEL_COLUMNS, Math.min(BLOCK_TILES, Math.floor(room / tileBytes)));
  // Every block adds to all of dU, so that blocks should be whole.
  const images = Math.min(s.N, roundUp(imagesAtATime(s, grids), most));
  const cuts = grids.map((grid) => {
    const all = images * grid.down * grid.across;
    const part = Math.ceil(all / Math.ceil(all / most) / BLOCK_PARTS);
    return { grid, part, tiles: Math.min(all, part * BLOCK_PARTS) };
  });
  const tiles = Math.max(...cuts.map((cut) => cut.tiles));
  const part = Math.max(...cuts.map((cut) => cut.part));

  const buffer = planBuffer(part, s, inputs, grids);
  const tilesAt = WORK_BYTES;
  const rowsAt = tilesAt + roundUp((part + PANEL_COLUMNS) * 4, 64);
  const bufferAt = rowsAt + roundUp(buffer.rows * 8, 64);
  return {
    points,
    filters,
    blocks: blocksOf(s.N, images, cuts),
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

/** A grid, and how many of its tiles make a block, and a part of one. */
interface TileCut {
  readonly grid: TileGrid;
  readonly tiles: number;
  readonly part: number;
}

/** The blocks of tiles of a batch, from `first` to before `end` of their grid: of all grids of some images first. */
function blocksOf(N: number, images: number, cuts: readonly TileCut[]) {
  const blocks: { grid: TileGrid; part: number; first: number; end: number }[] = [];
  for (let n = 0; n < N; n += images) {
    for (const { grid, tiles, part } of cuts) {
      const each = grid.down * grid.across;
      const stop = Math.min(n + images, N) * each;
      for (let first = n * each; first < stop; first += tiles) {
        blocks.push({ grid, part, first, end: Math.min(first + tiles, stop) });
      }
    }
  }
  return blocks;
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
function planBuffer(tiles: number, s: ConvShape, inputs: TileInputs, grids: readonly TileGrid[]) {
  const { taps } = TILES[inputs];
  const [piecesDown, piecesAcross, pieceH, pieceW] = cutFilters(s, inputs).pieces;
  const needs = grids.map((grid) => {
    const height = grid.height + taps - 1 + (piecesDown - 1) * pieceH;
    const width = grid.across * grid.width + taps - 1 + (piecesAcross - 1) * pieceW;
    const rows = Math.min(Math.ceil(tiles / grid.across) + 1, s.N * grid.down) * height;
    return { rows, bytes: roundUp(rows * width * 4, 64) };
  });
  return { rows: Math.max(...needs.map(({ rows }) => rows)), bytes: Math.max(...needs.map(({ bytes }) => bytes)) };
}

/** Whole cache lines, an odd number: what lies at the places of a tile then falls into different sets of the cache. */
function oddLines(bytes: number): number {
  return (Math.ceil(bytes / 64) | 1) * 64;
}
