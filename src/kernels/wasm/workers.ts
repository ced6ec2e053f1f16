import { builtin } from '../../node.js';
import { roomForThreads } from './address-space.js';
import type { Memory } from './memory.js';
import type { Compiled, Exports } from './module.js';
import { GENERATION, WORKERS } from './protocol.js';
import { NODE_PROGRAM } from './worker-program.js';
import { PATIENCE, until, type WorkerThreads } from './worker-threads.js';

/**
 * The threads that help in Node, Deno and Bun. They start at the first job that is worth it and join in when they are
 * up (35 to 100 ms later); until then, and where they cannot start, the caller does all the work, with the same result.
 * They leave when there is no job for a while, so that an idle program, or a copy of the library that nobody uses any
 * more, has none; the next job starts them again.
 */
export class Workers implements WorkerThreads {
  /** Milliseconds without a job after which workers leave. */
  static idle = 5000;

  readonly #memory: Memory;
  readonly #compiled: Compiled;
  readonly #exports: Exports;
  /** Which generation of workers is at work in this memory. */
  readonly #generation: Int32Array;
  readonly #up: Int32Array;
  #count: number;
  /** The generation that was started here. */
  #started = -1;
  #startedAt = 0;
  #problem: string | null = null;

  /** @param count - Threads beside the calling one. */
  constructor(memory: Memory, compiled: Compiled, exports: Exports, count: number) {
    this.#memory = memory;
    this.#compiled = compiled;
    this.#exports = exports;
    this.#generation = memory.integers(GENERATION, 1);
    this.#up = memory.integers(WORKERS, 1);
    this.#count = count;
  }

  /** How many workers help, or will once there is a job for them. */
  get count(): number {
    const running = this.#started === Atomics.load(this.#generation, 0);
    if (!running || performance.now() - this.#startedAt < PATIENCE) return this.#count;
    return Math.min(this.#count, Atomics.load(this.#up, 0));
  }

  /** Why some could not start, if that is known. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Starts them if they are not running. */
  start(): void {
    if (this.#count === 0 || this.#started === this.#generation[0]) return;
    // Workers of two generations have the same numbers, so the last of an earlier one has to be gone.
    this.#exports.dismiss();
    this.#started = this.#generation[0];
    this.#startedAt = performance.now();
    const room = roomForThreads();
    if (room < this.#count) this.#failed(new Error('the address space is full'), this.#count - room);
    const threads = builtin('node:worker_threads');
    for (let thread = 1; thread <= this.#count; thread++) {
      try {
        if (threads === null) throw new Error('there is no node:worker_threads');
        this.#startOne(threads, thread);
      } catch (error) {
        // A process that may not start so many does without.
        this.#failed(error, this.#count - thread + 1);
      }
    }
  }

  #startOne({ Worker }: typeof import('node:worker_threads'), thread: number): void {
    const worker = new Worker(NODE_PROGRAM, {
      eval: true,
      workerData: {
        module: this.#compiled.module,
        memory: this.#memory.raw,
        thread,
        generation: this.#started,
        idle: Workers.idle,
      },
      // Flags and environment are for the program that was started, such as a loader that a worker need not load.
      execArgv: [],
      env: {},
    });
    worker.unref();
    worker.on('error', (error) => this.#failed(error, 1));
  }

  #failed(error: unknown, workers: number): void {
    this.#count -= workers;
    this.#problem = (error as Error).message;
  }

  /** Starts the workers and waits until they are up. Returns how many are. */
  ready(timeout: number): number {
    this.start();
    const deadline = performance.now() + timeout;
    for (let up = this.#up[0]; up < this.#count; up = Atomics.load(this.#up, 0)) {
      const left = deadline - performance.now();
      if (left <= 0) return up;
      Atomics.wait(this.#up, 0, up, Math.min(left, 5));
    }
    return this.#count;
  }

  async whenUp(): Promise<void> {
    this.start();
    const generation = this.#started;
    await until(() => this.#started !== generation || Atomics.load(this.#up, 0) >= this.#count);
  }

  /** Sends them home. None works any more when this returns. */
  dismiss(): void {
    if (this.#started < 0) return;
    this.#exports.dismiss();
    this.#started = -1;
  }
}
