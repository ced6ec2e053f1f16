import { expect, test } from 'vitest';
import { array, type NDArray } from '../../src/arrays/index.js';
import {
  type BatchnormParam,
  batchnormForward,
  layernormBackward,
  layernormForward,
  spatialBatchnormForward,
  spatialGroupnormBackward,
  spatialGroupnormForward,
} from '../../src/layers/index.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';

// Values whose squares float32 cannot hold are normalized as small ones are, on every set of kernels.

const LARGE = 1e25;
const numbers = [1, 2, 3, 4, 7, -2, 0, 5, 9, -4, 3];
const ones = array(numbers.map(() => 1));
const none = array(numbers.map(() => 0));
const [channelOne, channelNone] = [array([[[[1]]]]), array([[[[0]]]])];

const bnParam = (): BatchnormParam => ({ mode: 'train' });
const NORMALIZATIONS: Record<string, [normalize: (x: NDArray) => NDArray, shape: number[]]> = {
  'layernorm of a row': [(x) => layernormForward(x, ones, none)[0], [1, 11]],
  'batchnorm of a column': [(x) => batchnormForward(x, array([1]), array([0]), bnParam())[0], [11, 1]],
  'batchnorm of pixels': [(x) => spatialBatchnormForward(x, array([1]), array([0]), bnParam())[0], [1, 1, 1, 11]],
  'groupnorm of pixels': [(x) => spatialGroupnormForward(x, channelOne, channelNone, 1)[0], [1, 1, 1, 11]],
};

describeKernelSets('large values', () => {
  test('layernorm of [1, 2, 3, 4]·1e25 is that of [1, 2, 3, 4]', () => {
    const x = array([[1e25, 2e25, 3e25, 4e25]]);
    const [out] = layernormForward(x, array([1, 1, 1, 1]), array([0, 0, 0, 0]));
    const [a, b] = [1.5 / Math.sqrt(1.25), 0.5 / Math.sqrt(1.25)];
    expect(out).toBeAllClose(array([[-a, -b, b, a]]), { rtol: 1e-6 });
  });

  test.each(Object.entries(NORMALIZATIONS))('%s', (_, [normalize, shape]) => {
    const [small, large] = [1, LARGE].map((factor) =>
      normalize(
        array(
          numbers.map((v) => v * factor),
          shape,
        ),
      ),
    );
    expect(large).toBeAllClose(small, { rtol: 2e-5, atol: 1e-6 });
  });

  test('batchnorm of several columns, of which one is large', () => {
    const columns = (factor: number) =>
      array(
        numbers.flatMap((v) => [v, -v, factor * v, 3 * v, 2 * v]),
        [11, 5],
      );
    const normalize = (x: NDArray) => batchnormForward(x, array([1, 1, 1, 1, 1]), array([0, 0, 0, 0, 0]), bnParam())[0];
    expect(normalize(columns(LARGE))).toBeAllClose(normalize(columns(1)), { rtol: 2e-5, atol: 1e-6 });
  });

  test('the gradients of rows and groups', () => {
    const dout = numbers.map((_, i) => Math.cos(i));
    const grads = (factor: number) => {
      const x = numbers.map((v) => v * factor);
      const [row, pixels] = [
        [1, 11],
        [1, 1, 1, 11],
      ];
      const [, rows] = layernormForward(array(x, row), ones, none);
      const [, groups] = spatialGroupnormForward(array(x, pixels), channelOne, channelNone, 1);
      return [layernormBackward(array(dout, row), rows), spatialGroupnormBackward(array(dout, pixels), groups)];
    };
    const small = grads(1);
    for (const [i, { dx, dgamma, dbeta }] of grads(LARGE).entries()) {
      const scaled = array(
        [...dx.data].map((v) => v * LARGE),
        dx.shape,
      );
      expect(scaled).toBeAllClose(small[i].dx, { rtol: 1e-4, atol: 1e-5 });
      expect(dgamma).toBeAllClose(small[i].dgamma, { rtol: 1e-4, atol: 1e-5 });
      expect(dbeta).toBeAllClose(small[i].dbeta, { rtol: 1e-5, atol: 1e-6 });
    }
  });
});
