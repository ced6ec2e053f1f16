// Arguments for a function, by the names of its parameters.

import { full, type NDArray, type Random, zeros } from '../../arrays/index.js';
import type { Pair } from './pairs.js';
import { type Parameter, parametersOf } from './parameters.js';

/** Arguments by name, and what the letters of their shapes stand for. */
export interface Arguments {
  readonly names: readonly string[];
  /** Arrays are the same at each call; settings are copies, since a layer may write to them. */
  make(): unknown[];
  readonly sizes: Readonly<Record<string, number>>;
}

/** What a pair's inputs look like. */
type Form = 'rows' | 'images';

/** Sizes of one check, all different as far as they can be, so that axes cannot be taken for each other. */
interface Sizes {
  readonly form: Form;
  readonly N: number;
  /** Values of a row, or channels: even, so that groups and pieces divide them. */
  readonly D: number;
  readonly H: number;
  readonly W: number;
  /** Outputs of a layer with weights: units, or filters. */
  readonly M: number;
  /** Step of a convolution; with 3 × 3 filters and padding 1 it fits odd sizes. */
  readonly stride: number;
  /** Whether inputs lie far from 0 too, where functions such as ReLU6 are cut off. */
  readonly isFar: boolean;
}

/** Makes the value of a parameter. */
type Maker = (sizes: Sizes, random: Random) => unknown;

const randn =
  (shape: (sizes: Sizes) => readonly number[], scale = 1, shift = 0): Maker =>
  (sizes, random) =>
    moved(random.randn(shape(sizes), 'float64'), (value) => shift + scale * value);

const uniform: Maker = (sizes, random) =>
  moved(random.randn(input(sizes), 'float64'), (value) => 1 / (1 + Math.exp(-value)));

function moved(a: NDArray, f: (value: number) => number): NDArray {
  for (let i = 0; i < a.data.length; i++) a.data[i] = f(a.data[i]);
  return a;
}

const input = ({ form, N, D, H, W }: Sizes): number[] => (form === 'rows' ? [N, D] : [N, D, H, W]);
const labels: Maker = ({ N, D }, random) => random.randint(0, D, N);
const labelArray: Maker = (sizes, random) => {
  const y = zeros([sizes.N], 'float64');
  y.data.set(random.randint(0, sizes.D, sizes.N));
  return y;
};

const near = randn(input);
/** Standard normal; where inputs lie far, a fifth of them about 7 and a fifth about −7. */
const x: Maker = (sizes, random) => {
  const made = near(sizes, random) as NDArray;
  if (!sizes.isFar) return made;
  for (let i = 0; i < made.data.length; i++) made.data[i] += [7, 0, -7, 0, 0][i % 5];
  return made;
};
/** Weights have units first or last: affine ones are (D, M) here and in cs231n, (M, D) in PyTorch. */
const w: readonly Maker[] = [
  randn(({ form, D, M }) => (form === 'rows' ? [D, M] : [M, D, 3, 3]), 0.5),
  randn(({ form, D, M }) => (form === 'rows' ? [M, D] : [D, M, 3, 3]), 0.5),
  randn(({ D, H, W, M }) => [D * H * W, M], 0.5),
];
const behindWeights: readonly Maker[] = [randn(({ M }) => [M])];
/** Scales and shifts of an input; with weights before them, of their outputs. */
const perChannel = (scale: number, shift: number): readonly Maker[] => [
  randn(({ D }) => [D], scale, shift),
  randn(({ D }) => [1, D, 1, 1], scale, shift),
  randn(({ D }) => [1, D], scale, shift),
];

const constant = (...values: readonly unknown[]): readonly Maker[] => values.map((value) => () => value);

const conv: readonly Maker[] = [({ stride }) => ({ stride, pad: 1 }), ({ stride }) => ({ stride, padding: 1 })];
const pool: readonly Maker[] = [
  () => ({ poolHeight: 2, poolWidth: 2, stride: 2 }),
  () => ({ pool_height: 2, pool_width: 2, stride: 2 }),
];

/** Names are compared without capitals and underscores. */
const KNOWN: Readonly<Record<string, (hasWeights: boolean) => readonly Maker[]>> = {
  ...alike(['x', 'input', 'inputs', 'images', 'z', 'h', 'a', 'scores', 'logits'], () => [x, uniform]),
  ...alike(['w', 'weight', 'weights', 'filters', 'kernel'], () => w),
  ...alike(['b', 'bias', 'biases'], (hasWeights) =>
    hasWeights ? behindWeights : [x, ...perChannel(1, 0), randn(({ D, M }) => [D, M])],
  ),
  ...alike(['gamma', 'scale'], (hasWeights) => (hasWeights ? behindWeights : perChannel(0.5, 1))),
  ...alike(['beta', 'shift'], (hasWeights) => (hasWeights ? behindWeights : perChannel(1, 0))),
  alpha: () => [randn(({ D }) => [D], 0.1, 0.3), () => full([1], 0.3, 'float64'), () => 0.3],
  ...alike(['y', 'labels', 'target', 'targets'], () => [labels, x, uniform, labelArray]),
  ...alike(['convparam', 'convparams'], () => conv),
  ...alike(['poolparam', 'poolparams'], () => pool),
  ...alike(['bnparam', 'bnparams', 'batchnormparam'], () => constant({ mode: 'train' })),
  ...alike(['lnparam', 'lnparams', 'gnparam', 'gnparams'], () => constant({})),
  ...alike(['dropoutparam', 'dropoutparams'], () => constant({ mode: 'train', p: 0.7, seed: 231 })),
  ...alike(['options', 'opts', 'config', 'settings'], () => constant(undefined, {})),
  ...alike(['g', 'groups', 'numgroups', 'pieces', 'outputsize', 'exponent', 'poolsize', 'k'], () => constant(2)),
  ...alike(['poolheight', 'poolwidth', 'hh', 'ww'], () => constant(2)),
  pad: () => [() => 1, () => [1, 1]],
  ...alike(['padding', 'stride', 'axis', 'dilation'], () => constant(1)),
  ...alike(['eps', 'epsilon'], () => constant(1e-5)),
  ...alike(['p', 'slope', 'negativeslope', 'momentum', 'threshold', 'reg', 'delta'], () => constant(0.5)),
  seed: () => constant(231),
  mode: () => constant('train'),
};

type MakersOf = (hasWeights: boolean) => readonly Maker[];

function alike(names: readonly string[], makers: MakersOf): Record<string, MakersOf> {
  return Object.fromEntries(names.map((name) => [name, makers]));
}

/** A name as it is compared: without capitals and underscores. */
export const plain = (name: string): string => name.replaceAll('_', '').toLowerCase();

/** Whether two names mean the same kind of argument, as `w` and `weights` do. */
export function isSameKind(a: string, b: string): boolean {
  return a === b || (Object.hasOwn(KNOWN, a) && Object.hasOwn(KNOWN, b) && KNOWN[a] === KNOWN[b]);
}

/** The parameter that a pair needs an entry for, or what keeps its text from being read. */
export interface Unknown {
  readonly unknown: string;
}

/** Ways to call a function: which values its parameters may take, best guesses first. */
export interface Ways {
  readonly names: readonly string[];
  readonly choices: readonly (readonly Maker[])[];
  readonly forms: readonly Form[];
}

/** Combinations that are tried at most for a form. */
const MOST = 60;

/** How a function may be called, by the names of its parameters. */
export function waysOf({ name, forward }: Pair): Ways | Unknown {
  const parameters = parametersOf(forward.fn);
  if (parameters === null) return { unknown: `the parameters of ${forward.name} cannot be read` };
  const given = parameters.filter(({ hasDefault, keys }) => !hasDefault && keys?.length !== 0);
  const names = given.map(({ name }) => plain(name));
  const hasWeights = names.some((one) => KNOWN[one] === KNOWN.w);
  const choices: (readonly Maker[])[] = [];
  for (const parameter of given) {
    const makers = makersOf(parameter, hasWeights);
    if (typeof makers === 'string') return { unknown: `what ${makers} of ${forward.name} is` };
    choices.push(makers);
  }
  // Images first where their layers are; a function of rows that takes images for rows would give numbers too.
  const areImages =
    /conv|pool|spatial|2d|groupnorm|pad|image/i.test(name) || names.some((one) => /conv|pool/.test(one));
  const forms: readonly Form[] = areImages ? ['images', 'rows'] : ['rows', 'images'];
  return { names: given.map(({ name }) => name || 'options'), choices, forms };
}

/** The values that a parameter may take; its name if nothing is known of it. */
function makersOf({ name, keys }: Parameter, hasWeights: boolean): readonly Maker[] | string {
  const known = (one: string) => (Object.hasOwn(KNOWN, plain(one)) ? KNOWN[plain(one)](hasWeights) : undefined);
  if (keys === null) return known(name) ?? (name || 'a parameter');
  const inner = keys.map((key) => known(key)?.[0]);
  const missing = inner.indexOf(undefined as never);
  if (missing >= 0) return keys[missing];
  return [(sizes, random) => Object.fromEntries(keys.map((key, i) => [key, (inner[i] as Maker)(sizes, random)]))];
}

/** All arguments to try for the check number `round`, best guesses first. */
export function* argumentsOf({ names, choices, forms }: Ways, random: Random, round: number): Generator<Arguments> {
  const isPooled = names.some((name) => /pool/i.test(name)) || !names.some((name) => /conv|stride/i.test(name));
  for (const form of forms) {
    const sizes = drawn(form, random, round, isPooled);
    let tried = 0;
    for (const makers of product(choices)) {
      if (++tried > MOST) break;
      const values = makers.map((make) => make(sizes, random));
      const { N, D, M, H, W } = sizes;
      const letters: Record<string, number> = form === 'rows' ? { N, D, M } : { N, C: D, H, W, F: M };
      yield { names, make: () => values.map(copied), sizes: letters };
    }
  }
}

/** Settings are copied, since a layer may write to them. */
function copied(value: unknown): unknown {
  return Object.getPrototypeOf(value ?? 0) === Object.prototype ? { ...(value as object) } : value;
}

/** Sizes for a check. */
function drawn(form: Form, random: Random, round: number, isPooled: boolean): Sizes {
  const pick = (values: readonly number[]): number => values[random.randint(0, values.length, 1)[0]];
  // Windows of 2 and strides of 2 leave nothing over in even pictures; filters of 3 with padding 1 in odd ones.
  const [H, W] = isPooled ? [4, 6] : [5, 7];
  const [N, M] = form === 'rows' ? [pick([5, 7]), pick([9, 10])] : [2 + (round % 2), 5];
  const D = form === 'rows' ? pick([4, 6, 8]) : 4;
  const turned = round % 2 === 1;
  const isFar = round % 3 === 2;
  return { form, N, D, M, H: turned ? W : H, W: turned ? H : W, stride: isPooled ? 1 : 1 + (round % 2), isFar };
}

/** Every choice of one of each list, the first ones first. */
function* product<T>(lists: readonly (readonly T[])[]): Generator<T[]> {
  if (lists.length === 0) {
    yield [];
    return;
  }
  for (const first of lists[0]) for (const rest of product(lists.slice(1))) yield [first, ...rest];
}
