import type { Kernels } from '../../src/kernels/index.js';
import { bindKernels } from '../../src/kernels/wasm/kernels.js';
import { Memory } from '../../src/kernels/wasm/memory.js';
import { compile, instantiate } from '../../src/kernels/wasm/module.js';
import { type ChooseTiles, fastestTiles } from '../../src/kernels/wasm/winograd-choice.js';
import { Workers } from '../../src/kernels/wasm/workers.js';

/** A set of WebAssembly kernels of its own, beside the one that the library uses. */
export interface TestEngine {
  readonly kernels: Kernels;
  readonly memory: Memory;
  /** Sends the worker threads home. */
  end(): void;
}

/**
 * @param threads - All of them are up when this returns.
 * @param options - `maximum`: bytes that its memory may grow to; `tiles`: which convolutions go by Winograd's method.
 */
export function testEngine(
  simd: 'relaxed' | 'plain',
  threads: number,
  { maximum = 2 ** 30, tiles = fastestTiles }: { maximum?: number; tiles?: ChooseTiles } = {},
): TestEngine {
  const memory = new Memory(maximum);
  const compiled = compile(memory.shared, false, simd);
  if (compiled === null) throw new Error(`this engine has no ${simd} SIMD`);
  const exports = instantiate(compiled, memory);
  const workers = new Workers(memory, compiled, exports, threads - 1);
  if (threads > 1 && workers.ready(10_000) !== threads - 1) throw new Error('the worker threads did not come up');
  return { kernels: bindKernels(memory, exports, workers, threads, tiles), memory, end: () => workers.dismiss() };
}
