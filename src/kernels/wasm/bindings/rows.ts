import { rows as reference } from '../../reference/rows.js';
import type { RowKernels } from '../../types.js';
import { type Call, chunks, rowBlocks, stripes } from '../call.js';
import { Kernel } from '../kernel.generated.js';
import type { Memory } from '../memory.js';

export function bindRows(call: Call, memory: Memory): RowKernels {
  return {
    addRow(b, out, N, M) {
      call.run(Kernel.AddRow, out, rowBlocks(N, M), [call.read(b), call.changed(out), N, M]);
    },

    addRowRelu(b, out, N, M) {
      call.run(Kernel.AddRowRelu, out, rowBlocks(N, M), [call.read(b), call.changed(out), N, M]);
    },

    sumRows(x, out, N, M) {
      const { width, items } = stripes(N, M);
      call.run(Kernel.SumRows, x, items, [call.read(x), call.written(out), N, M, width]);
    },

    scaleRows(x, factors, out, M) {
      const N = factors.length;
      call.run(Kernel.ScaleRows, x, rowBlocks(N, M), [call.read(x), call.read(factors), call.written(out), N, M]);
    },

    sumColumns(x, out, N, M) {
      call.run(Kernel.SumColumns, x, rowBlocks(N, M), [call.read(x), call.written(out), N, M]);
    },

    sumSquares(x) {
      const items = chunks(x.length);
      const partial = call.partialSums(items);
      return call.sum(Kernel.SumSquares, x, items, [call.read(x), partial, x.length], partial, items);
    },

    sumAbs(x) {
      const items = chunks(x.length);
      const partial = call.partialSums(items);
      return call.sum(Kernel.SumAbs, x, items, [call.read(x), partial, x.length], partial, items);
    },

    maxAbs(x) {
      const items = chunks(x.length);
      const partial = call.partialSums(items);
      return call.max(Kernel.MaxAbs, x, items, [call.read(x), partial, x.length], partial, items);
    },

    clamp(x, limit) {
      call.run(Kernel.Clamp, x, chunks(x.length), [call.changed(x), x.length], [limit]);
    },

    addL2Gradient(w, dw, reg) {
      const items = chunks(w.length);
      const partial = call.partialSums(items);
      const places = [call.read(w), call.changed(dw), partial];
      return call.sum(Kernel.AddL2Gradient, w, items, [...places, w.length], partial, items, [reg]);
    },

    gatherRows(source, indices, out, D) {
      // A data set on the heap is not copied in for the sake of a few of its rows.
      if (!memory.holds(source)) {
        reference.gatherRows(source, indices, out, D);
        return;
      }
      const places = [call.read(source), call.integers(indices), call.written(out)];
      call.run(Kernel.GatherRows, out, rowBlocks(indices.length, D), [...places, indices.length, D]);
    },
  };
}
