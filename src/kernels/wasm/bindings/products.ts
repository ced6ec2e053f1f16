import type { Floats } from '../../../arrays/index.js';
import type { ProductForm, ProductKernels } from '../../types.js';
import type { Call } from '../call.js';
import { planItems, planPacking, planProduct } from '../product-plan.js';
import { Kernel, TILE_ROWS } from '../protocol.js';

export function bindProducts(call: Call, threads: number): ProductKernels {
  return {
    gemm(form, a, b, out, N, K, M) {
      multiply(call, threads, form, a, b, out, N, K, M);
    },
  };
}

/** The kernels that pack panels, by operand and by how its rows lie to them. */
const PACKING = {
  A: { along: Kernel.PackAlongA, across: Kernel.PackAcrossA },
  B: { along: Kernel.PackAlongB, across: Kernel.PackAcrossB },
};

/** out (N, M) = op(a) · op(b), block by block: pack, then multiply. */
function multiply(
  call: Call,
  threads: number,
  form: ProductForm,
  a: Floats,
  b: Floats,
  out: Floats,
  N: number,
  K: number,
  M: number,
): void {
  const bytes = a.BYTES_PER_ELEMENT as 4 | 8;
  const { tileColumns, nBlock, kBlock, mBlock } = planProduct(N, K, M, bytes);
  const [aAt, bAt, outAt] = [call.read(a), call.read(b), call.written(out)];
  const aPacked = call.scratch(Math.ceil(nBlock / TILE_ROWS) * TILE_ROWS * kBlock * bytes);
  const bPacked = call.scratch(Math.ceil(mBlock / tileColumns) * tileColumns * kBlock * bytes);

  /** Packs a block of an operand: `extent` rows or columns from `from` on, `depth` deep from k on. */
  const pack = (operand: 'A' | 'B', from: number, extent: number, k: number, depth: number): void => {
    const isA = operand === 'A';
    const alongRows = isA ? form === 'TN' : form !== 'NT';
    const ld = alongRows ? (isA ? N : M) : K;
    const source = (isA ? aAt : bAt) + (alongRows ? k * ld + from : from * ld + k) * bytes;
    const width = isA ? TILE_ROWS : tileColumns;
    const { group, items } = planPacking(Math.ceil(extent / width), width, depth, alongRows);
    const sizes = [extent, depth, ld, group];
    call.job(PACKING[operand][alongRows ? 'along' : 'across'], a, items, [source, isA ? aPacked : bPacked, ...sizes]);
  };

  for (let k = 0; k < K; k += kBlock) {
    const depth = Math.min(kBlock, K - k);
    for (let n = 0; n < N; n += nBlock) {
      const rows = Math.min(nBlock, N - n);
      pack('A', n, rows, k, depth);
      for (let m = 0; m < M; m += mBlock) {
        const columns = Math.min(mBlock, M - m);
        pack('B', m, columns, k, depth);
        const { a: aPanels, b: bPanels, items } = planItems(rows, depth, columns, tileColumns, threads);
        const to = outAt + (n * M + m) * bytes;
        const accumulate = k > 0 ? 1 : 0;
        const sizes = [rows, columns, depth, M, aPanels, bPanels, accumulate];
        call.job(Kernel.Product, a, items, [aPacked, bPacked, to, ...sizes]);
      }
    }
  }
  call.finish();
}
