import fc from 'fast-check';
import ndarray, { type NdArray } from 'ndarray';
import theirs from 'ndarray-ops';
import { describe, expect, test } from 'vitest';
import { operations } from '../../../src/arrays/own/operations.js';
import { view } from '../../../src/arrays/own/view.js';
import { pretend } from '../../helpers/pretend.js';
import { testFirstQuick } from '../../helpers/slow.js';

const named = <N extends string>(...names: N[]) => names.map((name) => ({ name }));
const WRITING = named('addeq', 'assign', 'add', 'sub', 'mul', 'div', 'max', 'min');
const REDUCTIONS = named('sum', 'norm1', 'norm2squared', 'sup');
const SPECIAL = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

type Floats = Float32Array | Float64Array;
type Make = (data: Floats, shape: number[], stride: number[], offset: number) => NdArray<Floats>;

/** What makes an array: how its axes lie in memory, what is repeated along which, and its values. */
interface Form {
  readonly order: readonly number[];
  readonly gaps: readonly number[];
  readonly backwards: readonly boolean[];
  readonly repeated: readonly boolean[];
  readonly double: boolean;
  readonly seed: number;
  readonly own: boolean;
}

const RANKS = 5;
const each = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { minLength: RANKS, maxLength: RANKS });
const form: fc.Arbitrary<Form> = fc.record({
  order: fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: RANKS, maxLength: RANKS }),
  gaps: each(fc.constantFrom(0, 0, 0, 1)),
  backwards: each(fc.constantFrom(false, false, false, true)),
  repeated: each(fc.constantFrom(false, false, false, true)),
  double: fc.boolean(),
  seed: fc.nat(1000),
  own: fc.boolean(),
});
/** Mostly short axes, one of them longer than a block. */
const shapes = fc
  .tuple(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: RANKS - 1 }), fc.constantFrom(0, 2, 65, 130), fc.nat(4))
  .map(([short, long, place]) => (long === 0 ? short : short.toSpliced(place % (short.length + 1), 0, long)));

/** An array of this form; where it is written, nothing is repeated unless the operation adds up. */
function made(make: Make, shape: readonly number[], form: Form, repeats: boolean): NdArray<Floats> {
  const stride = new Array<number>(shape.length).fill(0);
  let [length, offset] = [1, 0];
  for (const axis of form.order.filter((axis) => axis < shape.length)) {
    if (repeats && form.repeated[axis]) continue;
    stride[axis] = form.backwards[axis] ? -length : length;
    if (form.backwards[axis]) offset += Math.max(shape[axis] - 1, 0) * length;
    length *= Math.max(shape[axis] + form.gaps[axis], 1);
  }
  const data = form.double ? new Float64Array(length) : new Float32Array(length);
  for (let i = 0; i < length; i++) {
    const value = 3 * Math.sin(1 + i * (1 + form.seed));
    data[i] = value > 2.99 ? SPECIAL[i % SPECIAL.length] : value;
  }
  return make(data, [...shape], stride, offset);
}

/** Both kinds of arrays go into both kinds of operations. */
const kindOf = ({ own }: Form): Make => pretend(own ? view : ndarray);

describe('own operations have the bits of ndarray-ops', () => {
  testFirstQuick(WRITING, '$name', ({ name }) => {
    fc.assert(
      fc.property(shapes, form, form, form, (shape, out, a, b) => {
        const run = (ops: Record<string, (...arrays: NdArray[]) => unknown>) => {
          const written = made(kindOf(out), shape, out, name === 'addeq');
          const operands = [made(kindOf(a), shape, a, true), made(kindOf(b), shape, b, true)];
          ops[name](written, ...(name === 'assign' || name === 'addeq' ? operands.slice(0, 1) : operands));
          return written.data;
        };
        expect(run({ ...operations })).toEqual(run({ ...theirs } as never));
      }),
      { numRuns: 40, seed: 4 },
    );
  });

  testFirstQuick(REDUCTIONS, '$name', ({ name }) => {
    fc.assert(
      fc.property(shapes, form, (shape, x) => {
        const a = made(kindOf(x), shape, x, true);
        expect(operations[name](a)).toBe(theirs[name](a));
      }),
      { numRuns: 100, seed: 5 },
    );
  });
});

test.each([
  [[2], [3], 'cwise: Arrays do not all have the same shape!'],
  [[2], [2, 1], 'cwise: Arrays do not all have the same dimensionality!'],
])('shapes %j and %j: the error of the package', (first, second, message) => {
  const [a, b] = [view(new Float32Array(4), first), view(new Float32Array(4), second)];
  for (const ops of [operations, theirs]) {
    expect(() => ops.assign(a, b)).toThrow(message);
    expect(() => ops.add(a, a, b)).toThrow(message);
  }
});
