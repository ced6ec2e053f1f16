import type { Module } from '../nn/index.js';
import { factsOf } from './facts.js';
import type { FitContext } from './fit-context.js';
import type { CheckedFitOptions } from './fit-options.js';
import { checkEnough } from './fit-ranks.js';
import { fitStateOf, loadFitState } from './fit-saving.js';
import { broadcastValue, type Communicator, checkAlike, together } from './parallel/index.js';
import { fitConfig } from './run-config.js';

/** The start of a run of `fit`. Where it is one of several processes, what one of them refuses all of them do. */
export class Start {
  readonly #fn: string;
  readonly #comm: Communicator | null;

  /** @param comm - Null where the process is alone. */
  constructor(fn: string, comm: Communicator | null) {
    this.#fn = fn;
    this.#comm = comm;
  }

  /** Runs `work`. @throws {Error} on all ranks, if it throws on one. */
  together<T>(work: () => T): T {
    return this.#comm === null ? work() : together(this.#fn, this.#comm, work);
  }

  /** The checked options: those of rank 0 are the only ones that print, log, save, resume and show. */
  optionsOf(check: () => CheckedFitOptions): CheckedFitOptions {
    const options = this.together(check);
    if (this.#comm === null || this.#comm.rank === 0) return options;
    return { ...options, verbose: false, loggers: [], ui: null, checkpoint: null, resume: null };
  }

  /** @throws {RangeError} on all ranks, if what one was started with is not what rank 0 was. */
  compare(run: FitContext): void {
    const comm = this.#comm;
    if (comm === null) return;
    const { model, loader, options } = run;
    const facts = this.together(() => {
      checkEnough(this.#fn, comm, loader);
      return factsOf(fitConfig(options, model, loader), options, codeOf(options, model));
    });
    checkAlike(this.#fn, comm, facts);
  }

  /** Gives all ranks the state of rank 0. */
  share(run: FitContext): void {
    const comm = this.#comm;
    if (comm === null) return;
    const state = broadcastValue(
      comm,
      this.together(() => (comm.rank === 0 ? fitStateOf(run, true) : null)),
    );
    this.together(() => {
      if (comm.rank > 0 && state !== null) loadFitState(run, state, true);
    });
  }
}

/** The functions and classes that take part in a run. */
function codeOf({ loss, metrics }: CheckedFitOptions, model: Module<unknown>): [name: string, value: unknown][] {
  const classes = model.modules().map((module): [string, unknown] => [module.constructor.name, module.constructor]);
  return [...Object.entries({ loss, ...metrics }), ...classes];
}
