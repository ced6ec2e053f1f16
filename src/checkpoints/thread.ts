import { roomForThreads } from '../kernels/index.js';
import { requireBuiltin } from '../node.js';
import { type Failure, type System, store, type Task } from './store.js';

type Worker = import('node:worker_threads').Worker;
type MessagePort = import('node:worker_threads').MessagePort;

/** Places in the memory that both threads see: the number of the task that nobody has begun with, else 0; answers. */
const [WAITING, ANSWERS] = [0, 1];

/** Milliseconds after which the caller looks whether the thread is still there. */
const PATIENCE = 200;

/** Milliseconds after which the calling thread stores a checkpoint that the other has not begun with. */
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
    if (task === null || Atomics.compareExchange(memory, ${WAITING}, task.number, 0) !== task.number) return;
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
  /** Begins with one; the one before has been waited for. */
  begin(task: Task): void;
  /** Whether one is being stored. */
  readonly isBusy: boolean;
  /**
   * Waits until it is stored.
   *
   * @param start - Milliseconds that the other thread has to begin with it. Default 10,000.
   * @returns Null, or what went wrong.
   */
  wait(start?: number): Failure | null;
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

/** A thread that stores checkpoints. One that it has not stored when it ends is stored by the calling thread. */
export class OtherThread implements Storage {
  readonly #fn: string;
  readonly #system: System;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #memory = new Int32Array(new SharedArrayBuffer(8));
  /** Whether posting says if the other side is open, as Node's does. */
  readonly #tells: boolean;
  /** What is being stored. */
  #task: Task | null = null;
  #answer: Answer | null = null;
  #hasWarned = false;
  #number = 0;
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

  get isBusy(): boolean {
    return this.#task !== null && !this.#hasAnswer();
  }

  begin(task: Task): void {
    this.#task = task;
    if (this.#isGone()) {
      this.#answer = { failure: this.#storeHere(task) };
      return;
    }
    this.#begun = performance.now();
    Atomics.store(this.#memory, WAITING, ++this.#number);
    this.#port.postMessage({ ...task, number: this.#number });
  }

  wait(start = START): Failure | null {
    const task = this.#task;
    if (task === null) return null;
    for (;;) {
      const seen = Atomics.load(this.#memory, ANSWERS);
      if (this.#hasAnswer()) break;
      const isLate = performance.now() - this.#begun >= start;
      if (this.#isGone() || (isLate && this.#takeBack())) break;
      Atomics.wait(this.#memory, ANSWERS, seen, Math.min(PATIENCE, Math.max(start, 1)));
    }
    const answer = this.#answer;
    this.#task = null;
    this.#answer = null;
    if (answer !== null && 'failure' in answer) return answer.failure;
    // Its text cannot run by itself: the program was compiled in a way that functions depend on something around them.
    if (answer !== null) this.#isOver = true;
    return this.#storeHere(task, answer?.broken);
  }

  /** What the thread did not do, or did not finish. */
  #storeHere(task: Task, reason = 'out of memory?'): Failure | null {
    if (!this.#hasWarned && this.#isGone()) {
      this.#hasWarned = true;
      const now = 'they are written by the one that trains from now on, which waits for the disk';
      // biome-ignore lint/suspicious/noConsole: a warning that does not change the result
      console.warn(`${this.#fn}: the thread that writes checkpoints has ended (${reason}); ${now}`);
    }
    return store(this.#system, task);
  }

  close(): void {
    this.#isOver = true;
    this.#port.close();
    void this.#worker.terminate();
  }

  #hasAnswer(): boolean {
    const { receiveMessageOnPort } = requireBuiltin(this.#fn, 'node:worker_threads');
    this.#answer ??= (receiveMessageOnPort(this.#port)?.message as Answer | undefined) ?? null;
    return this.#answer !== null;
  }

  /** Whether the task is still nobody's: then it is the calling thread's. */
  #takeBack(): boolean {
    return Atomics.compareExchange(this.#memory, WAITING, this.#number, 0) === this.#number;
  }

  #isGone(): boolean {
    this.#isOver ||= this.#tells && (this.#port.postMessage(null) as unknown) !== true;
    return this.#isOver;
  }
}
