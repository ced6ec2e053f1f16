import { expect, test } from 'vitest';
import { constantsOf, parametersOf } from '../../../src/search/report/parameters.js';
import { choice, integer, logUniform, space, uniform, when } from '../../../src/search/space/index.js';

test('each parameter in words', () => {
  const all = space({
    lr: logUniform(1e-4, 0.1),
    layers: choice(1, 2, 3),
    hidden: integer(32, 512, { log: true }),
    drop: when({ layers: [2, 3] }, uniform(0, 0.5)),
    act: when({ layers: 2 }, choice('relu')),
    depth: integer(2, 4),
    epochs: 10,
  });
  expect(parametersOf(all).map(({ name, scale, range }) => [name, scale, range])).toEqual([
    ['lr', 'log', '0.0001 to 0.1, by orders of magnitude'],
    ['layers', [1, 2, 3], '1, 2, 3'],
    ['hidden', 'log', '32 to 512, by orders of magnitude, whole'],
    ['drop', 'linear', '0 to 0.5, where layers is 2 or 3'],
    ['act', ['relu'], 'relu, where layers is 2'],
    ['depth', 'linear', '2 to 4, whole'],
  ]);
  expect(constantsOf(all)).toEqual({ epochs: 10 });
});
