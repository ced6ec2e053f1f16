import { INTEGERS } from "../wasm/protocol";
import { C, F, HH, OH, OW, WW } from "./image";
import { integer } from "./job";
import { copyRun, VECTOR } from "./simd";

// Tiles are counted through the batch, (n, th, tw), and a work item takes a run of them. Where the run lies in the
// planes of one channel, it lies in those of every channel: so a table says which rows are copied into a buffer with
// zeros around them, and where in the buffer each tile begins. Integers: 19 the inputs along an axis of a tile, which
// say which tile it is, 20 tiles to an item.
//
// A filter of more taps than a tile takes is cut into pieces. Each is a filter of its own for a channel that lies as
// far up and left as the piece lies down and right, so that the images have a channel for each piece of each channel:
// in what follows those are counted as (c, piece). Integers: 21 and 22 pieces down and across a filter, 23 and 24 taps
// down and across a piece.
//
// The outputs of an image are covered by one grid of tiles or by up to four: those at the edges have tiles of fewer
// outputs (winograd-edges.ts). All grids of some images are taken before those of the next, while the caches hold the
// images. Integers: 25 how many images that are, 26 work items for them, and from 37 on the GRID_SIZE integers of each
// grid: the row and the column of the outputs at which it begins, its tiles down and across, outputs down and across a
// tile, and work items for the images that are taken together.

// @ts-ignore: decorator
@inline export function tileInputs(): i32 { return integer(19); }
// @ts-ignore: decorator
@inline export function tilesAtATime(): i32 { return integer(20); }
// @ts-ignore: decorator
@inline function piecesAcross(): i32 { return integer(22); }
// @ts-ignore: decorator
@inline export function pieceH(): i32 { return integer(23); }
// @ts-ignore: decorator
@inline export function pieceW(): i32 { return integer(24); }

/** Pieces of a filter. */
// @ts-ignore: decorator
@inline export function pieces(): i32 { return integer(21) * integer(22); }

/** Channels of the images, one for each piece. */
// @ts-ignore: decorator
@inline export function depth(): i32 { return C() * pieces(); }

/** Outputs along an axis of a tile: of F(2×2, 3×3), F(4×4, 3×3) or F(4×4, 5×5). */
// @ts-ignore: decorator
@inline export function tileSize(): i32 { return tileInputs() == 4 ? 2 : 4; }

/** Taps along an axis that a tile takes. */
// @ts-ignore: decorator
@inline export function tileTaps(): i32 { return tileInputs() - tileSize() + 1; }

/** Values more than it has outputs that a tile needs of the rows and of the columns of all pieces' channels. */
// @ts-ignore: decorator
@inline export function haloH(): i32 { return tileTaps() - 1 + (integer(21) - 1) * pieceH(); }
// @ts-ignore: decorator
@inline export function haloW(): i32 { return tileTaps() - 1 + (piecesAcross() - 1) * pieceW(); }

/** The first row of a filter that belongs to a piece, and the first column. */
// @ts-ignore: decorator
@inline export function firstRow(piece: i32): i32 { return piece / piecesAcross() * pieceH(); }
// @ts-ignore: decorator
@inline export function firstColumn(piece: i32): i32 { return piece % piecesAcross() * pieceW(); }

/** Where the tiles of a piece's channel lie after those of the first piece in a buffer. */
export function pieceAt(piece: i32, rowBytes: usize): usize {
  return <usize>firstRow(piece) * rowBytes + (<usize>firstColumn(piece) << 2);
}

/** The number of tap (i, j) of a piece among those of its filter, turned by 180° if asked, or −1 where it has none. */
export function tapOf(piece: i32, i: i32, j: i32, turned: i32): i32 {
  const h = firstRow(piece) + i, w = firstColumn(piece) + j;
  if (i >= pieceH() || j >= pieceW() || h >= HH() || w >= WW()) return -1;
  const tap = h * WW() + w;
  return turned ? HH() * WW() - 1 - tap : tap;
}

// @ts-ignore: decorator
@inline const FIRST_GRID: usize = 37;
// @ts-ignore: decorator
@inline const GRID_SIZE: usize = 7;

/** Where the integers of the grid that this thread works on begin. */
let grid: usize = 0;

export function chooseGrid(index: i32): void {
  grid = <usize>INTEGERS + ((FIRST_GRID + <usize>index * GRID_SIZE) << 2);
}

/** Tiles that a work item takes: from `firstTile` to before `endTile`. */
export let firstTile = 0;
export let endTile = 0;

/** Chooses the grid and the tiles of a work item. There are none in some items for the last images. */
export function chooseTiles(item: i32): void {
  const images = integer(25), items = integer(26);
  const n = item / items * images;
  let index = 0, run = item % items;
  chooseGrid(0);
  for (; run >= gridItems(); chooseGrid(++index)) run -= gridItems();
  const each = tilesDown() * tilesAcross();
  firstTile = n * each + run * tilesAtATime();
  endTile = min(firstTile + tilesAtATime(), min(n + images, integer(6)) * each);
}

// @ts-ignore: decorator
@inline function gridTop(): i32 { return load<i32>(grid); }
// @ts-ignore: decorator
@inline function gridLeft(): i32 { return load<i32>(grid, 4); }
// @ts-ignore: decorator
@inline function gridItems(): i32 { return load<i32>(grid, 24); }

/** Tiles of the grid down and across an image. */
// @ts-ignore: decorator
@inline export function tilesDown(): i32 { return load<i32>(grid, 8); }
// @ts-ignore: decorator
@inline export function tilesAcross(): i32 { return load<i32>(grid, 12); }

/** Outputs of the grid's tiles along each axis. */
// @ts-ignore: decorator
@inline export function tileHeight(): i32 { return load<i32>(grid, 16); }
// @ts-ignore: decorator
@inline export function tileWidth(): i32 { return load<i32>(grid, 20); }

/** Whether the grid's tiles are those of winograd-edges.ts. */
// @ts-ignore: decorator
@inline export function atEdge(): bool { return tileHeight() != tileSize() || tileWidth() != tileSize(); }

/** Products of a tile, a channel and a filter: the places ξ of a transformed tile. */
// @ts-ignore: decorator
@inline export function points(): i32 { return tileInputs() * tileInputs(); }

/** Where tile number `t` of a table begins in the buffer. */
// @ts-ignore: decorator
@inline export function tileAt(tiles: usize, t: i32): usize { return load<u32>(tiles + (<usize>t << 2)); }

/** Bytes of a row of the buffer, where a tile needs `halo` values more than it has outputs. */
// @ts-ignore: decorator
@inline export function bufferRow(halo: i32): usize { return <usize>(tilesAcross() * tileWidth() + halo) << 2; }

/**
 * Writes the tables of the tiles from `first` to before `end`: to `rows`, for each row of the planes, where it goes in
 * the buffer and where it comes from in the first channel of the batch; to `tiles`, where each begins in the buffer,
 * the last one repeated until there are whole panels. All in bytes.
 *
 * @returns How many rows there are.
 */
export function layTiles(
  first: i32, end: i32, rows: usize, tiles: usize,
  channels: i32, height: i32, width: i32, haloH: i32, haloW: i32, padH: i32, padW: i32,
): i32 {
  const tall = tileHeight(), wide = tileWidth(), across = tilesAcross(), down = tilesDown();
  const rowBytes = bufferRow(haloW), column = leftmost(padW);
  const last = (end - 1) / across;
  let count = 0, t = first, buffer: usize = 0;
  for (let row = first / across; row <= last;) {
    const n = row / down;
    const top = row - n * down;
    const below = min(last + 1 - row, down - top);
    for (let i = 0; i < below * tall + haloH; i++) {
      const h = gridTop() + top * tall + i - padH;
      if (h < 0 || h >= height) continue;
      store<u32>(rows, <u32>(buffer + <usize>i * rowBytes + (<usize>(column + padW - gridLeft()) << 2)));
      store<u32>(rows, <u32>(((<usize>n * channels * height + h) * width + column) << 2), 4);
      rows += 8;
      count++;
    }
    for (const stop = min(end, (row + below) * across); t < stop; t++) {
      const down = t / across - row;
      store<u32>(tiles, <u32>(buffer + <usize>(down * tall) * rowBytes + (<usize>(t % across * wide) << 2)));
      tiles += 4;
    }
    buffer += <usize>(below * tall + haloH) * rowBytes;
    row += below;
  }
  const repeated = load<u32>(tiles - 4);
  for (; (t - first) & 7; t++) {
    store<u32>(tiles, repeated);
    tiles += 4;
  }
  return count;
}

/** The first column of the planes that the grid's tiles reach. */
// @ts-ignore: decorator
@inline function leftmost(padW: i32): i32 { return max(0, gridLeft() - padW); }

/** How many columns of the planes, of `width`, the grid's tiles reach. */
export function columnsReached(width: i32, haloW: i32, padW: i32): i32 {
  return min(width, gridLeft() + tilesAcross() * tileWidth() + haloW - padW) - leftmost(padW);
}

/** Bytes of an entry of the table of outputs. */
// @ts-ignore: decorator
@inline export const OUTPUT_ENTRY: usize = 16;

/**
 * Writes, for each tile from `first` to before `end`, where in the first filter's output it begins, in bytes, and how
 * many rows and columns of it the image has; and for the first of each four, whether there are four and the image has
 * them whole.
 */
export function layOutputs(first: i32, end: i32, to: usize): void {
  const tall = tileHeight(), wide = tileWidth(), across = tilesAcross(), down = tilesDown();
  let four = to;
  for (let t = first; t < end; t++) {
    const row = t / across;
    const n = row / down;
    const top = gridTop() + (row - n * down) * tall, left = gridLeft() + (t - row * across) * wide;
    const height = min(tall, OH() - top), width = min(wide, OW() - left);
    const whole = height == tall && width == wide;
    store<u32>(to, <u32>(((<usize>n * F() * OH() + top) * OW() + left) << 2));
    store<i32>(to, height, 4);
    store<i32>(to, width, 8);
    if (((t - first) & 3) == 0) {
      four = to;
      store<i32>(four, i32(whole && t + 4 <= end), 12);
    } else if (!whole) {
      store<i32>(four, 0, 12);
    }
    to += OUTPUT_ENTRY;
  }
}

/** Copies the rows of a table, each of `width` values, from a channel's place in the first image to the buffer. */
export function copyRows(rows: usize, count: i32, channel: usize, buffer: usize, width: i32): void {
  const pairs = <usize>(width & ~7) << 2, rest = width & 7;
  // The last vector of a row of four values or more begins early enough to end with it.
  const last = (<usize>width << 2) - VECTOR;
  for (const end = rows + (<usize>count << 3); rows < end; rows += 8) {
    let to = buffer + <usize>load<u32>(rows), from = channel + <usize>load<u32>(rows, 4);
    if (width < 4) {
      copyRun<f32>(to, from, width);
      continue;
    }
    const lastTo = to + last, lastFrom = from + last;
    for (const stop = from + pairs; from < stop; from += 2 * VECTOR) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, VECTOR), VECTOR);
      to += 2 * VECTOR;
    }
    if (rest > 4) v128.store(to, v128.load(from));
    if (rest) v128.store(lastTo, v128.load(lastFrom));
  }
}
