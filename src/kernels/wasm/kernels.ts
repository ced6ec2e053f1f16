import type { Floats } from '../../arrays/index.js';
import { reference } from '../reference.js';
import type { AdamStep, Kernels, ProductForm } from '../types.js';
import { type Memory, MemoryFull } from './memory.js';
import type { Exports } from './module.js';
import { planItems, planPacking, planProduct } from './product-plan.js';
import { CHUNK, INTEGERS, Kernel, NUMBERS, STRIPE, TILE_ROWS } from './protocol.js';
import type { Workers } from './workers.js';

/**
 * The kernels on WebAssembly memory. An array that lives there is used in place; one from elsewhere is copied in, and
 * out again where the kernel writes it (about 10 GB/s). When there is no room for the copies the reference runs.
 */
export function bindKernels(memory: Memory, exports: Exports, workers: Workers, threads: number): Kernels {
  const call = new Call(memory, exports, workers);

  /** An update rule over w, dw and its state. */
  const update = (
    kernel: Kernel,
    w: Floats,
    dw: Floats,
    state: readonly Floats[],
    numbers: readonly number[],
  ): void => {
    const places = [call.changed(w), call.read(dw), ...state.map((s) => call.changed(s))];
    while (places.length < 4) places.push(0);
    call.run(kernel, w, chunks(w.length), [...places, w.length], numbers);
  };

  const kernels: Kernels = {
    name: 'wasm',

    gemm(form, a, b, out, N, K, M) {
      multiply(call, threads, form, a, b, out, N, K, M);
    },

    addRow(b, out, N, M) {
      call.run(Kernel.AddRow, out, rowBlocks(N, M), [call.read(b), call.changed(out), N, M]);
    },

    addRowRelu(b, out, N, M) {
      call.run(Kernel.AddRowRelu, out, rowBlocks(N, M), [call.read(b), call.changed(out), N, M]);
    },

    relu(x, out) {
      call.run(Kernel.Relu, x, chunks(x.length), [call.read(x), call.written(out), x.length]);
    },

    reluBackward(dout, x, dx) {
      const places = [call.read(dout), call.read(x), call.written(dx)];
      call.run(Kernel.ReluBackward, x, chunks(x.length), [...places, x.length]);
    },

    reluBackwardSumRows(dout, x, dx, sums, N, M) {
      const places = [call.read(dout), call.read(x), call.written(dx), call.written(sums)];
      call.run(Kernel.ReluBackwardSumRows, x, Math.ceil(M / STRIPE), [...places, N, M]);
    },

    sumRows(x, out, N, M) {
      call.run(Kernel.SumRows, x, Math.ceil(M / STRIPE), [call.read(x), call.written(out), N, M]);
    },

    sumColumns(x, out, N, M) {
      call.run(Kernel.SumColumns, x, rowBlocks(N, M), [call.read(x), call.written(out), N, M]);
    },

    sumSquares(x) {
      const items = chunks(x.length);
      const partial = call.partialSums(items);
      return call.sum(Kernel.SumSquares, x, items, [call.read(x), partial, x.length], partial, items);
    },

    addL2Gradient(w, dw, reg) {
      const items = chunks(w.length);
      const partial = call.partialSums(items);
      const places = [call.read(w), call.changed(dw), partial];
      return call.sum(Kernel.AddL2Gradient, w, items, [...places, w.length], partial, items, [reg]);
    },

    softmaxLoss(x, y, dx, N, C) {
      const losses = call.partialSums(N);
      const places = [call.read(x), call.integers(y), call.written(dx), losses];
      return call.sum(Kernel.SoftmaxLoss, x, rowBlocks(N, C), [...places, N, C], losses, N) / N;
    },

    hingeLoss(x, y, dx, N, C) {
      const losses = call.partialSums(N);
      const places = [call.read(x), call.integers(y), call.written(dx), losses];
      return call.sum(Kernel.HingeLoss, x, rowBlocks(N, C), [...places, N, C], losses, N) / N;
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

    sgd(w, dw, learningRate) {
      update(Kernel.Sgd, w, dw, [], [learningRate]);
    },

    sgdMomentum(w, dw, velocity, learningRate, momentum) {
      update(Kernel.SgdMomentum, w, dw, [velocity], [learningRate, momentum]);
    },

    nesterov(w, dw, velocity, learningRate, momentum) {
      update(Kernel.Nesterov, w, dw, [velocity], [learningRate, momentum]);
    },

    rmsprop(w, dw, cache, learningRate, decayRate, epsilon) {
      update(Kernel.Rmsprop, w, dw, [cache], [learningRate, epsilon, decayRate, 1 - decayRate]);
    },

    adagrad(w, dw, cache, learningRate, epsilon) {
      update(Kernel.Adagrad, w, dw, [cache], [learningRate, epsilon]);
    },

    adam(w, dw, m, v, { learningRate, beta1, beta2, epsilon, t, weightDecay }: AdamStep) {
      const decayed = weightDecay !== 0;
      update(
        decayed ? Kernel.AdamW : Kernel.Adam,
        w,
        dw,
        [m, v],
        [
          learningRate,
          epsilon,
          beta1,
          1 - beta1,
          beta2,
          1 - beta2,
          1 / (1 - beta1 ** t),
          1 / (1 - beta2 ** t),
          learningRate * weightDecay,
        ],
      );
    },
  };
  return withFallback(kernels, call);
}

/** Work items of an elementwise kernel. */
function chunks(length: number): number {
  return Math.ceil(length / CHUNK);
}

/** Work items of a kernel that goes by blocks of rows. */
function rowBlocks(N: number, M: number): number {
  return Math.ceil(N / Math.max(1, Math.floor(CHUNK / M)));
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

/** One kernel call: its operands' places in memory, its arguments, and what has to be copied out when it is done. */
class Call {
  readonly #memory: Memory;
  readonly #exports: Exports;
  readonly #workers: Workers;
  readonly #integers: Int32Array;
  readonly #numbers: Float64Array;
  /** Scratch blocks of this call: address, bytes. */
  readonly #blocks: number[] = [];
  /** Arrays on the heap that the kernel writes, with the places of their copies. */
  readonly #results: [Floats, number][] = [];

  constructor(memory: Memory, exports: Exports, workers: Workers) {
    this.#memory = memory;
    this.#exports = exports;
    this.#workers = workers;
    this.#integers = memory.integers(INTEGERS, 32);
    this.#numbers = memory.view(NUMBERS, 16, 'float64') as Float64Array;
  }

  /** The place of an array that the kernel reads. */
  read(values: Floats): number {
    if (this.#memory.holds(values)) return values.byteOffset;
    const at = this.scratch(values.byteLength);
    this.#view(at, values).set(values);
    return at;
  }

  /** The place of an array that the kernel writes in full. */
  written(values: Floats): number {
    if (this.#memory.holds(values)) return values.byteOffset;
    const at = this.scratch(values.byteLength);
    this.#results.push([values, at]);
    return at;
  }

  /** The place of an array that the kernel reads and writes. */
  changed(values: Floats): number {
    if (this.#memory.holds(values)) return values.byteOffset;
    const at = this.read(values);
    this.#results.push([values, at]);
    return at;
  }

  /** The place of a copy of 32-bit integers. */
  integers(values: Int32Array): number {
    const at = this.scratch(values.byteLength);
    this.#memory.integers(at, values.length).set(values);
    return at;
  }

  /** Room for `count` float64 sums. */
  partialSums(count: number): number {
    return this.scratch(count * 8);
  }

  /** Room for `bytes` until the call is over. */
  scratch(bytes: number): number {
    const at = this.#memory.take(bytes);
    this.#blocks.push(at, bytes);
    return at;
  }

  /** Runs one job of the call. `like` has the dtype. */
  job(kernel: Kernel, like: Floats, items: number, integers: readonly number[], numbers: readonly number[] = []): void {
    for (let i = 0; i < integers.length; i++) this.#integers[i] = integers[i];
    for (let i = 0; i < numbers.length; i++) this.#numbers[i] = numbers[i];
    if (items > 1) this.#workers.start();
    this.#exports.run(kernel, like instanceof Float64Array ? 1 : 0, items);
  }

  /** Runs the call's only job and ends the call. */
  run(kernel: Kernel, like: Floats, items: number, integers: readonly number[], numbers?: readonly number[]): void {
    this.job(kernel, like, items, integers, numbers);
    this.finish();
  }

  /** Runs the call's only job, ends the call, and adds up the `count` sums that it left, in their order. */
  sum(
    kernel: Kernel,
    like: Floats,
    items: number,
    integers: readonly number[],
    partial: number,
    count: number,
    numbers?: readonly number[],
  ): number {
    this.job(kernel, like, items, integers, numbers);
    const sums = this.#memory.view(partial, count, 'float64');
    let total = 0;
    for (let i = 0; i < count; i++) total += sums[i];
    this.finish();
    return total;
  }

  /** Copies the results out and gives the scratch back. */
  finish(): void {
    for (const [values, at] of this.#results) values.set(this.#view(at, values));
    this.drop();
  }

  /** Gives the scratch back and forgets the results. */
  drop(): void {
    for (let i = 0; i < this.#blocks.length; i += 2) this.#memory.give(this.#blocks[i], this.#blocks[i + 1]);
    this.#blocks.length = 0;
    this.#results.length = 0;
  }

  #view(at: number, like: Floats): Floats {
    return this.#memory.view(at, like.length, like instanceof Float64Array ? 'float64' : 'float32');
  }
}

/** The same kernels; each runs on the reference when memory is too full for its copies, which all are made before it runs. */
function withFallback(kernels: Kernels, call: Call): Kernels {
  const guarded = Object.entries(kernels).map(([name, kernel]) => {
    if (typeof kernel !== 'function') return [name, kernel];
    const slow = reference[name as keyof Kernels] as (...args: unknown[]) => unknown;
    const guardedKernel = (...args: unknown[]): unknown => {
      try {
        return (kernel as (...args: unknown[]) => unknown)(...args);
      } catch (error) {
        call.drop();
        if (error instanceof MemoryFull) return slow(...args);
        throw error;
      }
    };
    return [name, guardedKernel];
  });
  return Object.fromEntries(guarded) as Kernels;
}
