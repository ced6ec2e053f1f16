import { describe, expect, test } from 'vitest';
import { argumentError, type Fault, faultOf, type NDArray, ShapeError, zeros } from '../../src/arrays/index.js';
import { layerOp } from '../../src/autograd/functions/layer-op.js';

/** What an operation called `mine` throws whose layer, which calls `weight` `w`, throws `error`. */
function thrownFor(error: unknown): unknown {
  const forward = (_x: NDArray): [NDArray, null] => {
    throw error;
  };
  try {
    layerOp('mine', forward, (dout) => dout, { w: 'weight', arrays: 'tensors' })(zeros([1]));
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}

describe('an error of a layer', () => {
  test.each<[Fault, string]>([
    [
      { fn: 'layer', arg: 'w', found: 'has shape (2,)', expected: '(3,)' },
      'mine: weight has shape (2,), expected (3,)',
    ],
    [
      { fn: 'layer', arg: 'x', found: 'has dtype float64', expected: 'float32', like: 'w' },
      'mine: x has dtype float64, expected float32, the dtype of weight',
    ],
    [
      { fn: 'layer', arg: 'arrays[1]', found: 'is 2', expected: 'an array', wayOut: 'make it with array(w)' },
      'mine: tensors[1] is 2, expected an array: make it with array(w)',
    ],
    [{ fn: 'layer', arg: 'w', found: ': w is not what w was' }, 'mine: weight: w is not what w was'],
  ])('%o is said in the words of the operation', (fault, message) => {
    const cause = new Error('why');
    const thrown = thrownFor(argumentError(ShapeError, fault, { cause }));
    expect(thrown).toBeInstanceOf(ShapeError);
    expect(thrown).toMatchObject({ message, cause });
    expect(faultOf(thrown)).toMatchObject({ fn: 'mine', found: fault.found });
  });

  test('that has no parts goes through, whatever its text looks like', () => {
    for (const error of [new RangeError('layer: w is 1, expected 2, the dtype of w'), 'layer: w is 1', null]) {
      expect(thrownFor(error)).toBe(error);
    }
  });
});
