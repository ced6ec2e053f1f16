// Scopes and other functions that take a synchronous function refuse one that goes on after it has returned.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  evalNumericalGradient,
  evalNumericalGradientArray,
  F,
  gradCheck,
  gradCheckSparse,
  linspace,
  nn,
  noGrad,
  ones,
  tensor,
  WeightAverage,
  workspace,
} from '../../src/index.js';

const x = linspace(0, 1, 2);
const w = tensor([1, 2], { requiresGrad: true, dtype: 'float64' });
const average = (): WeightAverage => new WeightAverage(new nn.Sequential(new nn.Linear(2, 2)));

type Anything = () => never;

/** Each with what its errors call it, and call the function that it is given. */
const TAKERS: readonly (readonly [name: string, given: string, (fn: () => unknown) => unknown])[] = [
  ['workspace', 'fn', (fn) => workspace(fn)],
  ['noGrad', 'fn', (fn) => noGrad(fn)],
  ['WeightAverage.during', 'fn', (fn) => average().during(fn)],
  ['gradCheck', 'fn', (fn) => gradCheck(fn as Anything, [w])],
  ['evalNumericalGradient', 'f', (fn) => evalNumericalGradient(fn as Anything, x)],
  ['evalNumericalGradientArray', 'f', (fn) => evalNumericalGradientArray(fn as Anything, x, x)],
  ['gradCheckSparse', 'f', (fn) => gradCheckSparse(fn as Anything, x, x)],
];

const unhandled: unknown[] = [];
const note = (reason: unknown): void => {
  unhandled.push(reason);
};
let others: NodeJS.UnhandledRejectionListener[] = [];

beforeEach(() => {
  others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
});
afterEach(() => {
  process.removeAllListeners('unhandledRejection');
  for (const listener of others) process.on('unhandledRejection', listener);
});

describe.each(TAKERS)('%s', (name, given, take) => {
  test('refuses an asynchronous function, and hears its rejection', async () => {
    const expected = new TypeError(
      `${name}: ${given} returned a promise, expected a synchronous function: await outside of it`,
    );
    expect(() => take(async () => 1)).toThrow(expected);
    expect(() =>
      take(async () => {
        throw new Error('mine');
      }),
    ).toThrow(expected);
    // biome-ignore lint/suspicious/noThenProperty: what looks like a promise is refused as one
    expect(() => take(() => ({ then: () => {} }))).toThrow(expected);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(unhandled).toEqual([]);
  });

  test('refuses generators and other iterators', () => {
    let hasRun = false;
    function* generator() {
      hasRun = true;
      yield 1;
    }
    const expected = new TypeError(
      `${name}: ${given} returned an iterator, which computes its values when it is gone through, expected a ` +
        'function that has computed them: return a list, [...values]',
    );
    expect(() => take(generator)).toThrow(expected);
    expect(() => take(() => new Map().entries())).toThrow(expected);
    expect(() =>
      take(async function* () {
        yield 1;
      }),
    ).toThrow(
      new TypeError(
        `${name}: ${given} returned an asynchronous iterator, expected a synchronous function: go through it ` +
          `outside, and call ${name} for each of its values`,
      ),
    );
    expect(hasRun).toBe(false);
  });
});

test('what can be gone through again, or only has a method next, is returned', () => {
  const list = { next: () => list };
  for (const result of [[1], new Set([1]), list]) {
    expect(workspace(() => result)).toBe(result);
    expect(noGrad(() => result)).toBe(result);
  }
});

test('after a refusal the scope has ended', () => {
  expect(() => noGrad(async () => 1)).toThrow(TypeError);
  expect(F.mul(w, w).requiresGrad).toBe(true);
  let made = ones([1]);
  expect(() =>
    workspace(async () => {
      made = ones([1]);
    }),
  ).toThrow(TypeError);
  expect(() => made.get(0)).toThrow('in a workspace that has ended');
});
