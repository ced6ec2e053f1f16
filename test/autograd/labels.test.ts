import ndarray from 'ndarray';
import { describe, expect, test } from 'vitest';
import { isNDArray } from '../../src/arrays/index.js';
import {
  array,
  checkAccuracy,
  checkModelGradients,
  DataLoader,
  F,
  FullyConnectedNet,
  fit,
  type Labels,
  nn,
  optim,
  Random,
  resident,
  Solver,
  softmaxLoss,
  svmLoss,
  Tensor,
  TwoLayerNet,
  tensor,
} from '../../src/index.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import '../helpers/matchers.js';

const list = [0, 2, 1, 2];
const kinds: Record<string, Labels> = {
  'a list': list,
  'an Int32Array': Int32Array.from(list),
  'a Uint8Array': Uint8Array.from(list),
  'a Float64Array': Float64Array.from(list),
  'an integer ndarray': ndarray(Int32Array.from(list)),
  'a strided ndarray': ndarray(Uint8Array.from([0, 9, 2, 9, 1, 9, 2]), [4], [2]),
  'an ndarray of a list': ndarray(list),
  'a float32 array': array(list),
  'a float64 array': array(list, [4], 'float64'),
  'a resident array': resident(array(list)),
};

test('the labels of the places of images are nested lists or an array', () => {
  const x = new Random(2).randn([2, 3, 2, 2]);
  const lists = [
    [
      [0, 2],
      [-100, 1],
    ],
    [
      [1, 1],
      [2, 0],
    ],
  ];
  const expected = F.crossEntropy(x, array(lists)).data;
  expect(F.crossEntropy(x, lists).data).toEqualBits(expected);
  expect(new nn.CrossEntropyLoss().forward(x, lists).data).toEqualBits(expected);
  expect(F.crossEntropy(x, lists.map((rows) => rows.map((row) => Int32Array.from(row))) as never).data).toEqualBits(
    expected,
  );
  expect(F.nllLoss(F.logSoftmax(x, 1), lists).data).toEqualBits(F.nllLoss(F.logSoftmax(x, 1), array(lists)).data);
});

describeKernelSets('labels of every kind, in the losses of F', () => {
  const x = new Random(1).randn([4, 3], 'float64');
  const tensors: [string, Labels | Tensor][] = [
    ['a tensor', tensor(list)],
    ['a tensor over integers', new Tensor(array(list))],
    ['a tensor that requires its gradient', tensor(list, { requiresGrad: true })],
  ];

  test.each([...Object.entries<Labels | Tensor>(kinds), ...tensors])('%s', (_, y) => {
    for (const [loss, layer] of [
      [F.crossEntropy, softmaxLoss],
      [F.svmLoss, svmLoss],
    ] as const) {
      const scores = tensor(x, { requiresGrad: true });
      const value = loss(scores, y);
      value.backward();
      const expected = layer(x, list);
      expect(value.item()).toBe(expected.loss);
      expect(scores.grad?.data).toEqualBits(expected.dx);
    }
    const smoothed = tensor(x, { requiresGrad: true });
    F.crossEntropy(smoothed, y, { labelSmoothing: 0.1 }).backward();
    expect(smoothed.grad?.shape).toEqual([4, 3]);
    if (y instanceof Tensor) expect(y.grad).toBeNull();
  });
});

describe('labels of every kind, wherever labels are taken', () => {
  const X = new Random(2).randn([4, 5]);

  test.each(Object.entries(kinds))('%s', (_, y) => {
    expect(softmaxLoss(X, y)).toEqual(softmaxLoss(X, list));
    expect(svmLoss(X, y)).toEqual(svmLoss(X, list));

    const model = new nn.Sequential(new nn.Linear(5, 3));
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const loader = new DataLoader({ X, y }, { batchSize: 2 });
    // Arrays of floats are numbers to a loader, and labels to the losses, if they are whole.
    const drawn = [...loader].map(([, labels]) => (isNDArray(labels) ? labels.data : labels) as ArrayLike<number>);
    expect(drawn.map((labels) => Array.from(labels))).toEqual([
      [0, 2],
      [1, 2],
    ]);
    for (const batches of [loader, [[X, y] as const]]) {
      expect(fit(model, batches, { optimizer, epochs: 1, verbose: false }).epoch).toBe(1);
      expect(checkAccuracy(batches, model)).toBe(checkAccuracy([[X, list]], model));
    }

    const nets = [
      new TwoLayerNet({ inputDim: 5, hiddenDim: 4, numClasses: 3, seed: 1, dtype: 'float64' }),
      new FullyConnectedNet([4], { inputDim: 5, numClasses: 3, seed: 1, dtype: 'float64' }),
    ] as const;
    const X64 = array(X, undefined, 'float64');
    for (const net of nets) {
      expect(net.loss(X64, y).loss).toBe(net.loss(X64, list).loss);
      expect(checkModelGradients(net, X64, y)).toEqual(checkModelGradients(net, X64, list));
    }
    const solver = new Solver(
      new TwoLayerNet({ inputDim: 5, hiddenDim: 4, numClasses: 3 }),
      {
        XTrain: X,
        yTrain: y,
        XVal: X,
        yVal: y,
      },
      { numEpochs: 1, verbose: false, batchSize: 2 },
    );
    solver.train();
    expect(solver.checkAccuracy(X, y)).toBe(solver.checkAccuracy(X, list));
  });
});
