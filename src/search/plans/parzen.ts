import { type Parameter, type Range, rangeOf } from '../space/index.js';
import type { ConfigValue } from '../types.js';

/** How likely values are. */
export interface Density {
  /** A value at random, from uniform numbers in [0, 1). */
  draw(uniform: () => number): ConfigValue;
  /** The density at a value, or its probability. */
  of(value: ConfigValue): number;
}

/** A normal distribution that is cut off at the ends of a range. */
interface Bump {
  readonly mean: number;
  readonly deviation: number;
  /** How much of it lies within the range. */
  readonly mass: number;
}

/** The density of a parameter that values of it suggest; without any that with which the space draws it. */
export function densityOf(parameter: Parameter, values: readonly ConfigValue[]): Density {
  if ('choice' in parameter) return frequencies(parameter.choice, values);
  return parzen(rangeOf(parameter), 'integer' in parameter, values as readonly number[]);
}

/** As often as they were seen, and each once more. */
function frequencies(choice: readonly ConfigValue[], values: readonly ConfigValue[]): Density {
  const counts = choice.map((one) => 1 + values.filter((value) => value === one).length);
  const total = choice.length + values.length;
  return {
    draw: (uniform) => {
      let rest = uniform() * total;
      const at = counts.findIndex((count) => {
        rest -= count;
        return rest < 0;
      });
      return choice[at < 0 ? choice.length - 1 : at];
    },
    of: (value) => counts[choice.indexOf(value)] / total,
  };
}

/**
 * A bump around each value, as wide as the way to the farther one of its neighbours, and one over the whole range, all
 * of the same weight.
 */
function parzen(range: Range, isWhole: boolean, values: readonly number[]): Density {
  const { from, to } = range;
  const width = to - from;
  // One value alone, or many in one place, say little: hyperopt's bounds.
  const least = width / Math.min(100, values.length + 2);
  const middle = (from + to) / 2;
  const means = [...values.map((value) => range.place(value)), middle].sort((a, b) => a - b);
  const prior = means.indexOf(middle);
  const bumps = means.map((mean, i): Bump => {
    const [below, above] = [mean - (means[i - 1] ?? from), (means[i + 1] ?? to) - mean];
    const deviation = i === prior ? width : Math.min(width, Math.max(least, below, above));
    return { mean, deviation, mass: shareBelow(to, mean, deviation) - shareBelow(from, mean, deviation) };
  });
  const within = (low: number, high: number): number => {
    const parts = bumps.map(
      ({ mean, deviation, mass }) => (shareBelow(high, mean, deviation) - shareBelow(low, mean, deviation)) / mass,
    );
    return sum(parts) / bumps.length;
  };
  const at = (place: number): number => {
    const parts = bumps.map(({ mean, deviation, mass }) => {
      const z = (place - mean) / deviation;
      return Math.exp(-0.5 * z * z) / (deviation * Math.sqrt(2 * Math.PI) * mass);
    });
    return sum(parts) / bumps.length;
  };
  return {
    draw: (uniform) => {
      const { mean, deviation } = bumps[Math.floor(uniform() * bumps.length)];
      for (;;) {
        const place = mean + deviation * normal(uniform);
        if (place >= from && place <= to) return range.value(place);
      }
    },
    of: (value) => {
      const number = value as number;
      return isWhole ? within(range.place(number - 0.5), range.place(number + 0.5)) : at(range.place(number));
    },
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** A standard normal number, after Box and Muller. */
function normal(uniform: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** The share of a normal distribution below a place: Abramowitz and Stegun 7.1.26, within 1.5e-7. */
function shareBelow(place: number, mean: number, deviation: number): number {
  const x = (place - mean) / (deviation * Math.SQRT2);
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const poly = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  const erf = Math.sign(x) * (1 - poly * Math.exp(-x * x));
  return (1 + erf) / 2;
}
