import { describe, expect, test } from 'vitest';
import { array, type DType } from '../../src/arrays/index.js';
import { resident } from '../../src/kernels/index.js';
import * as optim from '../../src/optim/index.js';
import { DTYPES } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { CLASSES, golden, goldenParams, setGrads } from '../helpers/optimizers.js';
import { VIEWS } from '../helpers/views.js';

/** float64 is PyTorch's own; float32 rounds after every step, which division by roots of small averages enlarges. */
const TOLERANCE = { float64: { rtol: 1e-12, atol: 1e-12 }, float32: { rtol: 1e-4, atol: 1e-4 } };

function expectValues(param: optim.Trainable, values: readonly number[], dtype: DType, what: string): void {
  expect(param.data, what).toBeAllClose(array(values, param.data.shape, dtype), TOLERANCE[dtype]);
}

describeKernelSets('20 steps as PyTorch', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each(golden.optimizers.map((c) => [`${c.optimizer} ${JSON.stringify(c.options)}`, c] as const))(
      '%s',
      (_, c) => {
        const params = goldenParams(dtype, resident);
        const optimizer = new CLASSES[c.optimizer](params, c.options);
        for (let t = 0; t < golden.grads.length; t++) {
          setGrads(params, t, dtype);
          optimizer.step();
          params.forEach((param, i) => {
            expectValues(param, c.steps[i][t], dtype, `parameter ${i} after step ${t + 1}`);
          });
        }
      },
    );

    test('groups with options of their own, and steps without a gradient', () => {
      const params = goldenParams(dtype);
      const { options, own, steps } = golden.groups;
      const optimizer = new optim.SGD([{ params: [params[0]] }, { params: [params[1]], ...own }], options);
      for (let t = 0; t < golden.grads.length; t++) {
        setGrads(params, t, dtype);
        if (t % 3 === 0) params[1].grad = null;
        optimizer.step();
        params.forEach((param, i) => {
          expectValues(param, steps[i][t], dtype, `parameter ${i} after step ${t + 1}`);
        });
      }
    });
  });

  test.each(golden.optimizers.map((c) => [`${c.optimizer} ${JSON.stringify(c.options)}`, c] as const))(
    'any view of parameters and gradients: %s',
    (_, c) => {
      const dense = goldenParams();
      const expected = new CLASSES[c.optimizer](dense, c.options);
      for (let t = 0; t < 3; t++) {
        setGrads(dense, t);
        expected.step();
      }
      for (const [kind, viewOf] of Object.entries(VIEWS)) {
        const params = goldenParams('float64', viewOf);
        const optimizer = new CLASSES[c.optimizer](params, c.options);
        for (let t = 0; t < 3; t++) {
          setGrads(params, t);
          for (const param of params) param.grad = { data: viewOf((param.grad as { data: typeof param.data }).data) };
          optimizer.step();
        }
        params.forEach((param, i) => {
          expect(array(param.data), kind).toEqualBits(dense[i].data);
        });
      }
    },
  );
});

test('every class has golden values', () => {
  const classes = new Set(golden.optimizers.map(({ optimizer }) => optimizer));
  expect([...classes]).toEqual(['SGD', 'Adam', 'AdamW', 'RMSprop', 'Adagrad']);
  expect(golden.grads).toHaveLength(20);
});
