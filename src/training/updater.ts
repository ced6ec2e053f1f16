import {
  argumentError,
  array,
  checkShapes,
  checkSynchronous,
  describe,
  heap,
  isNDArray,
  type NDArray,
  withStorage,
} from '../arrays/index.js';
import type { Model, Params } from '../classifiers/model.js';
import { isKeepingNothing, isResident, resident } from '../kernels/index.js';
import type { OptimConfig } from '../optim/index.js';
import { STATE } from '../optim/update-rule.js';
import { snapshot } from './parameters.js';
import type { CheckedOptions } from './solver-options.js';

/** Gives each parameter of a model and its gradient to an update rule, with a config of its own. */
export class Updater {
  readonly #model: Model;
  readonly #options: Pick<CheckedOptions<never>, 'updateRule' | 'isOwnRule' | 'optimConfig'>;
  /** The config of each parameter: hyperparameters, and the rule's state. */
  readonly configs: Map<string, object>;
  /** The parameters of the last step, to whose shapes the configs' state belongs. */
  readonly #stepped = new Map<string, NDArray>();

  /** @throws {ShapeError} if an array of state in `optimConfig` does not have the shape of a parameter. */
  constructor(model: Model, options: CheckedOptions<never>) {
    this.#model = model;
    this.#options = options;
    this.configs = configsFor(options, model.params);
  }

  /** Of the first parameter; undefined where the rule's default is used and no step was made. */
  get learningRate(): number | undefined {
    const [config] = this.configs.values() as Iterable<OptimConfig>;
    return config?.learningRate;
  }

  /** Multiplies the learning rate of every parameter. */
  decay(factor: number): void {
    for (const config of this.configs.values() as Iterable<OptimConfig>) {
      if (config.learningRate !== undefined) config.learningRate *= factor;
    }
  }

  /** Updates all parameters. If the rule throws, everything is as it was before. */
  update(grads: Params): void {
    const { updateRule, isOwnRule } = this.#options;
    const { params } = this.#model;
    const names = Object.keys(params);
    if (isOwnRule) {
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
        this.configs.set(name, restored());
      }
      throw error;
    }
  }

  #configOf(name: string): object {
    return this.configs.get(name) ?? { ...this.#options.optimConfig };
  }

  #apply(name: string, result: readonly [NDArray, object]): void {
    const { params } = this.#model;
    const [nextW, nextConfig] = checkUpdate(result, name, params[name]);
    if (nextW !== params[name]) params[name] = nextW;
    this.#stepped.set(name, nextW);
    this.configs.set(name, nextConfig);
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

/** A copy of `optimConfig` for each parameter, arrays included: no two parameters share state. */
function configsFor({ isOwnRule, optimConfig }: CheckedOptions<never>, params: Params): Map<string, object> {
  const configs = new Map<string, object>();
  for (const [name, param] of Object.entries(params)) {
    const fields = Object.entries(optimConfig).map(([field, value]) => {
      if (!isNDArray(value)) return [field, value];
      if (isOwnRule && (STATE as readonly string[]).includes(field)) {
        checkShapes('Solver', { [name]: [param, ['…']], [`optimConfig.${field}`]: [value, param.shape] });
      }
      return [field, isResident(param) ? resident(value) : withStorage(heap, () => array(value))];
    });
    configs.set(name, Object.fromEntries(fields));
  }
  return configs;
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
