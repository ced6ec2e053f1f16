import type { Communicator } from './communicator.js';
import { broadcastValue } from './messages.js';

/** What people have said to rank 0. */
interface Told {
  readonly rate: number | null;
  /** Whether the run is to be left, and the error that does it, if it is one. */
  readonly leave: { readonly error: { readonly name: string; readonly message: string } | null } | null;
}

const NOTHING: Told = { rate: null, leave: null };

/**
 * What rank 0 tells the others between two steps, as all of them have to act upon it alike: to leave the run, or to
 * train at another learning rate. That there is something to tell is a number in the bucket of a step.
 */
export class Telling {
  readonly #comm: Communicator;
  readonly #setRate: (rate: number) => void;
  /** On rank 0: what the others do not know yet. */
  #told = NOTHING;
  /** What ends the run on rank 0; other ranks have a copy. */
  #reason: unknown;
  #leave: Told['leave'] = null;

  /** @param setRate - Sets the learning rate of the following steps. */
  constructor(comm: Communicator, setRate: (rate: number) => void) {
    this.#comm = comm;
    this.#setRate = setRate;
  }

  /** The run is to end after the next step. Only what rank 0 says counts. */
  stop(): void {
    this.#say({ leave: this.#told.leave ?? { error: null } });
  }

  /** The run is to end after the next step by this error. */
  abort(reason: unknown): void {
    if (this.#told.leave !== null) return;
    const { name = 'Error', message = String(reason) } = (reason ?? {}) as Partial<Error>;
    this.#reason = reason;
    this.#say({ leave: { error: { name, message } } });
  }

  /** Steps after the next are to take another learning rate. */
  setRate(rate: number): void {
    this.#say({ rate });
  }

  #say(told: Partial<Told>): void {
    if (this.#comm.rank === 0) this.#told = { ...this.#told, ...told };
  }

  /** Whether rank 0 has something to tell. */
  get isPending(): boolean {
    return this.#told.rate !== null || this.#told.leave !== null;
  }

  /** Tells it: to be called on all ranks, between two steps. */
  pass(): void {
    this.#take(broadcastValue(this.#comm, this.#told));
  }

  /** What the callback of an epoch has answered on rank 0, and what else there is to tell. */
  answer(isStop: boolean): boolean {
    const { stop, told } = broadcastValue(this.#comm, { stop: isStop, told: this.#told });
    this.#take(told);
    return stop;
  }

  #take({ rate, leave }: Told): void {
    this.#told = NOTHING;
    if (rate !== null) this.#setRate(rate);
    this.#leave ??= leave;
  }

  /** Whether all ranks leave the run now. */
  get isLeaving(): boolean {
    return this.#leave !== null;
  }

  /** The same. @throws what has ended it, if that was an error. */
  leaves(): boolean {
    if (this.#leave === null) return false;
    const { error } = this.#leave;
    if (error === null) return true;
    throw this.#reason ?? Object.assign(new Error(error.message), { name: error.name });
  }
}
