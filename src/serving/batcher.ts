import { HttpError } from '../http/index.js';

/** Examples of one request. */
export interface Job {
  /** `count` examples, one after the other. */
  readonly values: Float32Array | Uint8Array;
  readonly count: number;
  /** When it came, in milliseconds. */
  readonly arrived: number;
  /** Takes what the model made of the examples: `count` times its outputs. */
  done(results: Float32Array): void;
  fail(error: HttpError): void;
  /** Whether nobody waits for it any more. */
  isGone(): boolean;
}

export interface BatcherSettings {
  readonly maxBatch: number;
  /** Milliseconds. */
  readonly maxWait: number;
  /** The most examples that wait. */
  readonly maxQueue: number;
  /** Milliseconds after which examples that still wait are given up. */
  readonly timeout: number;
  /** Numbers to an example, and to what the model makes of it. */
  readonly inputSize: number;
  readonly outputSize: number;
  /** Room for the examples of a batch, and for its results, by slot. */
  readonly inputs: readonly Float32Array[];
  readonly outputs: readonly Float32Array[];
  /** Has a batch predicted: {@link Batcher.predicted} is called with its slot afterwards. */
  readonly send: (slot: number, count: number) => void;
}

/** Batches that are with the model: one that it works on, and the next. */
const MOST_SENT = 2;

/** Some examples of a job, from `from` on, which stand in a batch from `at` on. */
interface Piece {
  readonly job: Waiting;
  readonly from: number;
  readonly at: number;
  readonly count: number;
}

/** A job on its way through batches. */
interface Waiting {
  readonly job: Job;
  /** Examples that are in a batch, or were. */
  begun: number;
  /** Examples whose results are there. */
  finished: number;
  /** Of a job in several pieces. */
  results: Float32Array | null;
  failed: boolean;
}

/**
 * Puts examples of requests together, and gives each request its own results.
 *
 * A batch goes to the model when it is full, its oldest example has waited for `maxWait`, or the model is idle and no
 * other request is being read. While one batch is predicted, one more may be sent, so that the model finds it at once;
 * what else comes in waits without a clock.
 */
export class Batcher {
  /** Requests whose examples are being read. */
  reading = 0;
  /** Batches that were predicted, and their examples. */
  batches = 0;
  examples = 0;
  readonly #settings: BatcherSettings;
  #queue: Waiting[] = [];
  #queued = 0;
  /** The pieces of each slot that is with the model. */
  readonly #sent: (readonly Piece[] | null)[];
  #timer: NodeJS.Timeout | null = null;
  #look: NodeJS.Immediate | null = null;
  #sweep: NodeJS.Timeout | null = null;

  constructor(settings: BatcherSettings) {
    this.#settings = settings;
    this.#sent = settings.inputs.map(() => null);
  }

  /** Examples that wait. */
  get queued(): number {
    return this.#queued;
  }

  /** Examples that are being predicted. */
  get predicting(): number {
    return this.#sent.reduce((sum, pieces) => sum + (pieces?.reduce((n, { count }) => n + count, 0) ?? 0), 0);
  }

  /** @throws {HttpError} 503 if too many wait; one request that is longer than the queue may wait alone. */
  checkRoom(count: number): void {
    if (this.#queued === 0 || this.#queued + count <= this.#settings.maxQueue) return;
    throw busy(`${this.#queued} examples wait already`);
  }

  /** Takes the examples of a request. @throws {HttpError} as {@link checkRoom}. */
  add(job: Job): void {
    this.checkRoom(job.count);
    this.#queue.push({ job, begun: 0, finished: 0, results: null, failed: false });
    this.#queued += job.count;
    this.#sweep ??= setInterval(() => this.#giveUp(), Math.max(10, this.#settings.timeout / 8)).unref();
    this.consider();
  }

  /** Has it looked, once all requests that are here have been read, whether a batch can go. */
  consider(): void {
    this.#look ??= setImmediate(() => {
      this.#look = null;
      this.#next();
    });
  }

  /** Takes the results of a slot, which stand in its outputs. */
  predicted(slot: number): void {
    const { outputs, outputSize } = this.#settings;
    const pieces = this.#take(slot);
    // What waits goes to the model first, the answers afterwards, beside it. It goes into another slot.
    this.#next();
    for (const { job: waiting, from, at, count } of pieces) {
      const { job } = waiting;
      this.examples += count;
      waiting.finished += count;
      if (waiting.failed) continue;
      const found = outputs[slot].subarray(at * outputSize, (at + count) * outputSize);
      if (count === job.count) job.done(found);
      else {
        waiting.results ??= new Float32Array(job.count * outputSize);
        waiting.results.set(found, from * outputSize);
        if (waiting.finished === job.count) job.done(waiting.results);
      }
    }
    this.batches++;
  }

  /** The model failed on a slot: its requests get an error. */
  faulty(slot: number): void {
    for (const { job: waiting } of this.#take(slot)) {
      if (!waiting.failed) waiting.job.fail(new HttpError(500, 'the model failed, and the log of the server says why'));
      waiting.failed = true;
    }
    this.#next();
  }

  #take(slot: number): readonly Piece[] {
    const pieces = this.#sent[slot] ?? [];
    this.#sent[slot] = null;
    return pieces;
  }

  #next(): void {
    const { maxBatch, maxWait } = this.#settings;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const sent = this.#sent.reduce((count, pieces) => count + (pieces === null ? 0 : 1), 0);
    if (this.#queued === 0 || sent === MOST_SENT) return;
    const waited = performance.now() - this.#queue[0].job.arrived;
    const isDue = waited >= maxWait || (sent === 0 && this.reading === 0);
    if (isDue || this.#queued >= maxBatch) this.#send();
    else this.#timer = setTimeout(() => this.#next(), maxWait - waited);
  }

  /** Fills a slot with the examples that have waited longest. */
  #send(): void {
    const { maxBatch, inputs, inputSize, send } = this.#settings;
    // The results of the slot before may not have been read yet.
    const slot = (this.#last + 1) % inputs.length;
    const pieces: Piece[] = [];
    let at = 0;
    let begun = 0;
    for (; begun < this.#queue.length && at < maxBatch; ) {
      const waiting = this.#queue[begun];
      const { job } = waiting;
      const from = waiting.begun;
      if (waiting.failed || job.isGone()) {
        waiting.failed = true;
        this.#queued -= job.count - from;
        begun++;
        continue;
      }
      const count = Math.min(job.count - from, maxBatch - at);
      inputs[slot].set(job.values.subarray(from * inputSize, (from + count) * inputSize), at * inputSize);
      pieces.push({ job: waiting, from, at, count });
      waiting.begun += count;
      at += count;
      if (waiting.begun === job.count) begun++;
    }
    this.#queue = this.#queue.slice(begun);
    this.#queued -= at;
    if (at === 0) return;
    this.#last = slot;
    this.#sent[slot] = pieces;
    send(slot, at);
  }

  #last = 0;

  /** Gives up what has waited for too long. */
  #giveUp(): void {
    const oldest = performance.now() - this.#settings.timeout;
    const late = this.#queue.filter(({ job, begun }) => begun === 0 && (job.arrived < oldest || job.isGone()));
    for (const waiting of late) {
      waiting.failed = true;
      if (!waiting.job.isGone()) waiting.job.fail(busy('it waited for too long'));
    }
    this.#queue = this.#queue.filter((waiting) => !late.includes(waiting));
    this.#queued -= late.reduce((sum, { job }) => sum + job.count, 0);
    if (this.#queue.length > 0) return;
    clearInterval(this.#sweep ?? undefined);
    this.#sweep = null;
  }
}

function busy(reason: string): HttpError {
  return new HttpError(503, `the server is busy (${reason}), ask again in a second`, { 'Retry-After': '1' });
}
