import { TILE_ROW_BYTES, TILE_ROWS } from './protocol.js';

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

/** Neighbouring panels that one work item packs: about 16,384 values, and where rows are read whole, cache lines of them. */
export function planPacking(panels: number, width: number, k: number, alongRows: boolean) {
  const group = Math.min(panels, Math.max(alongRows ? 8 : 1, Math.ceil(16384 / (width * k))));
  return { group, items: Math.ceil(panels / group) };
}

function wholeTiles(values: number, tile: number): number {
  return Math.max(tile, Math.floor(values / tile) * tile);
}
