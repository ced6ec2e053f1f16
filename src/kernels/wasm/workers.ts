import { builtin } from '../../node.js';
import type { Memory } from './memory.js';
import type { Compiled, Exports } from './module.js';
import { GENERATION, WORKERS } from './protocol.js';

/** A worker's whole program. It ends when its generation does, and with the process in any case. */
const PROGRAM = `
const { module, memory, thread, generation } = require('node:worker_threads').workerData;
new WebAssembly.Instance(module, { env: { memory } }).exports.work(thread, generation);
`;

/**
 * The threads that help the calling one. They start at the first job that is worth it and join in when they are up (35 to
 * 100 ms later); until then, and where they cannot start, the caller does all the work, with the same result.
 */
export class Workers {
  readonly #memory: Memory;
  readonly #compiled: Compiled;
  readonly #exports: Exports;
  readonly #count: number;
  #started = false;

  /** @param count - Threads beside the calling one. */
  constructor(memory: Memory, compiled: Compiled, exports: Exports, count: number) {
    this.#memory = memory;
    this.#compiled = compiled;
    this.#exports = exports;
    this.#count = count;
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    const threads = builtin('node:worker_threads');
    if (threads === null) return;
    const [generation] = this.#memory.integers(GENERATION, 1);
    for (let thread = 1; thread <= this.#count; thread++) {
      try {
        const worker = new threads.Worker(PROGRAM, {
          eval: true,
          workerData: { module: this.#compiled.module, memory: this.#memory.raw, thread, generation },
          // Flags and environment are for the program that was started, such as a loader that a worker need not load.
          execArgv: [],
          env: {},
        });
        worker.unref();
        worker.on('error', () => {});
      } catch {
        return; // A process that may not start threads does without.
      }
    }
  }

  /** Starts the workers and waits until they are up. Returns how many are. */
  ready(timeout: number): number {
    this.start();
    const words = this.#memory.integers(WORKERS, 1);
    const deadline = performance.now() + timeout;
    for (let up = words[0]; up < this.#count; up = Atomics.load(words, 0)) {
      const left = deadline - performance.now();
      if (left <= 0) return up;
      Atomics.wait(words, 0, up, Math.min(left, 5));
    }
    return this.#count;
  }

  /** Sends them home. None works any more when this returns. */
  dismiss(): void {
    if (!this.#started) return;
    this.#exports.dismiss();
    this.#started = false;
  }
}
