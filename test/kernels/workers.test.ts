import { setFlagsFromString } from 'node:v8';
import { createContext, Script } from 'node:vm';
import * as threads from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Kernels } from '../../src/kernels/index.js';
import { Workers } from '../../src/kernels/wasm/workers.js';
import { type TestEngine, testEngine } from './engines.js';

/** Milliseconds: longer than it takes the last of three to start. */
const IDLE = 400;
const { getBuiltinModule } = process;
/** Worker threads that this file has started and that have not ended. */
const running = new Set<threads.Worker>();

class CountedWorker extends threads.Worker {
  constructor(...args: ConstructorParameters<typeof threads.Worker>) {
    super(...args);
    running.add(this);
    this.on('exit', () => running.delete(this));
  }
}

/** Puts another class in the place of `worker_threads.Worker`. */
function replaceWorker(Worker: unknown): void {
  process.getBuiltinModule = ((name: string) =>
    name === 'node:worker_threads' ? { ...threads, Worker } : getBuiltinModule(name)) as typeof getBuiltinModule;
}

beforeEach(() => {
  replaceWorker(CountedWorker);
});
afterEach(() => {
  process.getBuiltinModule = getBuiltinModule;
  Workers.idle = 5000;
});

const [N, C, S] = [8, 16, 81];
const values = Float32Array.from({ length: N * C * S }, (_, i) => Math.sin(i));

/** The gradients of a group normalization in `G` groups: with G = 0 a kernel divides by zero. */
function groupnorm(k: Kernels, G: number): Float32Array[] {
  const [mean, inverse, gamma] = [values.slice(0, N * 4), values.slice(0, N * 4).fill(1), values.slice(0, C)];
  const [dx, dgamma, dbeta] = [new Float32Array(values.length), new Float32Array(C), new Float32Array(C)];
  k.groupnormBackward({ dout: values, x: values, mean, inverse, gamma, dx, dgamma, dbeta, shape: { N, C, S }, G });
  return [dx, dgamma, dbeta];
}

describe('idle workers', () => {
  test('leave, and start again with the next job', async () => {
    Workers.idle = IDLE;
    const engine = testEngine('relaxed', 3);
    const expected = groupnorm(engine.kernels, 4);
    expect(running.size).toBe(2);
    await vi.waitUntil(() => running.size === 0, 10_000);
    for (let round = 0; round < 2; round++) {
      expect(groupnorm(engine.kernels, 4)).toEqual(expected);
      expect(running.size).toBe(2);
      await vi.waitUntil(() => running.size === 0, 10_000);
    }
    engine.end();
  });

  test('of copies of the library that are loaded one after another, none is left, and no memory', {
    tags: 'slow',
  }, async () => {
    setFlagsFromString('--expose-gc');
    const collect = new Script('gc').runInContext(createContext()) as () => void;
    const memories: WeakRef<object>[] = [];
    for (let copy = 0; copy < 5; copy++) {
      vi.resetModules();
      const [{ configureKernels, kernels, engineMemory, threadsReady }, fresh] = await Promise.all([
        import('../../src/kernels/index.js'),
        import('../../src/kernels/wasm/workers.js'),
      ]);
      fresh.Workers.idle = IDLE;
      configureKernels({ threads: 3 });
      groupnorm(kernels(), 4);
      expect(threadsReady(10_000)).toBe(3);
      memories.push(new WeakRef(engineMemory()?.raw as object));
    }
    vi.resetModules();
    await vi.waitUntil(() => running.size === 0, 10_000);
    const left = () => memories.filter((memory) => memory.deref() !== undefined).length;
    await vi.waitUntil(() => {
      collect();
      return left() <= 1;
    }, 10_000);
  });
});

describe('a kernel that traps', () => {
  let engine: TestEngine;
  afterEach(() => engine.end());

  test.each([1, 2, 4])('on %i threads is an error, and the next call works', (count) => {
    engine = testEngine('relaxed', count);
    const expected = groupnorm(engine.kernels, 4);
    const before = engine.memory.used;
    for (let i = 0; i < 5; i++) {
      expect(() => groupnorm(engine.kernels, 0)).toThrow(/^groupnormBackward: the WebAssembly kernel trapped/);
      expect(engine.memory.used).toBe(before);
      expect(groupnorm(engine.kernels, 4)).toEqual(expected);
    }
  });

  test('in some of its items is an error whichever thread they fall to', () => {
    engine = testEngine('relaxed', 2);
    const { kernels } = engine;
    const expected = groupnorm(kernels, 4);
    const x = engine.memory.resident(64 * 4096, 'float32').fill(1);
    const out = engine.memory.resident(64 * 4096, 'float32');
    // One of the 64 rows lies outside of the memory.
    for (let bad = 0; bad < 64; bad += 7) {
      const rows = Int32Array.from({ length: 64 }, (_, i) => (i === bad ? 200_000 : i));
      const gather = () => kernels.gatherRows(x, rows, out, 4096);
      expect(gather).toThrow(/^gatherRows: the WebAssembly kernel trapped/);
    }
    expect(groupnorm(kernels, 4)).toEqual(expected);
  });

  test('without items returns at once', () => {
    engine = testEngine('relaxed', 2);
    groupnorm(engine.kernels, -1);
  });
});

describe('workers that cannot start', () => {
  const load = async () => {
    vi.resetModules();
    return await import('../../src/kernels/index.js');
  };

  test('are not counted: refused by the system', async () => {
    const { configureKernels, kernelInfo, kernels } = await load();
    let made = 0;
    replaceWorker(
      class extends CountedWorker {
        constructor(...args: ConstructorParameters<typeof threads.Worker>) {
          if (++made > 1) throw new Error('ERR_WORKER_INIT_FAILED');
          super(...args);
        }
      },
    );
    expect(configureKernels({ threads: 4 })).toMatchObject({ threads: 4, notes: [] });
    groupnorm(kernels(), 4);
    expect(kernelInfo()).toMatchObject({
      threads: 2,
      notes: ['Of 3 worker threads 1 started (ERR_WORKER_INIT_FAILED).'],
    });
    configureKernels({ threads: 1 });
  });

  test('are not counted: an error in the worker', async () => {
    const { configureKernels, kernelInfo, kernels } = await load();
    replaceWorker(
      class extends CountedWorker {
        constructor(_: string, options: threads.WorkerOptions) {
          super('throw new SyntaxError("already declared")', options);
        }
      },
    );
    configureKernels({ threads: 3 });
    groupnorm(kernels(), 4);
    await vi.waitUntil(() => running.size === 0, 10_000);
    expect(kernelInfo()).toMatchObject({
      threads: 1,
      notes: ['Of 2 worker threads 0 started (already declared).'],
    });
  });

  test('are not counted: silent for long', async () => {
    const { configureKernels, kernelInfo, kernels } = await load();
    replaceWorker(
      class {
        unref(): void {}
        on(): void {}
      },
    );
    configureKernels({ threads: 3 });
    groupnorm(kernels(), 4);
    expect(kernelInfo()).toMatchObject({ threads: 3, notes: [] });
    const now = performance.now();
    vi.spyOn(performance, 'now').mockReturnValue(now + 60_000);
    expect(kernelInfo()).toMatchObject({ threads: 1, notes: ['Of 2 worker threads 0 started.'] });
    vi.restoreAllMocks();
  });
});
