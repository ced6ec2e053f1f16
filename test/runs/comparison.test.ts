import { expect, test } from 'vitest';
import { compareRuns, differences } from '../../src/runs/index.js';
import { temporaryDir } from '../helpers/cifar10.js';
import { configOf, recordedRun, twoEpochs } from '../helpers/recorded-run.js';

test('runs side by side, with the settings in which they differ', () => {
  const dir = temporaryDir();
  const runs = [
    recordedRun(dir, 'a', twoEpochs(), configOf(null, { lr: 0.1 })),
    recordedRun(dir, 'b', twoEpochs(null), configOf(null, { lr: 0.2 })),
    recordedRun(dir, 'c', [], configOf(null, { lr: 0.1 })),
  ];
  const { runs: compared, differences: found } = compareRuns(runs);
  expect(compared[0]).toEqual({
    ...{ name: 'a', dir: runs[0].dir, state: 'finished', model: 'twolayer', data: 'synthetic', parameters: null },
    ...{ bestValAcc: 0.5, lastValAcc: 0.4, testAcc: 0.45, bestValLoss: null, loss: 0.5, seconds: 4, message: null },
    ...{ epochs: 2, totalEpochs: 2, iterations: 4 },
  });
  expect(compared[1]).toMatchObject({ state: 'interrupted', bestValAcc: 0.5, testAcc: null });
  expect(compared[2]).toMatchObject({ bestValAcc: null, loss: null, epochs: 0, iterations: 0, seconds: 0 });
  expect(found).toEqual([{ key: 'training.lr', values: [0.1, 0.2, 0.1] }]);
});

test('settings by their names with dots; lists are one setting, and one that is missing is undefined', () => {
  const one = { model: { name: 'fc', options: { hiddenDims: [1, 2], dropout: 0 } }, seed: 1 };
  const other = { model: { name: 'fc', options: { hiddenDims: [1, 3] } }, seed: 1 };
  expect(differences([one, other])).toEqual([
    {
      key: 'model.options.hiddenDims',
      values: [
        [1, 2],
        [1, 3],
      ],
    },
    { key: 'model.options.dropout', values: [0, undefined] },
  ]);
  expect(differences([one, one])).toEqual([]);
  expect(differences([one])).toEqual([]);
});
