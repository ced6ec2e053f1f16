// Which gradient belongs to which argument.

import { array, isNDArray, type NDArray, tuple } from '../../arrays/index.js';
import { isSameKind, plain } from './inputs.js';

/** Something is wrong with the pair itself, which its author has to mend. */
export class PairError extends Error {
  readonly verdict: 'wrong' | 'needs float64' = 'wrong';
}

/** A pair computes in float32, in which centred differences say too little. */
export class PrecisionError extends PairError {
  override readonly verdict = 'needs float64';
}

/** A gradient and the argument that it belongs to. */
export interface Named {
  readonly argument: string;
  readonly x: NDArray;
  readonly analytic: NDArray;
}

type Argument = Omit<Named, 'analytic'>;

/**
 * Matches what a backward function returns with the arguments: a tuple in their order; an object by names, `dw`, `d_w`,
 * `gradW` or `w` for `w` and `weights`. What is returned last has one name left, if any.
 *
 * @param by - The function that returns the gradients.
 * @param names - Those of all arguments.
 * @throws {PairError} if there are none, or a gradient belongs to no argument.
 */
export function named(by: string, names: readonly string[], args: readonly unknown[], result: unknown): Named[] {
  const left = args.flatMap((x, i) => (isNDArray(x) ? [{ argument: names[i], x }] : []));
  const found: Named[] = [];
  if (isNDArray(result)) found.push({ ...only(left, by, result), analytic: result });
  else if (Array.isArray(result)) {
    result.forEach((analytic, i) => {
      if (isNDArray(analytic) && left[i] !== undefined) found.push({ ...left[i], analytic });
    });
  } else found.push(...byKeys(by, left, result ?? {}));
  if (found.length > 0) return found.map((one) => ({ ...one, analytic: array(one.analytic) }));
  throw new PairError(`${by} returns no gradient: expected an array, a list of arrays, or an object { dx, dw, … }`);
}

/** The names that a key may mean: of `dw` and `gradW` `w`, of `w` itself. */
const meant = (key: string): string[] => [plain(key).replace(/^(grad|d)/, ''), plain(key)];

function byKeys(by: string, left: Argument[], result: object): Named[] {
  const open = Object.entries(result).filter((entry): entry is [string, NDArray] => isNDArray(entry[1]));
  const places = new Map<Argument, NDArray>();
  const take = (fits: (key: string, argument: string) => boolean): void => {
    for (const entry of [...open]) {
      const own = left.find((one) => !places.has(one) && fits(entry[0], plain(one.argument)));
      if (own === undefined) continue;
      places.set(own, entry[1]);
      open.splice(open.indexOf(entry), 1);
    }
  };
  take((key, argument) => meant(key).includes(argument));
  take((key, argument) => meant(key).some((name) => isSameKind(name, argument)));
  const others = open.filter(([key]) => /^(d|grad)/i.test(key));
  if (others.length === 1 && places.size === left.length - 1) take((key) => key === others[0][0]);
  const odd = others.find((entry) => open.includes(entry));
  if (odd !== undefined && places.size < left.length) {
    const known = left.map(({ argument }) => argument).join(', ');
    throw new PairError(`${by} returns ${odd[0]}, which is the gradient of no argument: name it after one of ${known}`);
  }
  return left.flatMap((one) => {
    const analytic = places.get(one);
    return analytic === undefined ? [] : [{ ...one, analytic }];
  });
}

/** What a single gradient belongs to: the first argument, but where its shape is that of one other. */
function only(left: readonly Argument[], by: string, { shape }: NDArray): Argument {
  if (left.length === 0) throw new PairError(`${by} returns a gradient, but no argument is an array`);
  const alike = left.filter(({ x }) => tuple(x.shape) === tuple(shape));
  return alike.length === 1 ? alike[0] : left[0];
}

/** Arguments without which a layer does not learn. */
const LEARNED = ['w', 'b', 'gamma', 'beta'];

/** @throws {PairError} naming the arguments of which a backward function should return a gradient and does not. */
export function checkComplete(
  by: string,
  names: readonly string[],
  args: readonly unknown[],
  found: readonly Named[],
): void {
  const missing = names.filter((name, i) => {
    if (!isNDArray(args[i]) || found.some(({ argument }) => argument === name)) return false;
    return LEARNED.some((one) => isSameKind(one, plain(name)));
  });
  if (missing.length > 0) throw new PairError(`${by} returns no gradient of ${missing.join(' and ')}`);
}
