import { EXIT, InterruptedError } from '../errors.js';

/** The signals by which a user, or the system, asks a process to end. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
type Signal = (typeof SIGNALS)[number];

/** What asks a run to end. */
type Source = Signal | 'its page';

/**
 * Takes signals while something runs that has an orderly end. The first one aborts {@link Interruption.signal}; another
 * one ends the process at once.
 */
export class Interruption {
  readonly #controller = new AbortController();
  readonly #onFirst: () => void;
  readonly #listener = (name: NodeJS.Signals): void => this.#take(name as Signal);
  #received: Source | null = null;
  /** Whether a signal has come. A stop from the page is none: the first signal behind it ends nothing at once. */
  #isSignalled = false;

  /** @param onFirst - Called at the first signal. */
  constructor(onFirst: () => void) {
    this.#onFirst = onFirst;
    for (const name of SIGNALS) process.on(name, this.#listener);
  }

  /** Aborted at the first signal, and by {@link Interruption.fail}. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What asked for an end; null: nothing so far. */
  get received(): Source | null {
    return this.#received;
  }

  /** The run was stopped from its live page, which is an end as by Ctrl-C. */
  stop(): void {
    this.#received ??= 'its page';
    this.#controller.abort(new InterruptedError('SIGINT', 'ended by its page'));
  }

  /** Ends what runs by an error. */
  fail(error: unknown): void {
    this.#controller.abort(error);
  }

  /** Lets signals that came while this thread was busy have their turn. @throws the reason, if it is to end. */
  async check(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.signal.throwIfAborted();
  }

  /** The error for an end by the signal that came. */
  error(message: string): InterruptedError {
    return new InterruptedError(this.#received === 'SIGTERM' ? 'SIGTERM' : 'SIGINT', message);
  }

  /** Takes no more signals. */
  release(): void {
    for (const name of SIGNALS) process.off(name, this.#listener);
  }

  #take(name: Signal): void {
    // What is being saved is saved, by handlers of `exit`; all else is as after SIGKILL.
    if (this.#isSignalled) process.exit(name === 'SIGINT' ? EXIT.interrupted : EXIT.terminated);
    this.#isSignalled = true;
    this.#received ??= name;
    this.#onFirst();
    this.#controller.abort(new InterruptedError(name, `ended by ${name}`));
  }
}
