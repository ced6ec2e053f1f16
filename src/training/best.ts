import { checkFlag, heapCopies } from '../arrays/index.js';
import type { Model, Params } from '../classifiers/model.js';
import { haveValuesOf, restore, restoreStatistics, type Statistics, statisticsOf } from './parameters.js';
import { checkParameters, type SavedParameters, type SolverState, savedParameters } from './solver-state.js';

/** Parameters, and the running statistics that go with them: a training pass makes new arrays of the latter. */
interface Kept {
  readonly params: Params;
  readonly statistics: readonly Statistics[];
}

/** The best parameters of a model in training, and the last ones while the model has the best. */
export class Best {
  readonly #model: Model;
  /** Copies of the best parameters; of the initial ones before the first evaluation. */
  readonly params: Params;
  #statistics: readonly Statistics[];
  /** Whether `params` are those of an evaluation. */
  known = false;
  /** What training continues from while the model has the best parameters; null while it has the last ones. */
  #last: Kept | null = null;

  constructor(model: Model) {
    this.#model = model;
    this.params = heapCopies(model.params);
    this.#statistics = statisticsOf(model);
  }

  /** Takes what the model has for the best. */
  take(): void {
    this.known = true;
    restore(this.params, this.#model.params);
    this.#statistics = statisticsOf(this.#model);
  }

  /** Puts the best parameters into the model, and keeps those that it has. */
  put(): void {
    this.#last ??= { params: heapCopies(this.#model.params), statistics: statisticsOf(this.#model) };
    this.#restore({ params: this.params, statistics: this.#statistics });
  }

  /** Puts the last parameters back into the model, unless somebody has given it others than the best. */
  resume(): void {
    if (this.#last === null) return;
    if (haveValuesOf(this.#model.params, this.params)) this.#restore(this.#last);
    this.#last = null;
  }

  /** Copies of all three. */
  stateDict(): Pick<SolverState, 'hasBest' | 'current' | 'best' | 'last'> {
    return {
      hasBest: this.known,
      current: savedParameters(this.#model.params, statisticsOf(this.#model)),
      best: savedParameters(this.params, this.#statistics),
      last: this.#last && savedParameters(this.#last.params, this.#last.statistics),
    };
  }

  /** @returns A function that takes over a state, which has been checked. */
  checked(fn: string, { hasBest, current, best, last }: SolverState): () => void {
    checkFlag(fn, 'hasBest', hasBest);
    const kept = (arg: string, saved: SavedParameters): Kept => {
      const statistics = checkParameters(fn, arg, saved, this.#model);
      return { params: heapCopies(saved.params), statistics };
    };
    const [now, ownBest] = [kept('current', current), kept('best', best)];
    const ownLast = last === null ? null : kept('last', last);
    return () => {
      this.#restore(now);
      restore(this.params, ownBest.params);
      this.#statistics = ownBest.statistics;
      this.known = hasBest;
      this.#last = ownLast;
    };
  }

  #restore({ params, statistics }: Kept): void {
    restore(this.#model.params, params);
    restoreStatistics(this.#model, statistics);
  }
}
