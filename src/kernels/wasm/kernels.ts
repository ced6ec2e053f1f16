import { plain, reference } from '../reference/index.js';
import type { Kernels, PlainKernels } from '../types.js';
import { bindActivations } from './bindings/activations.js';
import { bindArithmetic } from './bindings/arithmetic.js';
import { bindConvolution } from './bindings/convolution.js';
import { bindDropout } from './bindings/dropout.js';
import { bindElementwiseLosses } from './bindings/elementwise-losses.js';
import { bindLosses } from './bindings/losses.js';
import { bindNormalization } from './bindings/normalization.js';
import { bindPooling } from './bindings/pooling.js';
import { bindProducts } from './bindings/products.js';
import { bindRows } from './bindings/rows.js';
import { bindSmoothActivations } from './bindings/smooth-activations.js';
import { bindSoftmax } from './bindings/softmax.js';
import { bindUpdates } from './bindings/updates.js';
import { Call, NoValues, WorkerTrap } from './call.js';
import { type Memory, MemoryFull } from './memory.js';
import type { Exports } from './module.js';
import { type ChooseTiles, fastestTiles } from './winograd-choice.js';
import type { WorkerThreads } from './worker-threads.js';

/**
 * The kernels on WebAssembly memory. An array that lives there is used in place; one from elsewhere is copied in, and
 * out again where the kernel writes it (about 10 GB/s). When there is no room for the copies, or an operand has no
 * values, the reference runs.
 */
export function bindKernels(
  memory: Memory,
  exports: Exports,
  workers: WorkerThreads,
  threads: number,
  tiles: ChooseTiles = fastestTiles,
): Kernels {
  const call = new Call(memory, exports, workers);
  const kernels: CompiledKernels = {
    name: 'wasm',
    ...bindProducts(call, threads),
    ...bindArithmetic(call),
    ...bindRows(call, memory),
    ...bindActivations(call, memory),
    ...bindSmoothActivations(call),
    ...bindSoftmax(call),
    ...bindNormalization(call),
    ...bindDropout(call),
    ...bindConvolution(call, threads, tiles),
    ...bindPooling(call),
    ...bindLosses(call),
    ...bindElementwiseLosses(call),
    ...bindUpdates(call),
  };
  return { ...withFallback(kernels, call), ...plain };
}

type CompiledKernels = Omit<Kernels, keyof PlainKernels>;

/**
 * The same kernels; each runs on the reference when memory is too full for its copies, which all are made before it
 * runs, or when an operand is empty: then there are only sums of nothing to write. A trap on any thread is one error,
 * and leaves threads and memory as they were.
 */
function withFallback(kernels: CompiledKernels, call: Call): CompiledKernels {
  const guarded = Object.entries(kernels).map(([name, kernel]) => {
    if (typeof kernel !== 'function') return [name, kernel];
    const slow = reference[name as keyof Kernels] as (...args: unknown[]) => unknown;
    const guardedKernel = (...args: unknown[]): unknown => {
      try {
        return (kernel as (...args: unknown[]) => unknown)(...args);
      } catch (error) {
        call.abandon();
        if (error instanceof MemoryFull || error instanceof NoValues) return slow(...args);
        if (!(error instanceof WorkerTrap || error instanceof WebAssembly.RuntimeError)) throw error;
        const message = `${name}: the WebAssembly kernel trapped: its sizes or cache are not what a forward pass gives`;
        throw new Error(message, { cause: error });
      }
    };
    return [name, guardedKernel];
  });
  return Object.fromEntries(guarded) as CompiledKernels;
}
