import { roomForThreads } from '../kernels/index.js';
import { requireBuiltin } from '../node.js';
import { type Failure, type System, store, type Task } from './store.js';

type Worker = import('node:worker_threads').Worker;
type MessagePort = import('node:worker_threads').MessagePort;

/** Places in the memory that both threads see. */
const [STATE, ANSWERS] = [0, 1];

/** What becomes of a task: it waits for somebody to take it, the thread has it, or the caller has taken it back. */
const [WAITING, THREAD, CALLER] = [1, 2, 3];

/** Milliseconds after which the caller looks whether the thread is still there. */
const PATIENCE = 200;

/** Milliseconds after which the caller stores a checkpoint itself that the thread has not begun with. */
const START = 10_000;

/** Milliseconds between two signs of life for the lock. */
const HEARTBEAT = 1000;

/**
 * The thread's whole program, in a block because Deno has names of its own around it. `__name` is what some bundlers
 * put around functions.
 */
const PROGRAM = `{
  const { port, memory, lock } = require('node:worker_threads').workerData;
  const fs = require('node:fs');
  const { createHash } = require('node:crypto');
  const __name = (named) => named;
  const store = ${store};
  const answer = (message) => {
    port.postMessage(message);
    Atomics.add(memory, ${ANSWERS}, 1);
    Atomics.notify(memory, ${ANSWERS});
  };
  port.on('message', (task) => {
    if (task === null || Atomics.compareExchange(memory, ${STATE}, ${WAITING}, ${THREAD}) !== ${WAITING}) return;
    try {
      answer({ failure: store({ fs, createHash }, task) });
    } catch (error) {
      answer({ broken: String(error) });
    }
  });
  setInterval(() => {
    try {
      const now = new Date();
      if (fs.readFileSync(lock.file, 'utf8') === lock.text) fs.utimesSync(lock.file, now, now);
    } catch {}
  }, ${HEARTBEAT});
}`;

/** What the thread says of a task. */
type Answer = { readonly failure: Failure | null } | { readonly broken: string };

/** Stores checkpoints, one at a time. */
export interface Storage {
  /** Begins to store; the one before has been waited for. */
  begin(task: Task): void;
  /** Whether one is being stored. */
  readonly isBusy: boolean;
  /** Waits until it is on the disk. @returns Null, or what went wrong. */
  wait(): Failure | null;
  close(): void;
}

/** Stores checkpoints in the calling thread. */
export class OwnThread implements Storage {
  readonly isBusy = false;
  readonly #system: System;
  #failure: Failure | null = null;

  constructor(system: System) {
    this.#system = system;
  }

  begin(task: Task): void {
    this.#failure = store(this.#system, task);
  }

  wait(): Failure | null {
    const failure = this.#failure;
    this.#failure = null;
    return failure;
  }

  close(): void {}
}

/** A thread that stores checkpoints. Where it ends before it has stored one, the calling thread does. */
export class OtherThread implements Storage {
  readonly #fn: string;
  readonly #system: System;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #memory = new Int32Array(new SharedArrayBuffer(8));
  /** Whether posting says if the other side is open, as Node's does. */
  readonly #tells: boolean;
  #task: Task | null = null;
  #begun = 0;
  #isOver = false;

  /** @throws {Error} where no thread can be started. */
  constructor(fn: string, system: System, lock: Task['lock']) {
    const { Worker, MessageChannel } = requireBuiltin(fn, 'node:worker_threads');
    if (roomForThreads() === 0) throw new Error('ulimit -v leaves no address space for a thread');
    this.#fn = fn;
    this.#system = system;
    const { port1, port2 } = new MessageChannel();
    this.#worker = new Worker(PROGRAM, {
      eval: true,
      workerData: { port: port2, memory: this.#memory, lock },
      transferList: [port2],
      // Flags and environment are for the program that was started.
      execArgv: [],
      env: {},
    });
    this.#port = port1;
    this.#tells = (port1.postMessage(null) as unknown) === true;
    // Neither keeps the process alive.
    this.#worker.unref();
    port1.unref();
    const over = (): void => {
      this.#isOver = true;
    };
    this.#worker.on('error', over);
    this.#worker.on('exit', over);
  }

  begin(task: Task): void {
    this.#task = task;
    this.#begun = performance.now();
    Atomics.store(this.#memory, STATE, WAITING);
    if (this.#isGone()) return;
    this.#port.postMessage(task);
  }

  get isBusy(): boolean {
    this.#collect();
    return this.#task !== null;
  }

  wait(): Failure | null {
    return this.#wait(START);
  }

  /** {@link wait}, which leaves the thread so many milliseconds to start with it. */
  finish(patience: number): Failure | null {
    return this.#wait(patience);
  }

  close(): void {
    this.#isOver = true;
    this.#port.close();
    void this.#worker.terminate();
  }
}
