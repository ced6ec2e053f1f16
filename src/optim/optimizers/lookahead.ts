import {
  ANY,
  argumentError,
  checkArrays,
  checkCount,
  checkEntries,
  checkedIn,
  count,
  describe,
  FRACTION,
  heapCopies,
  hostRoom,
  hostValues,
  type NDArray,
  type OptionsOf,
  operand,
  option,
  overwrite,
  settingsOf,
} from '../../arrays/index.js';
import { kernels, resident } from '../../kernels/index.js';
import { Optimizer, type ParamGroup } from './optimizer.js';
import type { OptimizerStateDict } from './state-dict.js';
import { checkTrainable, checkUpdate, type Trainable } from './trainable.js';

const OPTIONS = {
  /** Steps between two synchronizations. Default 5. */
  k: option(5, count(1)),
  /** The share of the way that the slow weights go towards the fast ones, in [0, 1]. Default 0.5. */
  alpha: option(0.5, FRACTION),
  /** What is averaged beside the parameters: `model.buffers()` for running statistics. Default: nothing. */
  buffers: option<Iterable<{ readonly data: NDArray }>>([], ANY),
};

/** Options of {@link Lookahead}. */
export interface LookaheadOptions extends OptionsOf<typeof OPTIONS> {}

/** What {@link Lookahead.stateDict} returns. */
export interface LookaheadStateDict {
  /** Steps taken. */
  readonly steps: number;
  readonly alpha: number;
  /** The slow weights, by the number of the parameter, and those of buffers by their number behind `buffer`. */
  readonly slow: Readonly<Record<string, NDArray>>;
  /** The state of the optimizer within. */
  readonly optimizer: OptimizerStateDict;
}

/** Fast weights, which the optimizer within changes, and the slow ones behind them. */
interface Pair {
  readonly name: string;
  readonly fast: { readonly data: NDArray };
  readonly slow: NDArray;
}

/**
 * Slow weights that follow those of another optimizer: after every `k` of its steps, `slow += alpha · (fast − slow)`,
 * and the fast weights go on from there. It takes the optimizer's place in a training loop; schedules may be given
 * either.
 *
 * The model has the fast weights. After a training, {@link Lookahead.copyToModel} gives it the slow ones.
 *
 * @see Zhang, Lucas, Hinton and Ba 2019, Lookahead Optimizer: k Steps Forward, 1 Step Back, Algorithm 1
 *
 * @example
 * const sgd = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
 * const optimizer = new optim.Lookahead(sgd, { buffers: model.buffers() });
 * fit(model, loader, { optimizer });
 * optimizer.copyToModel();
 */
export class Lookahead<O extends { lr: number }> {
  /** The optimizer whose steps these are. */
  readonly optimizer: Optimizer<O>;
  /** Steps between two synchronizations. */
  readonly k: number;
  /** The share of the way to the fast weights, which may be changed between steps. */
  alpha: number;
  readonly #pairs: readonly Pair[];
  #steps = 0;

  /**
   * Begins with slow weights that are those of now.
   *
   * @param optimizer - Changes the fast weights. It gets no further groups from now on.
   * @throws {TypeError | RangeError} if `optimizer` is none of `optim`; naming an option that is unknown or out of
   *   range.
   */
  constructor(optimizer: Optimizer<O>, options: LookaheadOptions = {}) {
    const fn = 'Lookahead';
    if (!(optimizer instanceof Optimizer)) {
      const expected = 'one of optim, such as new optim.SGD(…)';
      throw argumentError(TypeError, { fn, arg: 'optimizer', found: `is ${describe(optimizer)}`, expected });
    }
    const { k, alpha, buffers } = settingsOf(fn, OPTIONS, options);
    if (typeof buffers !== 'object' || buffers === null || !(Symbol.iterator in buffers)) {
      const [found, expected] = [`is ${describe(buffers)}`, 'a list of tensors, such as model.buffers()'];
      throw argumentError(TypeError, { fn, arg: 'buffers', found, expected });
    }
    const others = [...buffers];
    const known = new Set<unknown>(optimizer.paramGroups.flatMap(({ params }) => [...params]));
    others.forEach((buffer, i) => {
      checkTrainable(fn, `buffers[${i}]`, buffer);
      if (known.has(buffer)) {
        const [arg, expected] = [`buffers[${i}]`, 'what is no parameter of the optimizer, once'];
        throw argumentError(RangeError, { fn, arg, found: 'is there already', expected });
      }
      known.add(buffer);
    });
    this.optimizer = optimizer;
    this.k = k;
    this.alpha = alpha;
    const pairOf = (name: string, fast: { readonly data: NDArray }): Pair => ({
      name,
      fast,
      slow: resident(fast.data),
    });
    this.#pairs = [
      ...this.#params().map((param, i) => pairOf(String(i), param)),
      ...others.map((buffer, i) => pairOf(`buffer${i}`, buffer)),
    ];
  }

  /** The groups of the optimizer within. */
  get paramGroups(): ParamGroup<O>[] {
    return this.optimizer.paramGroups;
  }

  /** Takes a step of the optimizer within and, where it is the last of `k`, synchronizes. @throws as its `step`. */
  step(): void {
    const fn = 'Lookahead.step';
    checkedIn(fn, 'alpha', this.alpha, FRACTION);
    this.#check(fn);
    this.optimizer.step();
    this.#steps++;
    if (this.#steps % this.k !== 0) return;
    for (const { fast, slow } of this.#pairs) {
      // A buffer without axes is a count, which is not averaged.
      if (slow.shape.length === 0) continue;
      kernels().lerp(slow.data, operand(fast.data), this.alpha);
      overwrite(fast.data, slow);
    }
  }

  /** Forgets all gradients. */
  zeroGrad(): void {
    this.optimizer.zeroGrad();
  }

  /** Gives parameters and buffers the slow weights: those of the last synchronization. */
  copyToModel(): void {
    this.#check('Lookahead.copyToModel');
    for (const { fast, slow } of this.#pairs) if (slow.shape.length > 0) overwrite(fast.data, slow);
  }

  /** A copy of the slow weights, of the number of steps, and of the state of the optimizer within. */
  stateDict(): LookaheadStateDict {
    const { alpha } = this;
    return { steps: this.#steps, alpha, slow: heapCopies(this.#slow), optimizer: this.optimizer.stateDict() };
  }

  /**
   * Takes over what {@link Lookahead.stateDict} returned for one around such an optimizer.
   *
   * @throws {TypeError | RangeError | ShapeError} naming the entry that does not fit; nothing has changed then.
   */
  loadStateDict(state: LookaheadStateDict): void {
    const fn = 'Lookahead.loadStateDict';
    checkEntries(fn, 'state', state, ['steps', 'alpha', 'slow', 'optimizer']);
    const { steps, alpha, slow, optimizer } = state;
    checkCount(fn, 'steps', steps, 0);
    checkedIn(fn, 'alpha', alpha, FRACTION);
    checkArrays(fn, 'slow', slow, this.#slow);
    this.optimizer.loadStateDict(optimizer);
    for (const pair of this.#pairs) hostRoom(pair.slow).set(hostValues(slow[pair.name]));
    this.#steps = steps;
    this.alpha = alpha;
  }

  get #slow(): Record<string, NDArray> {
    return Object.fromEntries(this.#pairs.map(({ name, slow }) => [name, slow]));
  }

  #params(): Trainable[] {
    return this.optimizer.paramGroups.flatMap(({ params }) => [...params]);
  }

  /** @throws {RangeError | TypeError | ShapeError} if the weights are not those that it has slow ones of. */
  #check(fn: string): void {
    const params = this.#params();
    const known = this.#pairs.filter(({ name }) => !name.startsWith('buffer'));
    if (params.length !== known.length) {
      const [found, expected] = [`has ${params.length} parameters`, `the ${known.length} that it had at first`];
      const wayOut = 'make a new Lookahead after addParamGroup';
      throw argumentError(RangeError, { fn, arg: 'optimizer', found, expected, wayOut });
    }
    for (const { name, fast, slow } of this.#pairs) {
      const arg = name.startsWith('buffer') ? `buffers[${name.slice(6)}]` : `params[${name}]`;
      checkUpdate(fn, arg, fast.data, fast, { 'slow weights': slow });
    }
  }
}
