import type { ProductKernels, ProductOperands } from '../../types.js';
import { type Call, stripes } from '../call.js';
import { Kernel } from '../kernel.generated.js';
import { planItems, planPacking, planPackingItems, planProduct, planShares } from '../product-plan.js';
import { TILE_ROWS } from '../protocol.js';

export function bindProducts(call: Call, threads: number): ProductKernels {
  return {
    gemm: (operands) => multiply(call, threads, operands),
  };
}

/** out (N, M) = op(a) · op(b), block by block: pack, then multiply. */
function multiply(call: Call, threads: number, { form, a, b, out, N, K, M }: ProductOperands): void {
  const bytes = a.BYTES_PER_ELEMENT as 4 | 8;
  const { tileColumns, nBlock, kBlock, mBlock } = planProduct(N, K, M, bytes);
  const [aAt, bAt, outAt] = [call.read(a), call.read(b), call.written(out)];
  /** How the operands lie: whether rows run along their panels, and values from a row to the next. */
  const lies = {
    A: form === 'TN' ? { along: true, ld: N } : { along: false, ld: K },
    B: form === 'NT' ? { along: false, ld: K } : { along: true, ld: M },
  };
  /** Where a block of an operand begins: its rows or columns from `from` on, from k on. */
  const sourceOf = (operand: 'A' | 'B', from: number, k: number): number => {
    const { along, ld } = lies[operand];
    return (operand === 'A' ? aAt : bAt) + (along ? k * ld + from : from * ld + k) * bytes;
  };
  const roomFor = (operand: 'A' | 'B', extent: number): number => {
    const width = operand === 'A' ? TILE_ROWS : tileColumns;
    return call.scratch(Math.ceil(extent / width) * width * kBlock * bytes);
  };
  /** Packs a block of an operand: `extent` rows or columns from `from` on, `depth` deep from k on. */
  const pack = (operand: 'A' | 'B', to: number, from: number, extent: number, k: number, depth: number): void => {
    const { along, ld } = lies[operand];
    const width = operand === 'A' ? TILE_ROWS : tileColumns;
    const { group, items } = planPacking(Math.ceil(extent / width), width, depth, along);
    const kernel = operand === 'A' ? Kernel.PackA : Kernel.PackB;
    call.job(kernel, a, items, [sourceOf(operand, from, k), to, extent, depth, ld, group, +along]);
  };

  const deep = planShares(N, K, M, tileColumns, bytes);
  if (deep !== null) {
    const { shares, depth } = deep;
    const sums = call.scratch(shares * N * M * bytes);
    const own = [call.scratch(deep.bytes * threads), deep.bytes];
    const { A, B } = lies;
    const integers = [aAt, bAt, sums, N, M, K, shares, depth, +A.along, +B.along, A.ld, B.ld, ...own];
    call.job(Kernel.ProductShare, a, shares, integers);
    const { width, items } = stripes(shares, N * M);
    call.job(Kernel.SumRows, a, items, [sums, outAt, shares, N * M, width]);
    call.finish();
    return;
  }

  const packing = planPackingItems(N, K, M, tileColumns, bytes, threads);
  if (packing !== null) {
    const { operand, group, items } = packing;
    const [other, extent] = operand === 'A' ? (['B', M] as const) : (['A', N] as const);
    const packed = roomFor(other, extent);
    const own = [call.scratch(packing.bytes * threads), packing.bytes];
    const { along, ld } = lies[operand];
    const kernel = operand === 'A' ? Kernel.ProductPackingA : Kernel.ProductPackingB;
    for (let k = 0; k < K; k += kBlock) {
      const depth = Math.min(kBlock, K - k);
      pack(other, packed, 0, extent, k, depth);
      const source = sourceOf(operand, 0, k);
      const places = operand === 'A' ? [source, packed, outAt] : [packed, source, outAt];
      call.job(kernel, a, items, [...places, N, M, depth, M, group, +along, +(k > 0), ld, ...own]);
    }
    call.finish();
    return;
  }

  const [aPacked, bPacked] = [roomFor('A', nBlock), roomFor('B', mBlock)];
  for (let k = 0; k < K; k += kBlock) {
    const depth = Math.min(kBlock, K - k);
    for (let n = 0; n < N; n += nBlock) {
      const rows = Math.min(nBlock, N - n);
      pack('A', aPacked, n, rows, k, depth);
      for (let m = 0; m < M; m += mBlock) {
        const columns = Math.min(mBlock, M - m);
        pack('B', bPacked, m, columns, k, depth);
        const { a: aPanels, b: bPanels, items } = planItems(rows, depth, columns, tileColumns, threads);
        const to = outAt + (n * M + m) * bytes;
        call.job(Kernel.Product, a, items, [aPacked, bPacked, to, rows, columns, depth, M, aPanels, bPanels, +(k > 0)]);
      }
    }
  }
  call.finish();
}
