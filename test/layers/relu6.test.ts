import { describe, expect, test } from 'vitest';
import { array, toNested } from '../../src/arrays/index.js';
import { relu6Backward, relu6Forward } from '../../src/layers/index.js';
import { describeActivation } from '../helpers/activations.js';
import { casesOf } from '../helpers/fixtures.js';

describeActivation({
  names: { forward: 'relu6Forward', backward: 'relu6Backward' },
  forward: relu6Forward,
  backward: relu6Backward,
  cached: 'x',
  golden: casesOf('relu6').map((c) => ({ c, forward: relu6Forward })),
});

describe('relu6Forward', () => {
  test('is x between 0 and 6', () => {
    expect(toNested(relu6Forward(array([-1, 0, 0.5, 5.5, 6, 7, Number.POSITIVE_INFINITY]))[0])).toEqual([
      0, 0, 0.5, 5.5, 6, 6, 6,
    ]);
  });
});

describe('relu6Backward', () => {
  test('passes the gradient between 0 and 6, not at the kinks', () => {
    const [, cache] = relu6Forward(array([-1, 0, 0.5, 5.5, 6, 7]));
    expect(toNested(relu6Backward(array([1, 2, 3, 4, 5, 6]), cache))).toEqual([0, 0, 3, 4, 0, 0]);
  });
});
