import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { array, type DType, hostValues, type NDArray } from '../../src/arrays/index.js';
import { F, Tensor } from '../../src/autograd/index.js';
import { useKernels } from '../helpers/kernel-sets.js';

// Functions of tensors against the values and gradients of PyTorch that scripts/golden/tensors.py has written.

interface Stored {
  readonly shape: number[];
  readonly data: (number | string)[];
}

interface Case {
  readonly fn: string;
  readonly args: readonly unknown[];
  readonly inputs: readonly Stored[];
  readonly pick?: string | number;
  readonly out: Stored;
  readonly dout?: Stored;
  readonly gradients?: readonly (Stored | null)[];
}

const FILE = path.join(__dirname, '..', 'fixtures', 'tensors.json');
const { cases } = JSON.parse(fs.readFileSync(FILE, 'utf8')) as { cases: Case[] };

const stored = ({ shape, data }: Stored, dtype: DType): NDArray => array(data.map(Number), shape, dtype);
const isStored = (value: unknown): value is Stored => Array.isArray((value as { data?: unknown } | null)?.data);

/** Equal infinities and NaN, and numbers within `tolerance` of the largest. */
function expectClose(actual: NDArray, wanted: Stored, tolerance: number, what: string): void {
  expect(actual.shape, what).toEqual(wanted.shape);
  const numbers = wanted.data.map(Number);
  const largest = Math.max(1, ...numbers.filter(Number.isFinite).map(Math.abs));
  hostValues(actual).forEach((value, i) => {
    if (!Number.isFinite(numbers[i])) expect(value, `${what}[${i}]`).toBe(numbers[i]);
    else if (!(Math.abs(value - numbers[i]) <= tolerance * largest)) expect(value, `${what}[${i}]`).toBe(numbers[i]);
  });
}

function expectAsPyTorch(c: Case, dtype: DType): void {
  const leaves = c.inputs.map((input) => new Tensor(stored(input, dtype), { requiresGrad: true }));
  const args = c.args.map((arg) => {
    if (typeof arg === 'string' && arg.startsWith('$')) return leaves[Number(arg[1])];
    if (isStored(arg)) return stored(arg, dtype);
    if (arg === 'undefined') return undefined;
    return arg === 'Infinity' || arg === '-Infinity' ? Number(arg) : arg;
  });
  const call = F[c.fn as keyof typeof F] as (...args: unknown[]) => unknown;
  const result = call(...args);
  const out = (c.pick === undefined ? result : (result as Record<string, unknown>)[c.pick]) as Tensor;
  const tolerance = dtype === 'float64' && c.fn !== 'to' ? 1e-10 : 1e-5;
  expectClose(out.data, c.out, tolerance, 'out');
  expect(out.requiresGrad).toBe(c.dout !== undefined);
  if (c.dout === undefined) return;
  out.backward(stored(c.dout, out.dtype));
  c.gradients?.forEach((gradient, i) => {
    if (gradient !== null) expectClose((leaves[i].grad as Tensor).data, gradient, tolerance, `gradient ${i}`);
  });
}

describe.each(['reference', 'wasm'] as const)('PyTorch (%s)', (kernels) => {
  useKernels(kernels, 1);
  describe.each(['float64', 'float32'] as const)('%s', (dtype) => {
    const named = cases.map((c, i) => [`${i}: ${c.fn}(${JSON.stringify(c.args).slice(0, 60)})`, c] as const);
    test.each(named)('%s', (_name, c) => expectAsPyTorch(c, dtype));
  });
});
