import * as threads from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BrowserWorkers } from '../../src/kernels/wasm/browser-workers.js';
import { bindKernels } from '../../src/kernels/wasm/kernels.js';
import { Memory } from '../../src/kernels/wasm/memory.js';
import { type Compiled, compile, instantiate } from '../../src/kernels/wasm/module.js';
import { WORKERS } from '../../src/kernels/wasm/protocol.js';
import { BROWSER_PROGRAM } from '../../src/kernels/wasm/worker-program.js';

let memory: Memory;

/** Workers of a memory of their own, where `Worker` is this class. */
function workersOf(Worker: unknown, count: number, url: string | null = 'threads.js') {
  vi.stubGlobal('Worker', Worker);
  const compiled = compile(memory.shared, false) as Compiled;
  const exports = instantiate(compiled, memory);
  const workers = new BrowserWorkers(memory, compiled, exports, count, url);
  return { workers, kernels: bindKernels(memory, exports, workers, count + 1) };
}

beforeEach(() => {
  memory = new Memory(2 ** 28);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** What a browser's worker offers to its program, on a thread of Node. */
const SURROUNDINGS = `
  const { parentPort } = require('node:worker_threads');
  const self = { postMessage: (data) => parentPort.postMessage(data), close: () => parentPort.close() };
  parentPort.on('message', (data) => self.onmessage({ data }));
`;

test('run the program until they are dismissed', async () => {
  const made: Promise<unknown>[] = [];
  class Worker extends threads.Worker {
    onmessage = (): void => {};
    constructor(_url: string) {
      super(`${SURROUNDINGS}${BROWSER_PROGRAM}`, { eval: true });
      this.on('message', () => this.onmessage());
      made.push(new Promise((resolve) => this.on('exit', resolve)));
    }
  }
  const { workers, kernels } = workersOf(Worker, 2);
  expect(workers.problem).toBe('they start with await ready()');
  // Nothing starts in the middle of a job.
  const [x, out] = [new Float32Array(100_000).fill(3), new Float32Array(100_000)];
  kernels.relu(x, out);
  expect([made.length, workers.count]).toEqual([0, 0]);
  const waiting = Promise.all([workers.whenUp(), workers.whenUp()]);
  expect(workers.problem).toBe('ready() was not awaited');
  await waiting;
  expect([made.length, workers.count, workers.problem]).toEqual([2, 2, null]);
  kernels.relu(x, out);
  expect(out).toEqual(x);
  workers.dismiss();
  expect(workers.count).toBe(0);
  await Promise.all(made);
});

describe('that do not come up', () => {
  test('since they are refused, are none, and the reason is kept', async () => {
    const refuse = class {
      constructor() {
        throw new DOMException('of another origin', 'SecurityError');
      }
    };
    const { workers } = workersOf(refuse, 2, null);
    await workers.whenUp();
    expect(workers.count).toBe(0);
    expect(workers.problem).toBe('a Blob is refused: of another origin');
  });

  test('since they do not load or fail, say what is known of it', async () => {
    let ended = 0;
    const failing = (message: string | undefined) =>
      class {
        onerror = (_event: object): void => {};
        terminate(): void {
          ended++;
        }
        postMessage(): void {
          setTimeout(() => this.onerror({ message, preventDefault() {} }));
        }
      };
    const failed = workersOf(failing('out of memory'), 2).workers;
    await failed.whenUp();
    expect(failed.problem).toBe('threads.js failed: out of memory');
    const absent = workersOf(failing(undefined), 2).workers;
    await absent.whenUp();
    expect(absent.problem).toMatch(/^threads\.js did not load: it has to be there, with the header Cross-Origin-Emb/);
    // The first of two fails, so no other is tried; none is left behind.
    expect(ended).toBe(2);
  });

  test('for long are not waited for, and count when they come', async () => {
    const silent = class {
      postMessage(): void {}
    };
    vi.useFakeTimers();
    const { workers } = workersOf(silent, 1);
    const waiting = workers.whenUp();
    await vi.advanceTimersByTimeAsync(20_000);
    await waiting;
    expect([workers.count, workers.problem]).toEqual([0, 'threads.js gave no answer for 5 s']);
    Atomics.add(memory.integers(WORKERS, 1), 0, 1);
    expect(workers.count).toBe(1);
  });
});
