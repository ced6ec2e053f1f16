import { array, hostValues, type NDArray } from '../../src/arrays/index.js';
import { predict, ThreeLayerConvNet } from '../../src/index.js';
import type { Served, Spec } from '../../src/serving/index.js';

/** A model of pictures of 2 × 2 grey pixels: the probability of `light` is their mean, of 255. */
export const PICTURES: Spec = {
  name: 'mean',
  inputShape: [1, 2, 2],
  takes: 'pictures',
  classes: ['dark', 'light'],
  outputs: ['dark', 'light'],
  csv: null,
  preprocessing: { mean: [0] },
};

export const meanModel: Served = {
  spec: PICTURES,
  predict: (X) => {
    const values = hostValues(X);
    return array(
      Array.from({ length: X.shape[0] }, (_, n) => {
        const light = (values[4 * n] + values[4 * n + 1] + values[4 * n + 2] + values[4 * n + 3]) / 1020;
        return [1 - light, light];
      }),
    );
  },
};

/** A model of rows (a, b): it gives the number a + 10 b. */
export const ROWS: Spec = {
  name: 'sum',
  inputShape: [2],
  takes: 'rows',
  classes: null,
  outputs: ['sum'],
  csv: { columns: ['a', 'b'], categories: {} },
  preprocessing: null,
};

export const sumModel: Served = {
  spec: ROWS,
  predict: (X) => {
    const values = hostValues(X);
    return array(Array.from({ length: X.shape[0] }, (_, n) => [values[2 * n] + 10 * values[2 * n + 1]]));
  },
};

/** A ThreeLayerConvNet of CIFAR-10's images, of few filters. */
export function convNet(numFilters: number): { served: Served; model: ThreeLayerConvNet } {
  const model = new ThreeLayerConvNet({ seed: 0, numFilters });
  const outputs = Array.from({ length: 10 }, (_, i) => `class ${i}`);
  const spec: Spec = { ...PICTURES, name: 'ThreeLayerConvNet', inputShape: [3, 32, 32], classes: outputs, outputs };
  return { model, served: { spec, predict: (X) => predict(X, model, { as: 'probabilities' }) as NDArray } };
}
