import { full, sizeOf } from '../../arrays/index.js';
import { F, Tensor } from '../../autograd/index.js';
import { Integers } from '../integers.js';
import { int, type Operator, operator, optionalInt, requiredInt, tensorAttribute } from '../operator.js';
import { DATA_TYPE } from '../schema.js';
import { dataTypeName, floatsOf } from '../tensor-message.js';
import { checkedShape, integersOf, listOf, MOST_VALUES, numberOf, tensorOf } from '../values.js';

/** Number formats of whole numbers, each with the least number that it holds, and the first that it does not. */
const WHOLE: ReadonlyMap<number, readonly [least: number, beyond: number]> = new Map([
  [DATA_TYPE.int64, [-(2 ** 63), 2 ** 63]],
  [DATA_TYPE.int32, [-(2 ** 31), 2 ** 31]],
  [DATA_TYPE.int16, [-(2 ** 15), 2 ** 15]],
  [DATA_TYPE.int8, [-(2 ** 7), 2 ** 7]],
  [DATA_TYPE.uint8, [0, 2 ** 8]],
  [DATA_TYPE.uint16, [0, 2 ** 16]],
  [DATA_TYPE.uint32, [0, 2 ** 32]],
  [DATA_TYPE.uint64, [0, 2 ** 64]],
]);

/** Whole numbers in the range of a format: those that are beyond it lose their upper bits. */
function inRange(x: Integers, [least, beyond]: readonly [number, number]): Integers {
  const range = beyond - least;
  const isIn = (value: number): boolean => (value >= least && value < beyond) || !Number.isFinite(value);
  if (x.values.every(isIn)) return x;
  return new Integers(
    x.shape,
    x.values.map((value) => (isIn(value) ? value : value - range * Math.floor((value - least) / range))),
  );
}

/** Float formats that the dtypes of arrays hold: the others would have to be rounded to. */
const FLOATS: readonly number[] = [DATA_TYPE.float, DATA_TYPE.double];

export const CONSTANTS: Readonly<Record<string, Operator>> = {
  ConstantOfShape: operator({
    attributes: { value: tensorAttribute() },
    inputs: [1, 1],
    since: 9,
    refuses: ({ value }) =>
      value === null ? null : (value.unsupported ?? (sizeOf(value.shape) === 1 ? null : 'a value of several numbers')),
    run: ([list], { value }, { dtype }) => {
      const shape = [...checkedShape(listOf(list))];
      const filling = value?.values();
      if (filling instanceof Integers)
        return new Integers(shape, new Float64Array(sizeOf(shape)).fill(filling.values[0]));
      return new Tensor(full(shape, filling === undefined ? 0 : numberOf(new Tensor(filling)), dtype));
    },
  }),
  Shape: operator({
    attributes: { start: int(0), end: optionalInt() },
    inputs: [1, 1],
    run: ([value], { start, end }, run) =>
      Integers.of((value ?? tensorOf(value, run)).shape.slice(start, end ?? undefined)),
  }),
  Size: operator({
    attributes: {},
    inputs: [1, 1],
    run: ([value], _, run) => new Integers([], Float64Array.of(sizeOf((value ?? tensorOf(value, run)).shape))),
  }),
  Cast: operator({
    attributes: { to: requiredInt(), saturate: int(1) },
    inputs: [1, 1],
    refuses: ({ to }) =>
      WHOLE.has(to) || FLOATS.includes(to) || to === DATA_TYPE.bool ? null : `to ${dataTypeName(to)}`,
    run: ([value], { to }, run) => {
      if (floatsOf(to) !== null) return tensorOf(value, run);
      const range = WHOLE.get(to);
      if (range !== undefined) return inRange(integersOf(value), range);
      if (value instanceof Tensor) return F.ne(value, 0);
      const { shape, values } = integersOf(value);
      return new Integers(
        shape,
        values.map((x) => Number(x !== 0)),
      );
    },
  }),
  Range: operator({
    attributes: {},
    inputs: [3, 3],
    since: 11,
    run: ([start, limit, delta]) => {
      const [from, to, step] = [start, limit, delta].map((value) => {
        if (value instanceof Integers) return numberOf(value);
        throw new TypeError('an input is made of floats, expected whole numbers');
      });
      const length = Math.max(Math.ceil((to - from) / step), 0);
      if (!(length <= MOST_VALUES / 16)) throw new RangeError(`a range has ${length} numbers, expected a few`);
      return Integers.of(Array.from({ length }, (_, i) => from + i * step));
    },
  }),
};
