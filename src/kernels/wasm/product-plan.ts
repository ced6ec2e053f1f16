import { PRODUCT_DEPTH, TILE_ROW_BYTES, TILE_ROWS } from './protocol.js';

/** How a matrix product out (N, M) = A (N, K) · B (K, M) is cut. Only speed depends on it: see assembly/gemm.ts. */
export interface ProductPlan {
  /** Columns of a tile: 8 of float32, 4 of float64. */
  readonly tileColumns: number;
  /** Sizes of the blocks that are packed at a time. */
  readonly nBlock: number;
  readonly kBlock: number;
  readonly mBlock: number;
}

/** Deepest block of K. A panel of A or B this deep is still small beside the caches' sum. */
const K_BLOCK = 16384;

/** Values of A that are packed at a time: 16 MB of float32. Packed once where A is no larger. */
const A_VALUES = 4 * 2 ** 20;

/** Values of B that are packed at a time: 2 MB of float32, what the second-level caches hold. */
const B_VALUES = 512 * 2 ** 10;

export function planProduct(N: number, K: number, M: number, bytes: 4 | 8): ProductPlan {
  const tileColumns = TILE_ROW_BYTES / bytes;
  const kBlock = Math.min(K, K_BLOCK);
  return {
    tileColumns,
    kBlock,
    nBlock: Math.min(N, wholeTiles(A_VALUES / kBlock, TILE_ROWS)),
    mBlock: Math.min(M, wholeTiles(B_VALUES / kBlock, tileColumns)),
  };
}

/**
 * Bytes of an operand's block, as deep as a tile adds up at a time, that the second-level cache holds beside the
 * other's.
 */
const RESIDENT_BYTES = 512 * 2 ** 10;

/** Operations of a product that takes 20 µs or so. */
const SHORT_FLOPS = 2e6;

/** Panels that an item packs at most. Eight of B are read as whole cache lines. */
const GROUP = 8;

/** A product whose items pack one of the operands themselves: which, and how many of its panels each. */
export interface PackingPlan {
  readonly operand: 'A' | 'B';
  readonly group: number;
  readonly items: number;
  /** Bytes of a group's panels. */
  readonly bytes: number;
}

/**
 * Whether the operand of more panels is packed by the items that multiply it: where the other one has so few that an
 * item can multiply all of them, and there are items enough that no thread waits long for the last one; or where the
 * product takes so little time that being woken once more would show. An operand that is packed so is not written to
 * memory and read again. Before and now, in ms, two threads of an EPYC, Node 20:
 *
 *     10 × 64 · 64 × 16384      0.34    0.24
 *     200 × 100 · 100 × 100     0.040   0.036
 *     50 × 100 · 100 × 100      0.017   0.012
 */
export function planPackingItems(
  n: number,
  k: number,
  m: number,
  tileColumns: number,
  bytes: 4 | 8,
  threads: number,
): PackingPlan | null {
  const stepBytes = { A: TILE_ROWS * bytes, B: TILE_ROW_BYTES };
  const panels = { A: Math.ceil(n / TILE_ROWS), B: Math.ceil(m / tileColumns) };
  const operand = panels.A > panels.B ? 'A' : 'B';
  const other = operand === 'A' ? 'B' : 'A';
  if (panels[other] * PRODUCT_DEPTH * stepBytes[other] > RESIDENT_BYTES) return null;
  const many = panels[operand] >= 16 * threads;
  if (!many && 2 * n * k * m > SHORT_FLOPS) return null;
  // Two panels of B are a cache line of its rows.
  const least = many && operand === 'B' ? 2 : 1;
  const group = Math.max(least, Math.min(GROUP, Math.floor(panels[operand] / (16 * threads))));
  const items = Math.ceil(panels[operand] / group);
  return { operand, group, items, bytes: group * PRODUCT_DEPTH * stepBytes[operand] };
}

/** Values of K that a share packs at a time at most: rows of 2 KB are 256 KB then. */
const SHARE_DEPTH = 128;

/** Shares of a deep product at most. Fixed, so that no bit depends on the threads. */
const SHARES = 16;

/** A product whose items compute shares of it, each of a part of K. */
export interface SharesPlan {
  readonly shares: number;
  /** Values of K that are packed at a time. */
  readonly depth: number;
  /** Bytes of both operands' panels, that deep. */
  readonly bytes: number;
}

/**
 * Whether a product goes by shares of K, which are added up: where it is so deep that the sums are little beside the
 * operands, and both operands' panels of a block stay in the second-level cache. Rows are then read as they lie, packed
 * operands take little room, and threads have work however few rows and columns there are. Before and now, in ms, two
 * threads of an EPYC, Node 20:
 *
 *     50 × 8192 · 8192 × 500       4.07   3.55          64 × 16384 · 16384 × 10      0.36   0.32
 *     100 × 3072 · 3072 × 100      0.54   0.52          1 × 16384 · 16384 × 1000     4.70   2.78
 *     200 × 3072 · 3072 × 100      1.03   1.01          100 × 3072 · 3072 × 50       0.40   0.33
 */
export function planShares(n: number, k: number, m: number, tileColumns: number, bytes: 4 | 8): SharesPlan | null {
  const most = Math.min(SHARES, Math.floor(k / SHARE_DEPTH), Math.floor(((n + m) * k) / (4 * n * m)));
  // A multiple of four: no thread of two or four waits for the last share.
  const shares = most - (most % 4);
  if (shares < 8 || 2 * n * k * m <= SHORT_FLOPS) return null;
  const part = Math.ceil(k / shares);
  // An odd number of rows of a tile: as many panels side by side do not fall into the same sets of the cache.
  const depth = Math.ceil(part / Math.ceil(part / SHARE_DEPTH)) | 1;
  const rowBytes = Math.ceil(n / TILE_ROWS) * TILE_ROWS * bytes + Math.ceil(m / tileColumns) * TILE_ROW_BYTES;
  return rowBytes * depth <= RESIDENT_BYTES ? { shares, depth, bytes: rowBytes * depth } : null;
}

/** The panels of A and of B that one work item multiplies. */
export function planItems(n: number, k: number, m: number, tileColumns: number, threads: number) {
  const aPanels = Math.ceil(n / TILE_ROWS);
  const bPanels = Math.ceil(m / tileColumns);
  const tileFlops = 2 * TILE_ROWS * tileColumns * k;
  const all = tileFlops * aPanels * bPanels;
  // Enough items that no thread waits long for the last one; none so small that claiming it shows (1 Mflop is 20 µs).
  const tiles = Math.max(1, Math.min(20e6, Math.max(1e6, all / (16 * threads))) / tileFlops);
  const a = Math.min(aPanels, Math.ceil(Math.sqrt(tiles)));
  const b = Math.min(bPanels, Math.ceil(tiles / a));
  return { a, b, items: Math.ceil(aPanels / a) * Math.ceil(bPanels / b) };
}

/**
 * Neighbouring panels that one work item packs: about 16,384 values, and where rows are read whole, cache lines of
 * them.
 */
export function planPacking(panels: number, width: number, k: number, alongRows: boolean) {
  const group = Math.min(panels, Math.max(alongRows ? 8 : 1, Math.ceil(16384 / (width * k))));
  return { group, items: Math.ceil(panels / group) };
}

function wholeTiles(values: number, tile: number): number {
  return Math.max(tile, Math.floor(values / tile) * tile);
}
