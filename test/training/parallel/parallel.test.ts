import { serialize } from 'node:v8';
import { describe, expect, test } from 'vitest';
import { array, F, nn, Tensor, tensor } from '../../../src/index.js';
import {
  averageGradients,
  Bucket,
  broadcastValue,
  checkAlike,
  checkSameBits,
  cut,
  gatherValues,
  partOf,
  together,
} from '../../../src/training/parallel/index.js';
import { twinRanks } from '../../helpers/twin-ranks.js';
import '../../helpers/matchers.js';

const bytes = (value: unknown): Uint8Array => Uint8Array.from(serialize(value));

describe('shares', () => {
  test('of ten examples three ranks take 3, 3 and 4, one behind the other', () => {
    const parts = [0, 1, 2].map((rank) => partOf({ rank, size: 3 }, 10));
    expect(parts).toEqual([
      { start: 0, size: 3, total: 10 },
      { start: 3, size: 3, total: 10 },
      { start: 6, size: 4, total: 10 },
    ]);
  });

  test('are cut out of arrays and labels in any structure', () => {
    const [x, y] = [
      array([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      Int32Array.of(7, 8, 9),
    ];
    const part = { start: 1, size: 2, total: 3 };
    expect(cut(y, part)).toEqual(Int32Array.of(8, 9));
    const own = cut({ left: x, right: y }, part);
    expect(own.right).toEqual(Int32Array.of(8, 9));
    expect(own.left).toEqualBits(
      array([
        [3, 4],
        [5, 6],
      ]),
    );
  });
});

describe('a bucket', () => {
  test('adds up arrays of two dtypes and numbers, by one all-reduce of each dtype', () => {
    const [a, b] = [
      array([
        [1, 2],
        [3, 4],
      ]),
      array([5, 6], undefined, 'float64'),
    ];
    const [scalar, absent] = [array(9), array([1, 1, 1])];
    const bucket = new Bucket(2, [a, b, scalar, absent]);
    bucket.numbers.set([0.5, 3]);
    bucket.put(0, a, 0.25);
    bucket.put(1, b);
    bucket.put(2, scalar);
    bucket.put(3, null);
    const comm = twinRanks();
    bucket.reduce(comm);
    expect(comm.reductions).toHaveLength(2);
    expect([...bucket.numbers]).toEqual([1, 6]);
    expect(bucket.get(0)).toEqualBits(
      array([
        [0.5, 1],
        [1.5, 2],
      ]),
    );
    expect(bucket.get(1)).toEqualBits(array([10, 12], undefined, 'float64'));
    expect(bucket.get(2)).toEqualBits(array(18));
    expect([0, 1, 2, 3].map((i) => bucket.has(i))).toEqual([true, true, true, false]);
    bucket.note(2, false);
    expect(bucket.has(2)).toBe(false);
    bucket.take(0, a, 2);
    expect(a).toEqualBits(
      array([
        [1, 2],
        [3, 4],
      ]),
    );
  });

  test('adds up several reductions', () => {
    const a = array([1, 2]);
    const [sum, bucket] = [new Bucket(1, [a]), new Bucket(1, [a])];
    for (const target of [sum, bucket]) {
      target.numbers[0] = 1;
      target.put(0, a);
    }
    sum.add(bucket);
    expect(sum.get(0)).toEqualBits(array([2, 4]));
    expect(sum.numbers[0]).toBe(1);
  });
});

describe('messages', () => {
  test('carry plain values and arrays', () => {
    const comm = twinRanks(0, bytes({ b: [Number.NaN, null] }));
    expect(gatherValues<unknown>(comm, 'a')).toEqual(['a', { b: [Number.NaN, null] }]);
    expect(broadcastValue(comm, { y: 1 })).toEqual({ y: 1 });
    const [, copy] = gatherValues(comm, { w: array([[1, 2]]) }) as { w: never }[];
    expect(new Tensor(copy.w).tolist()).toEqual([[1, 2]]);
  });
});

describe('agreement', () => {
  test('an error of one rank is thrown there as it is', () => {
    const fail = (): never => {
      throw new TypeError('fit: loader is null');
    };
    expect(() => together('fit', twinRanks(), fail)).toThrow(new TypeError('fit: loader is null'));
    expect(together('fit', twinRanks(), () => 3)).toBe(3);
  });

  test('an error of another rank says which', () => {
    const comm = {
      ...twinRanks(1),
      allReduce: (array: Int32Array) => array.fill(1, 0, 1),
      broadcast: (array: Uint8Array | Float64Array) => {
        const message = bytes('fit: loader is null');
        return array.length === 1 && array instanceof Float64Array ? Float64Array.of(message.length) : message;
      },
    };
    const run = () => together('fit', comm as never, () => 1);
    expect(run).toThrow('fit: rank 0 of 2: loader is null');
  });

  test('what differs is listed', () => {
    const other = { options: { epochs: 3, loss: null }, data: { X: { shape: '(2,)', values: 'a' } }, dtype: 'float64' };
    const own = { options: { epochs: 2, loss: 'F' }, data: { X: { shape: '(2,)', values: 'b' } }, dtype: 'float64' };
    expect(() => checkAlike('fit', twinRanks(0, bytes(other)), own)).toThrow(
      'fit: the ranks differ: options.epochs is 3 on rank 1, 2 on rank 0; options.loss is missing on rank 1, F on ' +
        'rank 0; data.X has other values on rank 1 than on rank 0: start all ranks with one program, the same ' +
        'options and the same data',
    );
    checkAlike('fit', twinRanks(), own);
  });
});

test('the first parameter whose bits differ is named', () => {
  const named = [
    ['the parameter w', array([1, 2])],
    ['the parameter b', array([3])],
  ] as const;
  checkSameBits('fit', twinRanks(), named, 'after iteration 1');
  const comm = twinRanks(0, bytes('1,2'));
  const apart = { ...comm, allReduce: (a: Int32Array, op: string) => (op === 'max' ? a.fill(1, 3) : a) };
  expect(() => checkSameBits('fit', apart as never, named, 'after iteration 4')).toThrow(
    'fit: the parameter b of rank 1 differs from that of rank 0 after iteration 4: what changes it has to be the ' +
      'same on all ranks',
  );
});

describe('averageGradients', () => {
  test('of twins leaves gradients as they are, and parameters without one', () => {
    const model = new nn.Linear(3, 2);
    const unused = new nn.Parameter(array([1, 2]));
    F.sum(F.mul(model.forward(array([[1, 2, 3]])), 3)).backward();
    const before = model.weight.grad?.tolist();
    averageGradients([...model.parameters(), unused], twinRanks());
    expect(model.weight.grad?.tolist()).toEqual(before);
    averageGradients(model, twinRanks(), { examples: 5 });
    expect(model.weight.grad?.tolist()).toEqual(before);
    expect(unused.grad).toBeNull();
  });

  test('a gradient that other ranks have is theirs over the number of ranks', () => {
    const w = tensor([1, 2], { requiresGrad: true });
    const comm = twinRanks();
    const allReduce = (a: { data: Float32Array }) => {
      a.data.set([2, 1], 0); // both ranks count; one of them has a gradient
      a.data.set([6, 8], 16);
      return a;
    };
    averageGradients([w], { ...comm, allReduce } as never);
    expect(w.grad?.tolist()).toEqual([3, 4]);
  });

  test('refuses what is no model and no communicator', () => {
    expect(() => averageGradients(3 as never, twinRanks())).toThrow(
      'averageGradients: model is 3, expected a Module or its parameters',
    );
    expect(() => averageGradients([], {} as never)).toThrow(
      'averageGradients: comm is an object, expected a communicator, as mpi() and singleProcess() of ' +
        'layerwise/distributed make',
    );
    expect(() => averageGradients([], twinRanks(), { examples: 0 })).toThrow(
      'averageGradients: examples is 0, expected',
    );
  });
});
