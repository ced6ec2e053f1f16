import { sizeOf } from '../../arrays/index.js';
import { F, type Tensor } from '../../autograd/index.js';
import { Integers } from '../integers.js';
import { flag, int, ints, type Operator, operator } from '../operator.js';
import { axesIn, axisIn, integersOf, listOf, numberOf, ofItsKind, placesOf, tensorOf } from '../values.js';

type Reduce = (x: Tensor, axes: readonly number[], keepdims: boolean) => Tensor;

/**
 * A reduction over axes: an attribute, or since opset 13 (sums) or 18 an input.
 *
 * @param single - What becomes of a value that is reduced alone, over no axes. Default: it stays.
 */
function reduction(
  reduce: Reduce,
  integers: ((values: Float64Array) => number) | null = null,
  single: (x: Tensor) => Tensor = (x) => x,
): Operator {
  return operator({
    attributes: { axes: ints(), keepdims: flag(1), noop_with_empty_axes: flag(0) },
    inputs: [1, 2],
    run: ([value, list = null], attributes, run) => {
      const given = list === null ? (attributes.axes ?? []) : listOf(list);
      const isNone = given.length === 0 && attributes.noop_with_empty_axes === 1;
      const keepdims = attributes.keepdims === 1;
      if (
        value instanceof Integers &&
        !isNone &&
        integers !== null &&
        (given.length === 0 || value.shape.length === 1)
      ) {
        const shape = keepdims ? value.shape.map(() => 1) : [];
        return new Integers(shape, Float64Array.of(integers(value.values)));
      }
      return ofItsKind(value, run, (x) => {
        const axes = isNone ? [] : given.length === 0 ? x.shape.map((_, axis) => axis) : axesIn(given, x.shape.length);
        return axes.length === 0 ? single(x) : reduce(x, axes, keepdims);
      });
    },
  });
}

/** The place of the largest or smallest value along an axis. */
function place(find: (x: Tensor, axis: number, keepdims: boolean) => Tensor): Operator {
  return operator({
    attributes: { axis: int(0), keepdims: flag(1), select_last_index: int(0, (last) => last === 0) },
    inputs: [1, 1],
    run: ([value], { axis, keepdims }, run) => {
      const x = tensorOf(value, run);
      return placesOf(find(x, axisIn(axis, x.shape.length), keepdims === 1));
    },
  });
}

/** Products along axes, the last one first: the places of the others stay. */
function product(x: Tensor, axes: readonly number[], keepdims: boolean): Tensor {
  const gone = [...axes].sort((a, b) => b - a);
  const products = gone.reduce((left, axis) => F.split(left, 1, axis).reduce((a, b) => F.mul(a, b)), x);
  return keepdims ? products : gone.reduce((left, axis) => F.squeeze(left, axis), products);
}

const sumOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);

export const REDUCTIONS: Readonly<Record<string, Operator>> = {
  ReduceSum: reduction(F.sum, sumOf),
  ReduceMean: reduction(F.mean),
  ReduceMax: reduction(F.amax, (values) => values.reduce((most, value) => Math.max(most, value))),
  ReduceMin: reduction(F.amin, (values) => values.reduce((least, value) => Math.min(least, value))),
  ReduceProd: reduction(product, (values) => sizeOf([...values])),
  ReduceSumSquare: reduction(
    (x, axes, keepdims) => F.sum(F.mul(x, x), axes, keepdims),
    null,
    (x) => F.mul(x, x),
  ),
  ReduceL1: reduction((x, axes, keepdims) => F.sum(F.abs(x), axes, keepdims), null, F.abs),
  ReduceL2: reduction((x, axes, keepdims) => F.norm(x, 2, axes, keepdims), null, F.abs),
  ReduceLogSum: reduction((x, axes, keepdims) => F.log(F.sum(x, axes, keepdims)), null, F.log),
  ReduceLogSumExp: reduction(F.logsumexp),
  ArgMax: place(F.argmax),
  ArgMin: place(F.argmin),
  TopK: operator({
    attributes: { axis: int(-1), largest: flag(1), sorted: flag(1) },
    inputs: [2, 2],
    outputs: 2,
    since: 10,
    run: ([x, k], { axis, largest }, run) => {
      const { values, indices } = F.topk(tensorOf(x, run), numberOf(integersOf(k)), { axis, largest: largest === 1 });
      return [x instanceof Integers ? integersOf(values) : values, placesOf(indices)];
    },
  }),
};
