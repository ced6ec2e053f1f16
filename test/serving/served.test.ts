import { expect, test } from 'vitest';
import { array, hostValues } from '../../src/arrays/index.js';
import type { RowPreprocessing, Trained } from '../../src/runs/index.js';
import { servedBy } from '../../src/serving/index.js';

const ROWS: RowPreprocessing = {
  ...{ kind: 'rows', inputShape: [2], classes: null, inputs: ['a', 'b'], targets: ['price'], categories: {} },
  standardize: { mean: [0, 0], std: [1, 1] },
  standardizeTargets: null,
  reading: { header: true, delimiter: ';', missing: 'mean', encode: 'codes' },
};

function trained(preprocessing: Trained['preprocessing']): Trained {
  const { classes, inputShape } = preprocessing;
  return {
    ...{ classes, inputShape, preprocessing, config: { model: { name: 'fc' }, data: { kind: 'csv' } } },
    prepare: (X) =>
      array(
        Array.from(hostValues(X), (x) => 2 * x),
        X.shape,
      ),
    predict: (X) =>
      array(
        Array.from(hostValues(X), (x) => x + 1),
        X.shape,
      ),
  } as Trained;
}

test('rows are read as in training, but none is left out', () => {
  const { spec, predict } = servedBy(trained(ROWS));
  expect(spec).toMatchObject({ name: 'fc, trained on csv', takes: 'rows', classes: null, outputs: ['price'] });
  expect(spec.csv).toEqual({
    ...{ columns: ['a', 'b'], categories: {}, header: true, delimiter: ';', encode: 'codes', missing: 'nan' },
  });
  expect([...hostValues(predict(array([[1, 2]])))]).toEqual([3, 5]);
  const without = { ...ROWS, reading: { ...ROWS.reading, missing: 'drop' } };
  expect(servedBy(trained(without)).spec.csv?.missing).toBe('error');
  expect(servedBy(trained({ ...ROWS, standardize: null })).spec.csv?.missing).toBe('error');
});

test('pictures have the names of their classes', () => {
  const classes = ['cat', 'dog'];
  const { spec } = servedBy(trained({ kind: 'images', inputShape: [3, 4, 4], classes, mean: [0], std: null }));
  expect(spec).toMatchObject({ takes: 'pictures', classes, outputs: classes, csv: null, inputShape: [3, 4, 4] });
});
