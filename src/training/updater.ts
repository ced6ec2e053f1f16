import {
  argumentError,
  array,
  checkEntries,
  checkLike,
  checkShapes,
  checkSynchronous,
  describe,
  heap,
  heapCopy,
  isNDArray,
  isPlainObject,
  type NDArray,
  savedEntries,
  withStorage,
} from '../arrays/index.js';
import type { Model, Params } from '../classifiers/model.js';
import { isKeepingNothing, isResident, resident } from '../kernels/index.js';
import type { OptimConfig } from '../optim/index.js';
import { checkConfig, STATE } from '../optim/update-rule.js';
import { snapshot } from './parameters.js';
import type { CheckedOptions } from './solver-options.js';
import type { SolverState } from './solver-state.js';

type RuleOptions = Pick<CheckedOptions<never>, 'updateRule' | 'fields' | 'optimConfig'>;

/** What looks at some of the updates. */
export interface UpdateWatcher {
  /** Whether the next one is to be looked at. */
  readonly isDue: boolean;
  before(): void;
  after(grads: Params): void;
}

/** Gives each parameter of a model and its gradient to an update rule, with a config of its own. */
export class Updater {
  /** What looks at some updates for the live page, where there is one. */
  look: UpdateWatcher | null = null;
  readonly #model: Model;
  readonly #options: RuleOptions;
  /** The config of each parameter: hyperparameters, and the rule's state. */
  readonly #configs = new Map<string, object>();
  /** The parameters of the last step, to whose shapes the configs' state belongs. */
  readonly #stepped = new Map<string, NDArray>();

  /** @throws {ShapeError} if an array of state in `optimConfig` does not have the shape of a parameter. */
  constructor(model: Model, options: RuleOptions) {
    this.#model = model;
    this.#options = options;
    for (const [name, param] of Object.entries(model.params)) {
      for (const [field, value] of this.#stateIn(options.optimConfig)) {
        checkShapes('Solver', { [name]: [param, ['…']], [`optimConfig.${field}`]: [value, param.shape] });
      }
      this.#configs.set(name, placed(options.optimConfig, param));
    }
  }

  /** The arrays of a config that a rule of the library shapes like the parameter. */
  #stateIn(config: object): [field: string, value: NDArray][] {
    if (this.#options.fields === null) return [];
    return STATE.map((field): [string, unknown] => [field, (config as Record<string, unknown>)[field]]).filter(
      (entry): entry is [string, NDArray] => isNDArray(entry[1]),
    );
  }

  /** Of the first parameter; undefined where the rule's default is used and no step was made. */
  get learningRate(): number | undefined {
    const [config] = this.#configs.values() as Iterable<OptimConfig>;
    return config?.learningRate;
  }

  /** Multiplies the learning rate of every parameter. */
  decay(factor: number): void {
    for (const config of this.#configs.values() as Iterable<OptimConfig>) {
      if (config.learningRate !== undefined) config.learningRate *= factor;
    }
  }

  /** Sets that of the first parameter, and scales those of the others likewise; all that have none yet are set. */
  setLearningRate(rate: number): void {
    const before = this.learningRate;
    for (const config of this.#configs.values() as Iterable<OptimConfig>) {
      const own = config.learningRate;
      config.learningRate = own === undefined || own === before || !before ? rate : (own * rate) / before;
    }
  }

  /** Updates all parameters. If the rule throws, everything is as it was before. */
  update(grads: Params): void {
    if (this.look?.isDue !== true) {
      this.#update(grads);
      return;
    }
    this.look.before();
    this.#update(grads);
    this.look.after(grads);
  }

  #update(grads: Params): void {
    const { updateRule, fields } = this.#options;
    const { params } = this.#model;
    const names = Object.keys(params);
    if (fields !== null) {
      // The library's rules do not throw once this has passed, so that nothing needs a copy.
      for (const name of names) if (this.#stepped.get(name) !== params[name]) this.#checkState(name);
      for (const name of names) this.#apply(name, updateRule(params[name], grads[name], this.#configOf(name)));
      return;
    }
    const trusted = isKeepingNothing(updateRule);
    const before = new Map(names.map((name) => [name, snapshot(params[name], this.#configOf(name))]));
    try {
      for (const name of names) {
        const result = trusted
          ? updateRule(params[name], grads[name], this.#configOf(name))
          : withStorage(heap, () => updateRule(params[name], array(grads[name]), this.#configOf(name)));
        this.#apply(name, result);
      }
    } catch (error) {
      for (const [name, { param, restored }] of before) {
        params[name] = param;
        this.#configs.set(name, restored());
      }
      throw error;
    }
  }

  /** Copies of the configs. @throws {TypeError} if one holds what a state may not, as a function. */
  stateDict(fn: string): SolverState['configs'] {
    const names = Object.keys(this.#model.params);
    return Object.fromEntries(names.map((name) => [name, savedEntries(fn, `configs.${name}`, this.#configOf(name))]));
  }

  /** @returns A function that takes over what `stateDict` returned, which has been checked. */
  checked(fn: string, saved: SolverState['configs'], iteration: number): () => void {
    const { params } = this.#model;
    checkEntries(fn, 'configs', saved, Object.keys(params));
    const configs = Object.entries(params).map(([name, param]) => {
      const at = `configs.${name}`;
      if (typeof saved[name] !== 'object' || saved[name] === null || !isPlainObject(saved[name])) {
        throw argumentError(TypeError, { fn, arg: at, found: `is ${describe(saved[name])}`, expected: 'an object' });
      }
      const config = savedEntries(fn, at, saved[name]);
      if (this.#options.fields !== null) checkConfig(`${fn}: ${at}`, config, this.#options.fields);
      for (const field of this.#options.fields ?? []) {
        if (!STATE.includes(field) || isNDArray(config[field] ?? null)) continue;
        if (config[field] === undefined && iteration === 0) continue;
        const found = config[field] === undefined ? 'is missing' : `is ${describe(config[field])}`;
        const expected = `an array like ${name}`;
        throw argumentError(TypeError, { fn, arg: `${at}.${field}`, found, expected });
      }
      for (const [field, value] of this.#stateIn(config)) {
        checkLike(fn, `${at}.${field}`, value, `the own ${name}`, param);
      }
      return [name, param, config] as const;
    });
    return () => {
      this.#stepped.clear();
      this.#configs.clear();
      for (const [name, param, config] of configs) this.#configs.set(name, placed(config, param));
    };
  }

  #configOf(name: string): object {
    return this.#configs.get(name) ?? { ...this.#options.optimConfig };
  }

  #apply(name: string, result: readonly [NDArray, object]): void {
    const { params } = this.#model;
    const [nextW, nextConfig] = checkUpdate(result, name, params[name]);
    if (nextW !== params[name]) params[name] = nextW;
    this.#stepped.set(name, nextW);
    this.#configs.set(name, nextConfig);
  }

  /** Checks that the update rule's state still fits a parameter, which the model may have replaced. */
  #checkState(name: string): void {
    const param = this.#model.params[name];
    for (const [field, value] of Object.entries(this.#configOf(name))) {
      if (!isNDArray(value)) continue;
      checkShapes('Solver', { [`params.${name}`]: [param, ['…']], [`${field} of ${name}`]: [value, param.shape] });
    }
  }
}

/** A copy of a config, arrays included, those where the parameter lives: no two parameters share state. */
function placed(config: object, param: NDArray): object {
  const copy = isResident(param) ? resident : heapCopy;
  return Object.fromEntries(
    Object.entries(config).map(([field, value]) => [field, isNDArray(value) ? copy(value) : value]),
  );
}

/** @throws {TypeError | ShapeError} if an update rule did not return the parameter and a config. */
function checkUpdate(result: readonly [NDArray, object], name: string, param: NDArray): readonly [NDArray, object] {
  checkSynchronous('Solver', 'updateRule', result);
  const isPair = Array.isArray(result) && result.length === 2;
  if (!isPair || typeof result[1] !== 'object' || result[1] === null) {
    const found = `returned ${describe(result)} for ${name}`;
    throw argumentError(TypeError, { fn: 'Solver', arg: 'updateRule', found, expected: '[w, config]' });
  }
  checkShapes('Solver', { [`params.${name}`]: [param, ['…']], [`the updated ${name}`]: [result[0], param.shape] });
  return result;
}
