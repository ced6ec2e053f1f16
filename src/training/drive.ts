import { argumentError, checkSynchronous, describe } from '../arrays/index.js';
import type { TrainingEvent } from './events.js';
import type { Telling } from './parallel/index.js';

/** A promise whose value a run needs before it can continue; it receives the value from `next`. */
export class Pending {
  readonly promise: PromiseLike<unknown>;

  constructor(promise: PromiseLike<unknown>) {
    this.promise = promise;
  }
}

/** What a run yields in the middle of an evaluation, between two batches: there the event loop may turn. */
export const TURN = Symbol('turn');

/** A training run, step by step. No workspace and no other global state is open where it yields. */
export type Run<R> = Generator<TrainingEvent | Pending | typeof TURN, R, unknown>;

/** The callbacks of a run. */
export interface Listener {
  /** The function to name in errors. */
  readonly fn: string;
  /** What the callback of a step is called. */
  readonly onStep: 'onIteration' | 'onStep';
  /** Calls the callback of an event. */
  call(event: TrainingEvent): unknown;
  /** Notes that the callback of an evaluation returned `false`. */
  stop(): void;
  /** Saves the run, where it is to be saved. */
  readonly checkpoints: RunSaver | null;
  /** What shows the run while it trains, where anything does. */
  readonly live: Watched | null;
  /** What a run returns that is stopped from there. */
  readonly soFar: unknown;
  /** What rank 0 tells the other processes of the run, where there are any. */
  readonly telling?: Telling | null;
}

/** What shows a run, and passes on what people tell it between two steps. */
export interface Watched {
  /** Whether there is something to do. */
  readonly isTold: boolean;
  /** Does it; this may take as long as people like. @returns Whether the run is to stop. */
  obey(): boolean;
  /** The same, while the event loop turns. @param signal - Ends the waiting, too. */
  obeyAsync(signal: AbortSignal | undefined): Promise<boolean>;
}

/** What saves a run. */
export interface RunSaver {
  /** An event and its callback are complete. */
  completed(event: TrainingEvent): void;
  /** The run is left between two events, before its end. */
  left(): void;
}

/** Lets one method of an object run at a time: callbacks, and what they call, may not start another. */
export class Guard {
  readonly #owner: string;
  #running: string | null = null;

  /** @param owner - What errors call the object. */
  constructor(owner: string) {
    this.#owner = owner;
  }

  /** @throws {Error} if another method is running. */
  enter(method: string): void {
    if (this.#running !== null) {
      const wayOut = this.#running === 'steps' ? 'leave its loop first' : 'call it when that has returned';
      const found = `${this.#running}() is running`;
      throw new Error(`${this.#owner}.${method}: ${found}, expected no call from a callback or the model: ${wayOut}`);
    }
    this.#running = method;
  }

  leave(): void {
    this.#running = null;
  }
}

/** The events of a run without promises, each yielded after its callback has returned. Leaving it ends the run. */
export function* observed<R>(run: Run<R>, listener: Listener): Generator<TrainingEvent, R, void> {
  const { live, telling = null } = listener;
  let isBetween = false;
  try {
    for (let next = run.next(); ; next = run.next()) {
      if (next.done) return next.value;
      if (next.value === TURN) continue;
      const event = next.value as TrainingEvent;
      heard(listener, event, listener.call(event));
      listener.checkpoints?.completed(event);
      isBetween = true;
      yield event;
      const isStopped = live?.isTold === true && live.obey();
      if (isStopped) telling?.stop();
      if (telling === null ? isStopped : telling.leaves()) return listener.soFar as R;
      isBetween = false;
    }
  } finally {
    if (isBetween) listener.checkpoints?.left();
    run.return(undefined as R);
  }
}

/** Runs to the end. */
export function drain<R>(steps: Generator<unknown, R, void>): R {
  for (;;) {
    const next = steps.next();
    if (next.done) return next.value;
  }
}

/** Milliseconds of a frame of a page, at 60 a second: {@link drainAsync} works no longer without a turn. */
const FRAME = 16;

/**
 * Runs to the end, awaits what callbacks return and what the run waits for, and lets the event loop turn between steps
 * and between the batches of an evaluation: where another as long as the last would take longer than a frame.
 *
 * @param signal - Ends the run between two steps, by an error: the signal's reason.
 */
export async function drainAsync<R>(run: Run<R>, listener: Listener, signal: AbortSignal | undefined): Promise<R> {
  let turned = performance.now();
  let began = turned;
  const { live, telling = null } = listener;
  let value: unknown;
  let isBetween = false;
  let isEvaluating = false;
  try {
    for (;;) {
      const isStopped = isBetween && live?.isTold === true && (await live.obeyAsync(signal));
      if (isStopped) telling?.stop();
      if (signal?.aborted) telling?.abort(signal.reason);
      // An evaluation is finished first, so that the run can be saved.
      const isAborted = signal?.aborted === true && !isEvaluating;
      if (telling === null ? isStopped || isAborted : isBetween && telling.isLeaving) {
        if (isBetween) listener.checkpoints?.left();
        if (telling?.leaves() ?? isStopped) return listener.soFar as R;
        throw signal?.reason;
      }
      const next = run.next(value);
      if (next.done) return next.value;
      isEvaluating = next.value === TURN;
      isBetween = !isEvaluating && !(next.value instanceof Pending);
      if (next.value instanceof Pending) value = await next.value.promise;
      else if (next.value !== TURN) {
        const answer = listener.call(next.value);
        const awaited = isPromise(answer) ? await answer : answer;
        if (signal?.aborted) telling?.abort(signal.reason);
        heard(listener, next.value, awaited);
        listener.checkpoints?.completed(next.value);
      }
      const now = performance.now();
      const last = now - began;
      began = now;
      if (now - turned + last < FRAME) continue;
      await turn();
      turned = performance.now();
      began = turned;
    }
  } finally {
    run.return(undefined as R);
  }
}

/** @returns The signal. @throws {TypeError} if it is no `AbortSignal`. */
export function checkSignal(fn: string, signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined || typeof signal?.throwIfAborted === 'function') return signal;
  throw argumentError(TypeError, {
    fn,
    arg: 'signal',
    found: `is ${describe(signal)}`,
    expected: 'the signal of an AbortController',
  });
}

/** Takes what the callback of an event returned. */
function heard(listener: Listener, { kind }: TrainingEvent, answer: unknown): void {
  checkSynchronous(listener.fn, kind === 'step' ? listener.onStep : 'onEpoch', answer);
  if (kind !== 'epoch') return;
  const { telling = null } = listener;
  if (telling === null ? answer === false : telling.answer(answer === false)) listener.stop();
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/**
 * Resolves in another task, so that timers, messages and input have their turn; a promise alone has priority over them.
 */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    // Browsers delay nested timers by 4 ms, but not messages.
    else if (typeof MessageChannel === 'function') {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    } else setTimeout(resolve, 0);
  });
}
