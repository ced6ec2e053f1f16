import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { array, type DType, full, hostValues, type NDArray } from '../../src/arrays/index.js';
import { F, type Tensor, tensor } from '../../src/index.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { type Kind, kindsOf } from '../helpers/special-values.js';

// What the layers make of zeros of either sign, infinities, NaN and the ends of a dtype is what PyTorch makes of them,
// on every set of kernels and at every place of a vector; src/kernels/types.ts says where it is not.

type Numbers = readonly string[];
interface Table {
  readonly unary: Record<string, { out: Numbers; dx: Numbers }>;
  readonly binary: Record<string, { places: readonly number[]; out: Numbers; da: Numbers; db: Numbers }>;
  readonly byRow: Record<string, { out: Numbers; dx: Numbers }>;
  readonly maxPool: { out: Numbers; dx: Numbers };
}
const golden = JSON.parse(
  fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'special_values.json'), 'utf8'),
) as Record<'values' | 'upstream', Numbers> & Record<'rows' | 'windows', readonly Numbers[]> & Record<DType, Table>;

const values = golden.values.map(Number);
const upstream = golden.upstream.map(Number);
/** The grid of the unary functions: every value with every upstream gradient. */
const xs = values.flatMap((x) => upstream.map(() => x));
const ds = values.flatMap(() => upstream);

type Unary = (x: Tensor) => Tensor;
const UNARY: Record<string, Unary> = {
  relu: F.relu,
  leakyRelu: (x) => F.leakyRelu(x, 0.01),
  prelu: (x) => F.prelu(x, tensor([0.25], { dtype: x.dtype })),
  elu: (x) => F.elu(x),
  sigmoid: F.sigmoid,
  tanh: F.tanh,
  gelu: F.gelu,
  abs: F.abs,
  neg: F.neg,
  exp: F.exp,
  log: F.log,
  sqrt: F.sqrt,
};
for (const name of Object.keys(golden.float32.unary)) {
  if (name.startsWith('pow ')) UNARY[name] = (x) => F.pow(x, Number(name.slice(4)));
}
const BINARY: Record<string, (a: Tensor, b: Tensor) => Tensor> = {
  add: F.add,
  sub: F.sub,
  mul: F.mul,
  div: F.div,
  maximum: F.maximum,
  minimum: F.minimum,
};
const BY_ROW: Record<string, Unary> = {
  softmax: (x) => F.softmax(x, 1),
  logSoftmax: (x) => F.logSoftmax(x, 1),
  logsumexp: (x) => F.logsumexp(x, 1),
  max: (x) => F.max(x, 1).values,
};

/** How often the grid is repeated: its length is odd, so each value comes to lie in each lane. */
const COPIES = 4;

describeKernelSets('special values', () => {
  describe.each<DType>(['float32', 'float64'])('%s', (dtype) => {
    const table = golden[dtype];
    const leaf = (numbers: readonly number[], shape = [numbers.length]) =>
      tensor(array(numbers, shape, dtype), { requiresGrad: true });
    const gradOf = (x: Tensor): NDArray => (x.grad as Tensor).data;

    test('every function of the fixture is tried', () => {
      expect(Object.keys(UNARY)).toEqual(Object.keys(table.unary));
      expect(Object.keys(BINARY)).toEqual(Object.keys(table.binary));
      expect([...Object.keys(BY_ROW), 'crossEntropy']).toEqual(Object.keys(table.byRow));
    });

    test.each(Object.entries(UNARY))('%s', (name, f) => {
      const x = leaf(repeated(xs));
      const out = f(x);
      out.backward(array(repeated(ds), out.shape, dtype));
      const wanted = table.unary[name];
      expectKinds(out.data, wanted.out, dtype, (i) => `${name}(${text(xs[i])})`, OTHERS[name]?.out);
      expectKinds(gradOf(x), wanted.dx, dtype, (i) => `${name}'(${text(xs[i])}) · ${text(ds[i])}`, OTHERS[name]?.dx);
    });

    test.each(Object.entries(BINARY))('%s', (name, f) => {
      const { places, ...wanted } = table.binary[name];
      const grid = values.flatMap((a) => values.map((b) => [a, b]));
      const operand = (i: number) => leaf(repeated(places.map((place) => grid[place][i])));
      const [a, b] = [operand(0), operand(1)];
      const out = f(a, b);
      out.backward(full(out.shape, 1, dtype));
      const what = (i: number) => `${name}(${grid[places[i]].map(text)})`;
      expectKinds(out.data, wanted.out, dtype, what);
      expectKinds(gradOf(a), wanted.da, dtype, (i) => `da of ${what(i)}`);
      expectKinds(gradOf(b), wanted.db, dtype, (i) => `db of ${what(i)}`);
    });

    const rows = golden.rows.map((row) => row.map(Number));

    test.each(Object.entries(BY_ROW))('%s', (name, f) => {
      const x = leaf(rows.flat(), [rows.length, 2]);
      const out = f(x);
      out.backward(
        array(
          Array.from({ length: out.data.size }, (_, i) => (out.shape.length > 1 ? 1 + (i % 2) : 1)),
          out.shape,
          dtype,
        ),
      );
      expectKinds(out.data, table.byRow[name].out, dtype, (i) => `${name}, value ${i}`);
      expectKinds(gradOf(x), table.byRow[name].dx, dtype, (i) => `${name}', value ${i}`, OTHERS[name]?.dx);
    });

    test.each(rows.map((row, n) => ({ n, row })))('cross-entropy of $row', ({ n, row }) => {
      const x = leaf(row, [1, 2]);
      const loss = F.crossEntropy(x, [0]);
      loss.backward();
      const { out, dx } = table.byRow.crossEntropy;
      expectKinds(
        array([loss.item()], [1], dtype),
        [out[n]],
        dtype,
        () => 'the loss',
        () => (out[n] === '-0.0' ? '+0' : undefined),
      );
      expectKinds(gradOf(x), dx.slice(2 * n, 2 * n + 2), dtype, (i) => `dx of score ${i}`);
    });

    test('max pooling, in rows of windows of every length', () => {
      const windows = golden.windows.map((window) => window.map(Number));
      for (let count = 1; count <= 9; count++) {
        for (const [first] of windows.entries()) {
          const taken = Array.from({ length: count }, (_, i) => (first + i) % windows.length);
          const row = (top: number) => taken.flatMap((i) => windows[i].slice(top, top + 2));
          const x = leaf([...row(0), ...row(2)], [1, 1, 2, 2 * count]);
          const out = F.maxPool2d(x, 2);
          out.backward(full(out.shape, 1, dtype));
          const { out: largest, dx } = table.maxPool;
          const what = (i: number) => `${count} windows from ${first}: ${i}`;
          expectKinds(
            out.data,
            taken.map((i) => largest[i]),
            dtype,
            what,
          );
          const places = taken.map((i) =>
            windows[i].some(Number.isNaN) ? firstNaN(windows[i]) : dx.slice(4 * i, 4 * i + 4),
          );
          const expected = [0, 2].flatMap((top) => places.flatMap((place) => place.slice(top, top + 2)));
          expectKinds(gradOf(x), expected, dtype, what);
        }
      }
    });
  });
});

/** Where the library's answer is another, as src/kernels/types.ts says, the kind of it. */
const OTHERS: Record<string, Partial<Record<'out' | 'dx', (i: number) => Kind | undefined>>> = {
  // PyTorch has e^x − 1, which is 0 there.
  elu: { out: (i) => (xs[i] < 0 && xs[i] > -1e-40 ? '-' : undefined) },
  // At infinity the limits in place of ∞ · 0, and far below 0 the sign of a slope that is too small for a number.
  gelu: {
    out: (i) => (xs[i] === Number.NEGATIVE_INFINITY ? '-0' : undefined),
    dx: (i) => {
      if (xs[i] === Number.POSITIVE_INFINITY) return kindsOf([ds[i]])[0];
      return xs[i] < -1e9 ? kindsOf([ds[i] * -0])[0] : undefined;
    },
  },
  // No largest value could be moved in a row of nothing but −∞: its gradient is 0 in place of NaN.
  logsumexp: { dx: (i) => (golden.rows[i >> 1].every((v) => v === '-Infinity') ? '+0' : undefined) },
};

/** The gradient of a window with NaN: the first takes it, where PyTorch has the last. */
function firstNaN(window: readonly number[]): string[] {
  return window.map((_, i) => (i === window.findIndex(Number.isNaN) ? '1' : '0'));
}

function repeated(numbers: readonly number[]): number[] {
  return Array.from({ length: COPIES }, () => numbers).flat();
}

function text(number: number): string {
  return Object.is(number, -0) ? '-0' : String(number);
}

/** Compares kinds, place by place, with those of numbers in text, which `actual` may hold several times over. */
function expectKinds(
  actual: NDArray,
  expected: Numbers,
  dtype: DType,
  what: (i: number) => string,
  other: (i: number) => Kind | undefined = () => undefined,
): void {
  const wanted = kindsOf(array(expected.map(Number), [expected.length], dtype).data).map((kind, i) => other(i) ?? kind);
  const wrong = new Set<string>();
  kindsOf(hostValues(actual)).forEach((kind, i) => {
    const at = i % wanted.length;
    if (kind !== wanted[at]) wrong.add(`${what(at)} is ${kind}, expected ${wanted[at]}`);
  });
  expect([...wrong]).toEqual([]);
}
