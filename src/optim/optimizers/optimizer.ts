import { argumentError, checkOptions, describe } from '../../arrays/index.js';
import { discard } from '../../kernels/index.js';
import { type AnyMethod, problemsOf, takeStep } from '../method.js';
import { rateOrigin } from '../rate-origin.js';
import {
  type OptimizerStateDict,
  type ParameterState,
  problemsOfStateDict,
  restoredState,
  savedState,
} from './state-dict.js';
import { checkLeaf, checkTrainable, checkUpdate, gradOf, type Trainable } from './trainable.js';

/** Parameters with options of their own; an option that is left out is the optimizer's. */
export type ParamGroupInit<O extends object> = Partial<O> & { readonly params: Iterable<Trainable> };

/** Parameters and the options of their updates, all of which may be changed between steps, as schedules do. */
export type ParamGroup<O extends object> = O & {
  readonly params: readonly Trainable[];
  /** The learning rate when the first schedule was made. */
  initialLr?: number;
};

/**
 * Updates parameters by their gradients: the base of SGD, Adam and the others, which PyTorch's classes of the same
 * names are in form, defaults and arithmetic.
 *
 * @example
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
 * for (const [x, y] of loader) {
 *   optimizer.zeroGrad();
 *   F.crossEntropy(model.forward(x), y).backward();
 *   optimizer.step();
 * }
 */
export abstract class Optimizer<O extends { lr: number }> {
  /** The options of groups that do not say otherwise. */
  readonly defaults: Readonly<O>;
  readonly paramGroups: ParamGroup<O>[] = [];
  readonly #method: AnyMethod;
  #state = new Map<Trainable, ParameterState>();

  /**
   * What every optimizer begins with: its groups of parameters, checked.
   *
   * @throws {TypeError | RangeError} naming an option that is unknown or out of range, or what is no parameter or no
   *   leaf; if there is no parameter, or one occurs twice.
   * @internal
   */
  protected constructor(
    method: AnyMethod,
    params: Iterable<Trainable> | Iterable<ParamGroupInit<O>>,
    options: Partial<O>,
  ) {
    const { name } = method;
    this.#method = method;
    checkOptions(name, options, method.optionNames);
    this.defaults = Object.freeze(complete(method.defaults as O, options));
    refuse(name, problemsOf(method, { ...this.defaults }));

    const listed: (Trainable | ParamGroupInit<O>)[] = [
      ...iterable<Trainable | ParamGroupInit<O>>(name, 'params', params),
    ];
    if (listed.length === 0) {
      const expected = 'at least one parameter';
      throw argumentError(RangeError, { fn: name, arg: 'params', found: 'is empty', expected });
    }
    if (listed.some(isGroup)) {
      listed.forEach((group, i) => {
        this.#add(name, `paramGroups[${i}]`, group as ParamGroupInit<O>);
      });
      if (this.#params().length === 0) {
        const found = 'has a parameter';
        throw argumentError(RangeError, { fn: name, arg: 'no group of params', found, expected: 'at least one' });
      }
    } else {
      this.#add(name, '', { params: listed } as unknown as ParamGroupInit<O>);
    }
  }

  /**
   * Adds parameters with options of their own.
   *
   * @throws {TypeError | RangeError} as the constructor.
   */
  addParamGroup(group: ParamGroupInit<O>): void {
    this.#add(`${this.#method.name}.addParamGroup`, '', group);
  }

  /**
   * Updates every parameter that has a gradient, in place.
   *
   * @throws {ShapeError | TypeError} if a gradient has another shape or dtype than its parameter.
   * @throws {RangeError} if an option of a group is out of range by now.
   *   In either case nothing has changed.
   */
  step(): void {
    const fn = `${this.#method.name}.step`;
    this.#checkStep(fn);
    for (const group of this.paramGroups) {
      for (const param of group.params) {
        const grad = gradOf(param);
        if (!grad) continue;
        let state = this.#state.get(param);
        if (state === undefined) {
          state = { step: 0, arrays: {} };
          this.#state.set(param, state);
        }
        state.step++;
        takeStep(this.#method, param.data, grad.data, state.arrays, group, state.step);
      }
    }
  }

  /** Forgets all gradients: sets them to null, so that a parameter which gets none is not updated. */
  zeroGrad(): void {
    for (const { params } of this.paramGroups) for (const param of params) param.grad = null;
  }

  /** A copy of the options and of all state. Parameters stand in it by their number, counted over all groups. */
  stateDict(): OptimizerStateDict {
    const params = this.#params();
    const state: OptimizerStateDict['state'] = {};
    params.forEach((param, i) => {
      const own = this.#state.get(param);
      if (own !== undefined) state[i] = savedState(this.#method, own);
    });
    let next = 0;
    const paramGroups = this.paramGroups.map(({ params: own, ...options }) => ({
      ...structuredClone(options),
      params: own.map(() => next++),
    }));
    return { state, paramGroups };
  }

  /**
   * Takes over options and state, by copying, from what {@link Optimizer.stateDict} returned for an optimizer of this
   * class with as many parameters in each group, of the same shapes and dtypes.
   *
   * @throws {RangeError} listing everything that does not fit; nothing has changed then.
   */
  loadStateDict(stateDict: OptimizerStateDict): void {
    const sizes = this.paramGroups.map(({ params }) => params.length);
    const params = this.#params();
    const arrays = params.map(({ data }) => data);
    refuse(`${this.#method.name}.loadStateDict`, problemsOfStateDict(this.#method, stateDict, sizes, arrays));

    // The saved numbers stand for our parameters in the order of the groups.
    const numbers = stateDict.paramGroups.flatMap((group) => group.params);
    const replaced = this.#state;
    this.#state = new Map(
      params.flatMap((param, i) => {
        const saved = stateDict.state[numbers[i]];
        return saved === undefined ? [] : [[param, restoredState(saved, param.data)] as const];
      }),
    );
    // Nobody else has seen these: stateDict gives copies.
    for (const { arrays } of replaced.values()) for (const array of Object.values(arrays)) discard(array);
    this.paramGroups.forEach((group, i) => {
      const { params: _, ...options } = stateDict.paramGroups[i];
      delete group.initialLr;
      Object.assign(group, structuredClone(options));
    });
  }

  #params(): Trainable[] {
    return this.paramGroups.flatMap(({ params }) => params);
  }

  #add(fn: string, name: string, init: ParamGroupInit<O>): void {
    const at = name === '' ? '' : `${name}.`;
    if (!isGroup(init)) {
      const [arg, found] = [name || 'group', `is ${describe(init)}`];
      throw argumentError(TypeError, { fn, arg, found, expected: 'a group { params, … }' });
    }
    const { params, ...options } = init;
    const where = name === '' ? fn : `${fn}: ${name}`;
    checkOptions(where, options, this.#method.optionNames);
    const group = complete(this.defaults, options as unknown as Partial<O>);
    refuse(where, problemsOf(this.#method, { ...group }));

    const own = [...iterable(fn, `${at}params`, params)];
    const known = new Set(this.#params());
    own.forEach((param, i) => {
      checkTrainable(fn, `${at}params[${i}]`, param);
      checkLeaf(fn, `${at}params[${i}]`, param);
      if (known.has(param)) {
        const [arg, found] = [`${at}params[${i}]`, 'is there already'];
        throw argumentError(RangeError, { fn, arg, found, expected: 'each parameter once' });
      }
      known.add(param);
    });
    this.paramGroups.push(Object.assign(group, { params: own }));
  }

  /** Checks everything that a step uses, before anything changes. */
  #checkStep(fn: string): void {
    this.paramGroups.forEach((group, g) => {
      const problems = problemsOf(this.#method, group);
      if (problems.length === 0) return;
      const where = this.paramGroups.length === 1 ? fn : `${fn}: paramGroups[${g}]`;
      refuse(where, [...problems.slice(0, -1), `${problems.at(-1)}${rateOrigin(group)}`]);
    });
    let i = 0;
    for (const { params } of this.paramGroups) {
      for (const param of params) {
        const grad = gradOf(param);
        if (grad) checkUpdate(fn, `params[${i}]`, param.data, grad, this.#state.get(param)?.arrays);
        i++;
      }
    }
  }
}

/** Defaults with what is given in their place; lists are copied. */
function complete<O extends object>(defaults: O, given: Partial<O>): O {
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return structuredClone({ ...defaults, ...Object.fromEntries(said) });
}

function isGroup(value: object): boolean {
  return typeof value === 'object' && value !== null && 'params' in value;
}

/** Whether a value has parameters, as an nn.Module has. */
function isModule(value: unknown): boolean {
  return typeof (value as { parameters?: unknown } | null | undefined)?.parameters === 'function';
}

function iterable<T>(fn: string, name: string, value: Iterable<T>): Iterable<T> {
  if (typeof value !== 'object' || value === null || !(Symbol.iterator in value) || isModule(value)) {
    const wayOut = isModule(value) ? 'give model.parameters()' : undefined;
    const found = `is ${describe(value)}`;
    throw argumentError(TypeError, { fn, arg: name, found, expected: 'a list of parameters', wayOut });
  }
  return value;
}

/** @throws {RangeError} if there are problems. */
function refuse(fn: string, problems: readonly string[]): void {
  if (problems.length > 0) throw new RangeError(`${fn}: ${problems.join('; ')}`);
}
