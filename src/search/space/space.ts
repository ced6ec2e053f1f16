import { argumentError, hostValues, type Random } from '../../arrays/index.js';
import type { Config, ConfigValue } from '../types.js';
import { checkedParameters, valuesOf } from './check.js';
import type { ConfigOf, Parameter, Parameters } from './parameters.js';
import { inRange, rangeOf } from './range.js';

/** Configs of a grid: each is an object in memory. */
const MOST_CONFIGS = 1_000_000;

/** What a search goes over: the parameters of a trial, and which values they may have. {@link space} makes one. */
export class Space<C extends Config = Config> {
  /** The type of its configs; there is no value. */
  declare readonly Config: C;
  /** The parameters, each behind those that it depends on. */
  readonly parameters: ReadonlyMap<string, Parameter>;

  /** As of {@link space}. */
  constructor(parameters: unknown) {
    this.parameters = checkedParameters(parameters);
  }

  /** A config at random. The same generator in the same state gives the same. */
  sample(random: Random): C {
    return this.draw(() => hostValues(random.rand([1], 'float64'))[0]);
  }

  /** A config from uniform numbers in [0, 1). */
  draw(uniform: () => number): C {
    return this.fill((_, parameter) => drawn(parameter, uniform()));
  }

  /** A config with the values that `pick` gives, asked for each parameter that applies, in their order. */
  fill(pick: (name: string, parameter: Parameter) => ConfigValue): C {
    const config: Record<string, ConfigValue> = {};
    for (const [name, parameter] of this.parameters) {
      if (applies(parameter, config)) set(config, name, pick(name, parameter));
    }
    return config as C;
  }

  /**
   * All configs of a grid: all values of choices, and `points` values of a range from end to end, evenly or, for
   * `logUniform` and `log`, by equal factors. The last parameter changes fastest.
   *
   * @param points - For all ranges, or by name. Of whole numbers at most as many as there are.
   * @throws {RangeError} if there are more than a million.
   */
  grid(points: number | Readonly<Record<string, number>>): C[] {
    let configs: Record<string, ConfigValue>[] = [{}];
    for (const [name, parameter] of this.parameters) {
      const count = typeof points === 'number' ? points : Object.hasOwn(points, name) ? points[name] : 1;
      const isChoice = 'choice' in parameter;
      // Counted first: the values alone may be too many for the memory.
      const most = isChoice ? parameter.choice.length : rangeOf(parameter).countOf(count);
      const applying = configs.filter((config) => applies(parameter, config)).length;
      if (configs.length + applying * (most - 1) > MOST_CONFIGS) {
        const found = `has more than ${MOST_CONFIGS} configs`;
        throw argumentError(RangeError, {
          fn: 'space',
          arg: 'the grid',
          found,
          wayOut: 'take fewer points of each range',
        });
      }
      const values = isChoice ? parameter.choice : rangeOf(parameter).grid(count);
      configs = configs.flatMap((config) => {
        if (!applies(parameter, config)) return [config];
        return values.map((value) => {
          const next = { ...config };
          set(next, name, value);
          return next;
        });
      });
    }
    return configs as C[];
  }

  /** Whether a config has a value of each parameter that applies, within its range, and no other. */
  has(config: Readonly<Record<string, unknown>>): boolean {
    const names = Object.keys(config).filter((name) => config[name] !== undefined);
    let known = 0;
    for (const [name, parameter] of this.parameters) {
      if (!applies(parameter, config)) continue;
      const value = config[name];
      const isIn = 'choice' in parameter ? parameter.choice.includes(value as ConfigValue) : inRange(parameter, value);
      if (!isIn) return false;
      known++;
    }
    return known === names.length;
  }

  /** The parameters as JSON has them, from which {@link space} makes the same. */
  toJSON(): Parameters {
    return Object.fromEntries(this.parameters);
  }
}

/**
 * A space of configs: for each name how its value is drawn, or a constant. From JSON too, in the same words:
 * `{ "lr": { "logUniform": [1e-4, 0.1] } }`.
 *
 * Numbers have six significant digits, so that they can be read, and repeated by hand; those of a narrow range more.
 *
 * @example
 * const s = space({
 *   lr: logUniform(1e-4, 1e-1),
 *   hidden: integer(32, 512),
 *   act: choice('relu', 'gelu'),
 *   drop: when({ act: 'gelu' }, uniform(0, 0.5)),
 *   epochs: 10,
 * });
 * s.sample(new Random(0)); // { lr: 0.0123, hidden: 77, act: 'relu', epochs: 10 }
 * @throws {TypeError | RangeError} naming the parameter that is wrong: an empty range, a condition that refers to
 *   nothing, goes in a circle, or can never hold.
 */
export function space<const P extends Parameters>(parameters: P): Space<ConfigOf<P>> {
  return new Space(parameters);
}

/** Whether a parameter applies in a config that has the values of those that it depends on. */
export function applies({ when }: Parameter, config: Readonly<Record<string, unknown>>): boolean {
  if (when === undefined) return true;
  return Object.entries(when).every(
    // Of its own: an inherited property is no value.
    ([name, wanted]) => Object.hasOwn(config, name) && valuesOf(wanted).includes(config[name] as ConfigValue),
  );
}

/** The value at a place of [0, 1). */
function drawn(parameter: Parameter, u: number): ConfigValue {
  if ('choice' in parameter) return parameter.choice[Math.floor(u * parameter.choice.length)];
  return rangeOf(parameter).at(u);
}

/** As `config[name] = value`, for any name: `__proto__` too. */
function set(config: Record<string, ConfigValue>, name: string, value: ConfigValue): void {
  Object.defineProperty(config, name, { value, writable: true, enumerable: true, configurable: true });
}
