import { expect, test } from 'vitest';
import { unitAxis } from '../../src/pictures/dimension.js';

test('numbers lie between the least and the greatest', () => {
  const axis = unitAxis({ name: 'n', scale: 'linear' }, [32, 500, null, Number.NaN, 132]);
  expect([32, 500, 266].map(axis.at)).toEqual([0, 1, 0.5]);
  expect([null, Number.NaN, 'a'].map(axis.at)).toEqual([null, null, null]);
  expect(axis.ticks.map(({ text }) => text)).toEqual(['32', '200', '400', '500']);
});

test('on a logarithmic axis, by their exponents', () => {
  const axis = unitAxis({ name: 'lr', scale: 'log' }, [1e-4, 1e-2, 0]);
  expect([1e-4, 1e-3, 1e-2].map((x) => axis.at(x)?.toFixed(9))).toEqual(['0.000000000', '0.500000000', '1.000000000']);
  expect(axis.at(0)).toBeNull();
  expect(axis.ticks.map(({ text }) => text)).toEqual(['1e−4', '0.001', '0.01']);
});

test('texts stand at equal distances', () => {
  const axis = unitAxis({ name: 'act', scale: ['relu', 'gelu', 'a very long name of one'] }, ['relu']);
  expect(['relu', 'gelu', 'tanh', null].map(axis.at)).toEqual([0, 0.5, null, null]);
  expect(axis.ticks.map(({ text }) => text)).toEqual(['relu', 'gelu', 'a very long n…']);
});

test('a single value, or none', () => {
  expect(unitAxis({ name: 'n', scale: 'linear' }, [3, 3]).ticks).toEqual([{ at: 0.5, text: '3' }]);
  expect(unitAxis({ name: 'a', scale: ['x'] }, []).ticks).toEqual([{ at: 0.5, text: 'x' }]);
  const empty = unitAxis({ name: 'n', scale: 'linear' }, [null]);
  expect([empty.ticks, empty.at(3)]).toEqual([[], null]);
});
