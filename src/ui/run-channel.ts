import { requireBuiltin } from '../node.js';
import type { Progress, Report } from './messages.js';
import type { Command, EpochRow, Insight, LayerRow, RunState } from './protocol.js';

type MessagePort = import('node:worker_threads').MessagePort;

/** Milliseconds between two messages with points. */
const INTERVAL = 100;

/** Points to a message, at most. */
const CAPACITY = 4096;

/**
 * What a loop tells the thread that serves its page, and what it is told. A step writes a few numbers into memory that
 * is there, and reads a clock; ten times a second they are sent.
 */
export class RunChannel {
  readonly #fn: string;
  readonly #port: MessagePort;
  readonly #control: Int32Array;
  readonly #iterations = new Float64Array(CAPACITY);
  readonly #losses = new Float64Array(CAPACITY);
  readonly #rates = new Float64Array(CAPACITY);
  #count = 0;
  #iteration: number;
  #epoch: number;
  #examples = 0;
  /** When it began, plus its pauses; and since when it is paused. By `performance.now()`. */
  #since = performance.now();
  #stopped: number | null = null;
  #sent = 0;
  /** The clock at the last step. */
  #now = this.#since;
  /** The commands that were taken. */
  #taken = 0;

  /** @param at - Where the run begins, or goes on. */
  constructor(fn: string, port: MessagePort, control: Int32Array, at: { iteration: number; epoch: number }) {
    this.#fn = fn;
    this.#port = port;
    this.#control = control;
    this.#iteration = at.iteration;
    this.#epoch = at.epoch;
  }

  /** The clock at the last step, as `performance.now()`. */
  get now(): number {
    return this.#now;
  }

  /** Notes a step. @param rate - NaN where it is not known. @param examples - In its batch. */
  step(iteration: number, epoch: number, loss: number, rate: number, examples: number): void {
    const place = this.#count++;
    this.#iterations[place] = iteration;
    this.#losses[place] = loss;
    this.#rates[place] = rate;
    this.#iteration = iteration;
    this.#epoch = epoch;
    this.#examples += examples;
    this.#now = performance.now();
    if (this.#count === CAPACITY || this.#now - this.#sent >= INTERVAL) this.#flush();
  }

  /** Notes the steps of a run that goes on. */
  past(iteration: number, losses: readonly number[], rates: readonly number[]): void {
    const first = iteration - losses.length;
    const values = new Float64Array(3 * losses.length);
    for (let i = 0; i < losses.length; i++) {
      values[i] = first + i + 1;
      values[losses.length + i] = losses[i];
      values[2 * losses.length + i] = rates[i] ?? Number.NaN;
    }
    if (losses.length > 0) this.#send({ kind: 'points', values, progress: this.#progress() });
  }

  /** Notes an evaluation. */
  epoch(found: Omit<EpochRow, 'seconds'>): void {
    this.#flush();
    this.#iteration = found.iteration;
    this.#epoch = found.epoch;
    this.#now = performance.now();
    const progress = this.#progress();
    this.#send({ kind: 'epoch', row: { ...found, seconds: progress.seconds }, progress });
  }

  /** Notes the layers, where they were not known when the run began. */
  layers(layers: readonly LayerRow[]): void {
    this.#send({ kind: 'layers', layers });
  }

  insight(insight: Insight): void {
    this.#send({ kind: 'insight', insight });
    this.#now = performance.now();
  }

  /** Notes what the run does from now on. Pauses do not count as its time. */
  state(state: RunState, message: string | null = null): void {
    this.#flush();
    this.#send({ kind: 'state', state, message, progress: this.#progress() });
    if (state === 'paused') this.#stopped = performance.now();
    else if (this.#stopped !== null) {
      this.#since += performance.now() - this.#stopped;
      this.#stopped = null;
    }
  }

  /** Whether there are commands that were not taken. */
  get isTold(): boolean {
    return Atomics.load(this.#control, 0) !== this.#taken;
  }

  /** The commands that have come, in their order. */
  take(): Command[] {
    const { receiveMessageOnPort } = requireBuiltin(this.#fn, 'node:worker_threads');
    this.#taken = Atomics.load(this.#control, 0);
    const commands: Command[] = [];
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return commands;
      commands.push(received.message as Command);
    }
  }

  /** Blocks until there is a command. */
  wait(): void {
    Atomics.wait(this.#control, 0, this.#taken);
  }

  /** Ends what the thread may do with the run: its commands go nowhere from now on. */
  close(): void {
    this.#port.close();
  }

  #flush(): void {
    const count = this.#count;
    if (count === 0) return;
    const values = new Float64Array(3 * count);
    values.set(this.#iterations.subarray(0, count));
    values.set(this.#losses.subarray(0, count), count);
    values.set(this.#rates.subarray(0, count), 2 * count);
    this.#count = 0;
    this.#sent = this.#now;
    this.#port.postMessage({ kind: 'points', values, progress: this.#progress() } satisfies Report, [values.buffer]);
  }

  #send(report: Report): void {
    this.#port.postMessage(report);
  }

  #progress(): Progress {
    const end = this.#stopped ?? performance.now();
    const seconds = (end - this.#since) / 1000;
    return { iteration: this.#iteration, epoch: this.#epoch, examples: this.#examples, seconds };
  }
}
