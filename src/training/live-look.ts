import type { NDArray } from '../arrays/index.js';
import {
  type FilterWeights,
  filterWeights,
  type Inspected,
  type ParameterSamples,
  type ParameterStatistics,
  parameterSamples,
  parameterStatistics,
} from '../insight/index.js';
import type { Insight } from '../ui/index.js';
import { insightOf } from './live-insight.js';
import type { LiveSample } from './live-sample.js';

/** How much longer than a look the time until the next one is: looks take at most 1 % of the time. */
const PAUSE = 100;

/**
 * Looks at a model at intervals, while it is trained: at its parameters around one step, then at the whole of it
 * between two.
 */
export class LiveLook {
  /** Examples to look with; null as long as there are none. */
  sample: LiveSample | null = null;
  readonly #model: Inspected;
  /** Milliseconds between two looks, at least. */
  readonly #interval: number;
  readonly #classes: readonly string[] | null;
  #earlier: FilterWeights | null = null;
  #before: ParameterSamples | null = null;
  #parameters: ParameterStatistics[] | null = null;
  /** When the next look is due, and from when on it may be, by `performance.now()`. */
  #due = 0;
  #allowed = 0;
  /** What this look has taken so far, in milliseconds. */
  #taken = 0;
  #isDue = false;
  #isReady = false;

  /** @param every - Seconds. */
  constructor(model: Inspected, every: number, classes: readonly string[] | null) {
    this.#model = model;
    this.#interval = 1000 * every;
    this.#classes = classes;
  }

  /** Whether the next step is to be looked at. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** Whether the model is to be looked at before the next step. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** To be called after each step, with the clock. */
  stepped(now: number): void {
    if (now >= this.#due) this.#isDue = true;
  }

  /** To be called after each evaluation, with the clock: the model is looked at if that may be. */
  evaluated(now: number): void {
    if (now >= this.#allowed) this.#isReady = true;
  }

  /** To be called before the parameters change in a step that is looked at. */
  before(): void {
    this.#timed(() => {
      this.#earlier ??= filterWeights(this.#model, { inputShape: this.sample?.X.shape.slice(1) });
      this.#before = parameterSamples(this.#model);
    });
  }

  /** To be called when they have changed. @param grads - Where the model does not have them. */
  after(grads?: Readonly<Record<string, NDArray>>): void {
    this.#timed(() => {
      this.#parameters = parameterStatistics(this.#model, { previous: this.#before ?? undefined, grads });
      this.#before = null;
    });
    this.#isDue = false;
    this.#isReady = true;
  }

  /** Looks at the model, between two steps. */
  take(iteration: number): Insight {
    const { sample } = this;
    const look = { model: this.#model, iteration, sample, earlier: this.#earlier, classes: this.#classes };
    const insight = this.#timed(() => insightOf({ ...look, parameters: this.#parameters }));
    const now = performance.now();
    this.#allowed = now + PAUSE * this.#taken;
    this.#due = Math.max(now + this.#interval, this.#allowed);
    [this.#taken, this.#isReady] = [0, false];
    // A step that was due is looked at now, but for the first: without it there is nothing to say of gradients.
    if (this.#parameters !== null) this.#isDue = false;
    return insight;
  }

  #timed<T>(work: () => T): T {
    const start = performance.now();
    try {
      return work();
    } finally {
      this.#taken += performance.now() - start;
    }
  }
}
