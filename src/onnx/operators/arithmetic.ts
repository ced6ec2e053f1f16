import { F, type Tensor } from '../../autograd/index.js';
import { Integers } from '../integers.js';
import { int, type Operator, operator, type Run, type Value } from '../operator.js';
import { combined, integersOf, numberOf, ofItsKind, stretched, tensorOf } from '../values.js';

type OfFloats = (a: Tensor, b: Tensor) => Tensor;
type OfIntegers = (a: number, b: number) => number;

/** `floats` of two tensors, `integers` of two whole numbers of each pair. */
function pair(a: Value | null, b: Value | null, run: Run, floats: OfFloats, integers: OfIntegers): Value {
  if (a instanceof Integers && b instanceof Integers) return combined(a, b, integers);
  return floats(tensorOf(a, run), tensorOf(b, run));
}

function binary(floats: OfFloats, integers: OfIntegers, since?: number): Operator {
  return operator({
    attributes: {},
    inputs: [2, 2],
    since,
    run: ([a, b], _, run) => pair(a, b, run, floats, integers),
  });
}

/** An operator of any number of inputs, from the first to the last. */
function variadic(floats: OfFloats, integers: OfIntegers, last: (sum: Value, count: number) => Value): Operator {
  return operator({
    attributes: {},
    inputs: [1, Number.POSITIVE_INFINITY],
    run: (inputs, _, run) => {
      const [first, ...others] = inputs;
      const start = first instanceof Integers ? first : tensorOf(first, run);
      return last(
        others.reduce((sum: Value, value) => pair(sum, value, run, floats, integers), start),
        inputs.length,
      );
    },
  });
}

function unary(floats: (x: Tensor) => Tensor, integers: ((x: number) => number) | null = null): Operator {
  return operator({
    attributes: {},
    inputs: [1, 1],
    run: ([x], _, run) => {
      if (x instanceof Integers && integers !== null) return new Integers(x.shape, x.values.map(integers));
      return floats(tensorOf(x, run));
    },
  });
}

/** A comparison or a function of truth values: 1 or 0. */
function relation(floats: OfFloats, integers: (a: number, b: number) => boolean, since?: number): Operator {
  return binary(floats, (a, b) => Number(integers(a, b)), since);
}

/** `true` of a truth value. */
const holds = (x: Tensor): Tensor => F.ne(x, 0);

function power(x: Value | null, exponent: Value | null, run: Run): Value {
  if (x instanceof Integers && exponent instanceof Integers) {
    return combined(x, exponent, (a, n) => Math.trunc(a ** n));
  }
  return ofItsKind(x, run, (base, like) => powerOf(base, exponent, like));
}

function powerOf(base: Tensor, exponent: Value | null, run: Run): Tensor {
  const isNumber = exponent instanceof Integers || (exponent !== null && !exponent.requiresGrad);
  if (isNumber && exponent.shape.length <= base.shape.length && exponent.shape.every((size) => size === 1)) {
    return F.pow(base, numberOf(exponent));
  }
  return F.pow(base, tensorOf(exponent, run));
}

function divided(a: number, b: number): number {
  if (b === 0) throw new RangeError('a whole number is divided by 0');
  return Math.trunc(a / b);
}

function chosen(condition: Value | null, a: Value | null, b: Value | null, run: Run): Value {
  if (!(a instanceof Integers && b instanceof Integers)) {
    return F.where(tensorOf(condition, run), tensorOf(a, run), tensorOf(b, run));
  }
  const mask = integersOf(condition);
  const { shape } = combined(
    combined(mask, a, () => 0),
    b,
    () => 0,
  );
  const [yes, no] = [stretched(a, shape), stretched(b, shape)];
  return new Integers(
    shape,
    stretched(mask, shape).map((value, i) => (value !== 0 ? yes[i] : no[i])),
  );
}

const itself = (value: Value): Value => value;

export const ARITHMETIC: Readonly<Record<string, Operator>> = {
  Add: binary(F.add, (a, b) => a + b),
  Sub: binary(F.sub, (a, b) => a - b),
  Mul: binary(F.mul, (a, b) => a * b),
  Div: binary(F.div, divided),
  Mod: operator({
    attributes: { fmod: int(0, (fmod) => fmod === 0) },
    inputs: [2, 2],
    since: 10,
    run: ([a, b]) => combined(integersOf(a), integersOf(b), (x, y) => x - y * Math.floor(x / y)),
  }),
  Pow: operator({
    attributes: {},
    inputs: [2, 2],
    settings: [1],
    run: ([x, exponent], _, run) => power(x, exponent, run),
  }),
  Min: variadic(F.minimum, Math.min, itself),
  Max: variadic(F.maximum, Math.max, itself),
  Sum: variadic(F.add, (a, b) => a + b, itself),
  Mean: variadic(
    F.add,
    (a, b) => a + b,
    (sum, count) => (sum instanceof Integers ? sum : F.div(sum, count)),
  ),
  Sqrt: unary(F.sqrt),
  Exp: unary(F.exp),
  Log: unary(F.log),
  Neg: unary(F.neg, (x) => -x),
  Abs: unary(F.abs, Math.abs),
  Reciprocal: unary((x) => F.div(1, x)),
  Sign: unary((x) => F.sub(F.gt(x, 0), F.lt(x, 0)), Math.sign),
  Equal: relation(F.eq, (a, b) => a === b),
  Less: relation(F.lt, (a, b) => a < b),
  LessOrEqual: relation(F.le, (a, b) => a <= b, 12),
  Greater: relation(F.gt, (a, b) => a > b),
  GreaterOrEqual: relation(F.ge, (a, b) => a >= b, 12),
  And: relation(
    (a, b) => F.mul(holds(a), holds(b)),
    (a, b) => a !== 0 && b !== 0,
  ),
  Or: relation(
    (a, b) => F.maximum(holds(a), holds(b)),
    (a, b) => a !== 0 || b !== 0,
  ),
  Not: unary(
    (x) => F.eq(x, 0),
    (x) => Number(x === 0),
  ),
  Where: operator({
    attributes: {},
    inputs: [3, 3],
    since: 9,
    run: ([condition, a, b], _, run) => chosen(condition, a, b, run),
  }),
};
