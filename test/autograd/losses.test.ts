import ndarray from 'ndarray';
import { describe, expect, test } from 'vitest';
import { array, type DType, type NDArray, ones, Random, toNested, zeros } from '../../src/arrays/index.js';
import { F, gradCheck, noGrad, Tensor, tensor } from '../../src/autograd/index.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { distance, type LossCase, lossCases, optionsOf, stored, TOLERANCES } from '../helpers/losses.js';
import { pretend } from '../helpers/pretend.js';
import '../helpers/matchers.js';

type Loss = (x: Tensor, y: unknown, options: Record<string, unknown>) => Tensor;

/** The functions of F by PyTorch's names. */
const BY_F: Readonly<Record<string, Loss>> = pretend({
  cross_entropy: F.crossEntropy,
  nll_loss: F.nllLoss,
  svm_loss: F.svmLoss,
  mse_loss: F.mseLoss,
  l1_loss: F.l1Loss,
  smooth_l1_loss: F.smoothL1Loss,
  huber_loss: F.huberLoss,
  binary_cross_entropy: F.binaryCrossEntropy,
  binary_cross_entropy_with_logits: F.binaryCrossEntropyWithLogits,
  kl_div: F.klDiv,
});

/** The targets of a case: labels as an integer array, or for scores (C,) as a number. */
function targetOf({ y, expected }: LossCase, dtype: DType): unknown {
  if (!y.labels) return new Tensor(stored(y, dtype), { requiresGrad: expected.dy !== undefined });
  return y.shape.length === 0 ? y.data[0] : ndarray(Int32Array.from(y.data), [...y.shape]);
}

describeKernelSets('losses of F', () => {
  describe.each(['float64', 'float32'] as const)('%s, as PyTorch', (dtype) => {
    test.each(lossCases)('%s', (_, c) => {
      const x = new Tensor(stored(c.x, dtype), { requiresGrad: true });
      // The edges of probabilities are labels to nobody: they are targets without a gradient.
      const isNumbers = c.loss === 'binary_cross_entropy' && c.y.labels;
      const y = isNumbers ? stored(c.y, dtype) : targetOf(c, dtype);
      const out = BY_F[c.loss](
        x,
        y,
        optionsOf(c, (value) => stored(value, dtype)),
      );
      out.backward(stored(c.dout, dtype));
      const within = TOLERANCES[dtype];
      expect(distance(out.data, c.expected.out)).toBeLessThanOrEqual(within);
      expect(distance((x.grad as Tensor).data, c.expected.dx)).toBeLessThanOrEqual(within);
      if (c.expected.dy === undefined) return;
      expect(distance(((y as Tensor).grad as Tensor).data, c.expected.dy)).toBeLessThanOrEqual(within);
    });
  });
});

const random = new Random('losses');
const some = (...shape: number[]): NDArray => random.randn(shape, 'float64');
const leaf = (a: NDArray): Tensor => new Tensor(a, { requiresGrad: true });
const inside = (...shape: number[]): NDArray => {
  const p = random.rand(shape, 'float64');
  for (let i = 0; i < p.data.length; i++) p.data[i] = 0.1 + 0.8 * p.data[i];
  return p;
};

describe('numerical gradients', () => {
  const mask = (ignored: number) => ndarray(Int32Array.of(0, 2, ignored, 1, 1, 0), [2, 3]);
  const weight = array([0.5, 2, 1.25], undefined, 'float64');
  const labelled = [
    ['none', { reduction: 'none', labelSmoothing: 0.2 }],
    ['sum, weights', { reduction: 'sum', weight, labelSmoothing: 0.3 }],
    ['mean, weights', { weight }],
    ['mean, another ignoreIndex', { ignoreIndex: 1 }],
  ] as const;

  test.each(labelled)('crossEntropy and nllLoss of labels: %s', (_, options) => {
    const y = mask('ignoreIndex' in options ? options.ignoreIndex : -100);
    gradCheck((x) => F.crossEntropy(x, y, options), [leaf(some(2, 3, 3))]);
    const { labelSmoothing: __, ...others } = options as { labelSmoothing?: number };
    gradCheck((x) => F.nllLoss(x, y, others), [leaf(some(2, 3, 3))]);
  });

  test.each(['mean', 'sum', 'none'] as const)(
    'crossEntropy of probabilities, which get a gradient: %s',
    (reduction) => {
      const options = { reduction, weight, labelSmoothing: 0.1 };
      gradCheck((x, y) => F.crossEntropy(x, y, options), [leaf(some(4, 3)), leaf(inside(4, 3))]);
      gradCheck((x, y) => F.crossEntropy(x, y, options), [leaf(some(2, 3, 40)), leaf(inside(2, 3, 40))]);
    },
  );

  test.each(['mean', 'sum', 'none'] as const)('losses of numbers: %s', (reduction) => {
    const [x, y] = [leaf(some(3, 5)), leaf(some(3, 5))];
    gradCheck((x, y) => F.mseLoss(x, y, { reduction }), [x, y]);
    gradCheck((x, y) => F.l1Loss(x, y, { reduction }), [x, y]);
    gradCheck((x, y) => F.smoothL1Loss(x, y, { reduction, beta: 0.7 }), [x, y]);
    gradCheck((x, y) => F.huberLoss(x, y, { reduction, delta: 0.7 }), [x, y]);
    gradCheck((x, y) => F.klDiv(x, y, { reduction, logTarget: true }), [x, y]);
    gradCheck((x, y) => F.klDiv(x, y, { reduction }), [x, leaf(inside(3, 5))]);
  });

  test.each(['mean', 'sum', 'none'] as const)('binary losses: %s', (reduction) => {
    const [weight, posWeight] = [inside(3, 1), inside(5)];
    gradCheck((p, y) => F.binaryCrossEntropy(p, y, { reduction, weight }), [leaf(inside(3, 5)), leaf(inside(3, 5))]);
    gradCheck(
      (x, y) => F.binaryCrossEntropyWithLogits(x, y, { reduction, weight, posWeight }),
      [leaf(some(3, 5)), leaf(inside(3, 5))],
    );
    const [x, y] = [leaf(some(3, 5)), leaf(inside(3, 5))];
    gradCheck((x, y) => F.binaryCrossEntropyWithLogits(x, y, { reduction, weight: 0.5, posWeight: 3 }), [x, y]);
  });

  test('svmLoss of each row', () => {
    gradCheck((x) => F.svmLoss(x, [0, 2, 1], { reduction: 'none' }), [leaf(some(3, 4))]);
  });
});

describeKernelSets('at the ends', () => {
  test('the mean of labels that are all ignored is NaN, and has no gradient', () => {
    for (const loss of [F.crossEntropy, F.nllLoss]) {
      const x = leaf(some(3, 4));
      const out = loss(x, [-100, -100, -100]);
      out.backward();
      expect(out.item()).toBeNaN();
      expect(toNested((x.grad as Tensor).data)).toEqual(toNested(zeros([3, 4])));
      expect(loss(x, [-100, -100, -100], { reduction: 'sum' }).item()).toBe(0);
    }
  });

  test('without options, an ignored label leaves out its row', () => {
    const x = some(4, 3);
    const [all, three] = [leaf(x), leaf(array([...x.data.subarray(0, 3), ...x.data.subarray(6)], [3, 3], 'float64'))];
    const [a, b] = [F.crossEntropy(all, [2, -100, 0, 1]), F.crossEntropy(three, [2, 0, 1])];
    a.backward();
    b.backward();
    expect(a.item()).toBeCloseTo(b.item(), 14);
    const [da, db] = [all.grad as Tensor, three.grad as Tensor].map(({ data }) => toNested(data) as number[][]);
    expect(da[1]).toEqual([0, 0, 0]);
    expect(array([da[0], da[2], da[3]], undefined, 'float64')).toBeAllClose(array(db, undefined, 'float64'), {
      atol: 1e-15,
    });
  });

  test('of an empty batch the mean is NaN, the sum 0, and the values are none', () => {
    const labelled = [F.crossEntropy, F.nllLoss, F.svmLoss];
    const numbers = [F.mseLoss, F.l1Loss, F.smoothL1Loss, F.huberLoss, F.klDiv];
    const binary = [F.binaryCrossEntropy, F.binaryCrossEntropyWithLogits];
    const losses = [
      ...labelled.map((loss) => (x: Tensor, options: object) => loss(x, [], options)),
      ...[...numbers, ...binary].map((loss) => (x: Tensor, options: object) => loss(x, zeros([0, 3]), options)),
      (x: Tensor, options: object) => F.crossEntropy(x, zeros([0, 3]), options),
    ];
    for (const loss of losses) {
      const x = leaf(zeros([0, 3]));
      expect(loss(x, {}).item()).toBeNaN();
      expect(loss(x, { reduction: 'none' }).size).toBe(0);
      const sum = loss(x, { reduction: 'sum' });
      sum.backward();
      expect(sum.item()).toBe(0);
      expect(x.grad?.shape).toEqual([0, 3]);
    }
    const images = F.crossEntropy(zeros([0, 3, 4, 5]), ndarray(new Int32Array(0), [0, 4, 5]), { reduction: 'none' });
    expect(images.shape).toEqual([0, 4, 5]);
    expect(F.klDiv(zeros([0, 3]), zeros([0, 3]), { reduction: 'batchmean' }).item()).toBeNaN();
  });

  test('a score of −∞ in a class that does not count is no trouble', () => {
    const x = array([[1, Number.NEGATIVE_INFINITY, 2]], undefined, 'float64');
    const without = F.crossEntropy(array([[1, 2]], undefined, 'float64'), [0], { reduction: 'sum' });
    expect(F.crossEntropy(x, [0], { reduction: 'sum' }).item()).toBeCloseTo(without.item(), 14);
    expect(F.crossEntropy(x, array([[1, 0, 0]], undefined, 'float64')).item()).toBeCloseTo(without.item(), 14);
  });

  test.each(['float32', 'float64'] as const)('logits of any size, %s', (dtype) => {
    const x = new Tensor(array([1000, 1000, -1000, -1000, 0, 50, -50], undefined, dtype), { requiresGrad: true });
    const y = array([1, 0, 1, 0, 1, 1, 0], undefined, dtype);
    const out = F.binaryCrossEntropyWithLogits(x, y, { reduction: 'none' });
    const tail = Math.exp(-50);
    const expected = array([0, 1000, 1000, 0, Math.LN2, tail, tail], undefined, dtype);
    expect(out.data).toBeAllClose(expected, { rtol: dtype === 'float64' ? 1e-14 : 1e-6 });
    F.sum(out).backward();
    const slopes = array([0, 1, -1, 0, -0.5, -tail, tail], undefined, dtype);
    expect((x.grad as Tensor).data).toBeAllClose(slopes, { rtol: dtype === 'float64' ? 1e-14 : 1e-6 });
  });

  test('NaN shows in every loss', () => {
    const [bad, good] = [array([0.5, Number.NaN, 0.25]), array([0.5, 0.5, 0.25])];
    const losses = [F.mseLoss, F.l1Loss, F.smoothL1Loss, F.huberLoss, F.klDiv];
    for (const loss of [...losses, F.binaryCrossEntropy, F.binaryCrossEntropyWithLogits]) {
      expect(loss(bad, good).item()).toBeNaN();
      expect(loss(good, bad).item()).toBeNaN();
    }
    const rows = array([[1, Number.NaN, 2]]);
    for (const y of [[0], [1]]) expect(F.crossEntropy(rows, y, { labelSmoothing: 0.1 }).item()).toBeNaN();
  });

  test('the wrong certainty has a finite loss', () => {
    expect(F.binaryCrossEntropy(array([0, 1]), array([1, 0])).item()).toBe(100);
    expect(F.binaryCrossEntropy(array([0, 1]), array([0, 1])).item()).toBe(0);
  });

  test('a target that requires no gradient gets none, and under noGrad nothing is recorded', () => {
    const [x, y] = [leaf(some(3)), tensor(some(3))];
    F.mseLoss(x, y).backward();
    expect(y.grad).toBeNull();
    expect(noGrad(() => F.mseLoss(x, leaf(some(3)))).requiresGrad).toBe(false);
    const target = leaf(some(3));
    F.mseLoss(some(3), target).backward();
    expect(target.grad).not.toBeNull();
  });
});

describe('errors', () => {
  const [square, row] = [zeros([3, 3]), zeros([3])];
  const images = zeros([2, 3, 4, 5]);
  const mask = ndarray(new Int32Array(40), [2, 4, 5]);
  const trained = tensor(ones([3]), { requiresGrad: true });

  test.each<[message: string, run: () => unknown]>([
    [
      'crossEntropy: y[1] is 3, expected an integer in [0, C=3), or ignoreIndex -100',
      () => F.crossEntropy(square, [0, 3, 2]),
    ],
    [
      'crossEntropy: y[1] is -1, expected an integer in [0, C=3), or ignoreIndex 255',
      () => F.crossEntropy(square, [0, -1, 2], { ignoreIndex: 255 }),
    ],
    [
      'crossEntropy: y[1, 0, 2] is 7, expected an integer in [0, C=3), or ignoreIndex -100',
      () => {
        const labels = ndarray(new Uint8Array(40), [2, 4, 5]);
        labels.set(1, 0, 2, 7);
        return F.crossEntropy(images, labels);
      },
    ],
    [
      'crossEntropy: y[0, 1] is 3, expected an integer in [0, C=3), or ignoreIndex -100',
      () => F.crossEntropy(F.reshape(square, [1, 3, 3]), [[0, 3, 2]]),
    ],
    [
      'crossEntropy: ragged values: found a list of 2 on axis 1, expected a list of 3',
      () =>
        F.crossEntropy(square, [
          [0, 1, 2],
          [0, 1],
        ]),
    ],
    ['crossEntropy: y is 4, expected an integer in [0, C=3), or ignoreIndex -100', () => F.crossEntropy(row, 4)],
    [
      'crossEntropy: y[0] is 0.5, expected an integer in [0, C=3), or ignoreIndex -100: for targets that are numbers ' +
        'take F.mseLoss',
      () => F.crossEntropy(square, array([0.5, 1, 2])),
    ],
    [
      'crossEntropy: y has shape (3, 1), expected labels of shape (N=3,), or class probabilities of the shape of x: ' +
        'for targets that are numbers take F.mseLoss',
      () => F.crossEntropy(square, zeros([3, 1])),
    ],
    [
      'nllLoss: y has shape (3, 3), expected labels of shape (N=3,): for targets that are numbers take F.mseLoss',
      () => F.nllLoss(square, zeros([3, 3])),
    ],
    ['crossEntropy: y has shape (2,), expected labels of shape (N=3,)', () => F.crossEntropy(square, [0, 1])],
    ['crossEntropy: y has shape (2,), expected labels of shape (N=2, 4, 5)', () => F.crossEntropy(images, [0, 1])],
    ['crossEntropy: y is 1, expected a list of labels', () => F.crossEntropy(square, 1)],
    ["crossEntropy: y is '012', expected a list of labels", () => F.crossEntropy(square, pretend('012'))],
    [
      'crossEntropy: y has dtype float64, expected float32, the dtype of x',
      () => F.crossEntropy(square, zeros([3, 3], 'float64')),
    ],
    [
      'crossEntropy: weight has shape (2,), expected (C=3,)',
      () => F.crossEntropy(square, [0, 1, 2], { weight: zeros([2]) }),
    ],
    [
      'crossEntropy: weight has dtype float64, expected float32, the dtype of x',
      () => F.crossEntropy(images, mask, { weight: zeros([3], 'float64') }),
    ],
    [
      'nllLoss: weight is [1, 2, 3], expected a tensor or an array, see array(values)',
      () => F.nllLoss(square, [0, 1, 2], { weight: pretend([1, 2, 3]) }),
    ],
    [
      'crossEntropy: weight requires a gradient, expected a constant, since the loss has none for it: give ' +
        'weight.detach()',
      () => F.crossEntropy(square, [0, 1, 2], { weight: trained }),
    ],
    [
      'crossEntropy: ignoreIndex is 0, and the targets are class probabilities, expected labels',
      () => F.crossEntropy(square, square, { ignoreIndex: 0 }),
    ],
    [
      'crossEntropy: ignoreIndex is 0.5, expected a whole number',
      () => F.crossEntropy(square, [0, 1, 2], { ignoreIndex: 0.5 }),
    ],
    [
      "crossEntropy: reduction is 'batchmean', expected 'mean', 'sum' or 'none'",
      () => F.crossEntropy(square, [0, 1, 2], { reduction: pretend('batchmean') }),
    ],
    [
      "crossEntropy: unknown option 'weights', expected reduction, weight, ignoreIndex, labelSmoothing",
      () => F.crossEntropy(square, [0, 1, 2], pretend({ weights: row })),
    ],
    [
      'mseLoss: target is an Int32Array, expected a tensor or an array: make it with array(target); for labels of ' +
        'classes take F.crossEntropy',
      () => F.mseLoss(row, pretend(Int32Array.of(0, 1, 2))),
    ],
    ['l1Loss: target has shape (3, 3), expected (3,)', () => F.l1Loss(row, square)],
    ['l1Loss: target has dtype float64, expected float32, the dtype of x', () => F.l1Loss(row, zeros([3], 'float64'))],
    ['smoothL1Loss: beta is -1, expected a number ≥ 0', () => F.smoothL1Loss(row, row, { beta: -1 })],
    ['huberLoss: delta is 0, expected a number > 0', () => F.huberLoss(row, row, { delta: 0 })],
    ['klDiv: logTarget is 1, expected true or false', () => F.klDiv(row, row, { logTarget: pretend(1) })],
    [
      'mseLoss: target has shape (3,), expected (3, 1): reshape one to the shape of the other',
      () => F.mseLoss(F.unsqueeze(row, 1), row),
    ],
    [
      'binaryCrossEntropyWithLogits: y is an Int32Array, expected a tensor or an array: make it with ' +
        'array(y, [3, 1]); ' +
        'for labels of classes take F.crossEntropy',
      () => F.binaryCrossEntropyWithLogits(F.unsqueeze(row, 1), pretend(Int32Array.of(0, 1, 1))),
    ],
    ['binaryCrossEntropy: p is 1, expected a tensor or an array', () => F.binaryCrossEntropy(pretend(1), row)],
    [
      'binaryCrossEntropy: p has a value of 1.5, expected probabilities in [0, 1]: for logits take ' +
        'binaryCrossEntropyWithLogits or bceWithLogitsLoss',
      () => F.binaryCrossEntropy(array([0.5, 1.5, -2]), row),
    ],
    [
      'binaryCrossEntropyWithLogits: weight has shape (2,), expected (3,)',
      () => F.binaryCrossEntropyWithLogits(row, row, { weight: zeros([2]) }),
    ],
    [
      'binaryCrossEntropyWithLogits: posWeight has shape (3, 3), expected (3,)',
      () => F.binaryCrossEntropyWithLogits(row, row, { posWeight: square }),
    ],
    [
      'binaryCrossEntropyWithLogits: posWeight is NaN, expected a number, a tensor or an array, see array(values)',
      () => F.binaryCrossEntropyWithLogits(row, row, { posWeight: Number.NaN }),
    ],
    [
      'binaryCrossEntropyWithLogits: posWeight requires a gradient, expected a constant, since the loss has none for ' +
        'it: give posWeight.detach()',
      () => F.binaryCrossEntropyWithLogits(row, row, { posWeight: trained }),
    ],
    [
      "svmLoss: reduction is 'batchmean', expected 'mean', 'sum' or 'none'",
      () => F.svmLoss(square, [0, 1, 2], { reduction: pretend('batchmean') }),
    ],
  ])('%s', (message, run) => {
    expect(run).toThrow(expect.objectContaining({ message }));
  });
});
