import type { Kernels } from '../../src/kernels/index.js';
import { bindKernels } from '../../src/kernels/wasm/kernels.js';
import { Memory } from '../../src/kernels/wasm/memory.js';
import { compile, instantiate } from '../../src/kernels/wasm/module.js';
import { type ChooseTiles, fastestTiles } from '../../src/kernels/wasm/winograd-choice.js';
import { Workers } from '../../src/kernels/wasm/workers.js';

/** An engine, and what it has of SIMD and of threads. */
export interface EngineSet extends TestEngine {
  readonly simd: 'relaxed' | 'plain';
  readonly threads: number;
}

/**
 * The engines that values are checked on. SIMD and threads vary one at a time: items of a job are handed to threads by
 * the same code whichever instructions are in them.
 */
export function engineSets(): EngineSet[] {
  return (
    [
      ['relaxed', 1],
      ['relaxed', 3],
      ['plain', 1],
    ] as const
  ).map(([simd, threads]) => ({ simd, threads, ...testEngine(simd, threads) }));
}

/** A set of WebAssembly kernels of its own, beside the one that the library uses. */
export interface TestEngine {
  readonly kernels: Kernels;
  readonly memory: Memory;
  /** Sends the worker threads home. */
  end(): void;
}

/**
 * Starts with the first use of its kernels or its memory, so that one whose tests are all left out costs nothing: its
 * worker threads spin while they wait.
 *
 * @param threads - All of them are up before the first call.
 * @param options - `maximum`: bytes that its memory may grow to; `tiles`: which convolutions go by Winograd's method.
 */
export function testEngine(
  simd: 'relaxed' | 'plain',
  threads: number,
  { maximum = 2 ** 30, tiles = fastestTiles }: { maximum?: number; tiles?: ChooseTiles } = {},
): TestEngine {
  let started: TestEngine | undefined;
  const start = (): TestEngine => {
    const memory = new Memory(maximum);
    const compiled = compile(memory.shared, false, simd);
    if (compiled === null) throw new Error(`this engine has no ${simd} SIMD`);
    const exports = instantiate(compiled, memory);
    const workers = new Workers(memory, compiled, exports, threads - 1);
    if (threads > 1 && workers.ready(10_000) !== threads - 1) throw new Error('the worker threads did not come up');
    return { kernels: bindKernels(memory, exports, workers, threads, tiles), memory, end: () => workers.dismiss() };
  };
  /** The part of that name, made when something is read from it. */
  const part = <K extends 'kernels' | 'memory'>(name: K): TestEngine[K] =>
    new Proxy({} as TestEngine[K], {
      get(_, key) {
        started ??= start();
        const owner = started[name];
        const value = Reflect.get(owner, key, owner);
        return typeof value === 'function' ? value.bind(owner) : value;
      },
    });
  return { kernels: part('kernels'), memory: part('memory'), end: () => started?.end() };
}
