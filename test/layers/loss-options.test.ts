import { describe, expect, test } from 'vitest';
import { array, dtypeOf, type Labels, type NDArray, Random, toNested, zeros } from '../../src/arrays/index.js';
import { evalNumericalGradient } from '../../src/gradient-check.js';
import {
  bceLoss,
  bceWithLogitsLoss,
  crossEntropyLoss,
  huberLoss,
  klDivLoss,
  type LossAndGrad,
  l1Loss,
  mseLoss,
  nllLoss,
  smoothL1Loss,
  softmaxLoss,
  svmLoss,
} from '../../src/layers/index.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { distance, type LossCase, lossCases, optionsOf, stored, TOLERANCES } from '../helpers/losses.js';
import { pretend } from '../helpers/pretend.js';
import { expectSameOnViews } from '../helpers/views.js';

const f64 = (values: Parameters<typeof array>[0]): NDArray => array(values, undefined, 'float64');
const random = new Random('pairs');

/** The pairs of numbers, with arguments that suit all of them. */
const PAIRS = { mseLoss, l1Loss, smoothL1Loss, huberLoss, bceLoss, bceWithLogitsLoss, klDivLoss };
const pairs = Object.entries(PAIRS);
const inside = (shape: number[], dtype: 'float32' | 'float64' = 'float64'): NDArray => {
  const p = random.rand(shape, dtype);
  for (let i = 0; i < p.data.length; i++) p.data[i] = 0.1 + 0.8 * p.data[i];
  return p;
};

type Pair = (x: NDArray, y: unknown, options: Record<string, unknown>) => LossAndGrad;

/** The pairs by PyTorch's names. */
const BY_PAIR: Readonly<Record<string, Pair>> = pretend({
  cross_entropy: crossEntropyLoss,
  nll_loss: nllLoss,
  svm_loss: svmLoss,
  mse_loss: mseLoss,
  l1_loss: l1Loss,
  smooth_l1_loss: smoothL1Loss,
  huber_loss: huberLoss,
  binary_cross_entropy: bceLoss,
  binary_cross_entropy_with_logits: bceWithLogitsLoss,
  kl_div: klDivLoss,
});

describe('by hand', () => {
  const x = f64([1, 0, 3, -2]);
  const y = f64([1, 2, 0, -2.5]);

  test.each<[name: string, lossOf: () => LossAndGrad, loss: number, dx: number[]]>([
    ['mseLoss', () => mseLoss(x, y), (4 + 9 + 0.25) / 4, [0, -1, 1.5, 0.25]],
    ['mseLoss, sum', () => mseLoss(x, y, { reduction: 'sum' }), 13.25, [0, -4, 6, 1]],
    ['l1Loss', () => l1Loss(x, y), 5.5 / 4, [0, -0.25, 0.25, 0.25]],
    ['smoothL1Loss', () => smoothL1Loss(x, y), (1.5 + 2.5 + 0.125) / 4, [0, -0.25, 0.25, 0.125]],
    ['smoothL1Loss, beta 0', () => smoothL1Loss(x, y, { beta: 0 }), 5.5 / 4, [0, -0.25, 0.25, 0.25]],
    ['huberLoss, delta 2', () => huberLoss(x, y, { delta: 2 }), (2 + 4 + 0.125) / 4, [0, -0.5, 0.5, 0.125]],
    [
      'nllLoss, weights 1 and 3',
      () =>
        nllLoss(
          array(
            [
              [1, 2],
              [3, 4],
            ],
            undefined,
            'float64',
          ),
          [0, 1],
          { weight: f64([1, 3]) },
        ),
      -(1 + 3 * 4) / 4,
      [-0.25, 0, 0, -0.75],
    ],
    [
      'svmLoss, sum',
      () =>
        svmLoss(
          f64([
            [3, 2.5, 1],
            [1, 0, 4],
          ]),
          [0, 1],
          { reduction: 'sum' },
        ),
      7.5,
      [-1, 1, 0, 1, -2, 1],
    ],
  ])('%s', (_, lossOf, loss, dx) => {
    const result = lossOf();
    expect(result.loss).toBeCloseTo(loss, 14);
    expect([toNested(result.dx)].flat(3)).toEqual(dx);
  });

  test('binary losses are −ln of the probability of the right answer', () => {
    // σ(ln 3) = ¾.
    const logit = f64([Math.log(3), Math.log(3)]);
    const [p, y] = [f64([0.75, 0.75]), f64([1, 0])];
    const expected = (Math.log(4 / 3) + Math.log(4)) / 2;
    expect(bceLoss(p, y).loss).toBeCloseTo(expected, 14);
    expect(bceWithLogitsLoss(logit, y).loss).toBeCloseTo(expected, 14);
    expect(bceWithLogitsLoss(logit, y).dx).toBeAllClose(f64([-0.125, 0.375]), { rtol: 1e-14 });
    const weighted = bceWithLogitsLoss(logit, y, { posWeight: f64([5]), weight: f64([2]) });
    expect(weighted.loss).toBeCloseTo(5 * Math.log(4 / 3) + Math.log(4), 14);
    expect(weighted.dx).toBeAllClose(f64([-1.25, 0.75]), { rtol: 1e-14 });
  });

  test('the divergence of a distribution from itself is 0', () => {
    const p = f64([
      [0.2, 0.3, 0.5],
      [1, 0, 0],
    ]);
    const logs = f64([[0.2, 0.3, 0.5].map(Math.log), [0, -1, -2]]);
    expect(klDivLoss(logs, p, { reduction: 'batchmean' }).loss).toBeCloseTo(0, 15);
    const uniform = f64([new Array(3).fill(Math.log(1 / 3)), new Array(3).fill(Math.log(1 / 3))]);
    const entropy = 0.2 * Math.log(0.2) + 0.3 * Math.log(0.3) + 0.5 * Math.log(0.5);
    expect(klDivLoss(uniform, p, { reduction: 'batchmean' }).loss).toBeCloseTo((2 * Math.log(3) + entropy) / 2, 14);
  });

  test('crossEntropyLoss without options is softmaxLoss, to the last bit', () => {
    const [x, y] = [random.randn([6, 5]), [0, 4, 2, 2, 1, 3]];
    const [ours, plain] = [crossEntropyLoss(x, y), softmaxLoss(x, y)];
    expect(ours.loss).toBe(plain.loss);
    expect(ours.dx).toEqualBits(plain.dx);
    const oneHot = zeros([6, 5]);
    y.forEach((label, n) => void oneHot.set(n, label, 1));
    expect(crossEntropyLoss(x, oneHot).loss).toBeCloseTo(plain.loss, 6);
  });
});

describe('agree with the numerical gradient', () => {
  const close = { rtol: 1e-7, atol: 1e-9 };

  test.each(pairs)('%s', (_, pair) => {
    for (const reduction of ['mean', 'sum'] as const) {
      const [x, y] = [inside([3, 4]), inside([3, 4])];
      const numeric = evalNumericalGradient((x) => pair(x, y, { reduction }).loss, x);
      expect(pair(x, y, { reduction }).dx).toBeAllClose(numeric, close);
    }
  });

  test('crossEntropyLoss and nllLoss', () => {
    const [x, weight, y] = [random.randn([6, 5], 'float64'), inside([5]), [0, 4, -100, 2, 1, 3]];
    const smooth = (x: NDArray) => crossEntropyLoss(x, y, { weight, labelSmoothing: 0.3 });
    expect(smooth(x).dx).toBeAllClose(
      evalNumericalGradient((x) => smooth(x).loss, x),
      close,
    );
    const likelihood = (x: NDArray) => nllLoss(x, y, { weight });
    expect(likelihood(x).dx).toBeAllClose(
      evalNumericalGradient((x) => likelihood(x).loss, x),
      close,
    );
  });
});

/** The targets of a case. */
function targetOf({ y, loss }: LossCase, dtype: 'float32' | 'float64'): NDArray | Labels | number {
  if (y.labels && y.shape.length === 0) return y.data[0];
  return y.labels && y.shape.length === 1 && loss !== 'binary_cross_entropy' ? y.data : stored(y, dtype);
}

describeKernelSets('loss pairs', () => {
  describe.each(['float64', 'float32'] as const)('%s', (dtype) => {
    const reduced = lossCases.filter(([, { options }]) => options.reduction !== 'none');

    test.each(reduced)('as PyTorch: %s', (_, c) => {
      const options = optionsOf(c, (value) => stored(value, dtype));
      const { loss, dx } = BY_PAIR[c.loss](stored(c.x, dtype), targetOf(c, dtype), options);
      expect(distance(array(loss, [], 'float64'), c.expected.out)).toBeLessThanOrEqual(TOLERANCES[dtype]);
      // The gradient of the case is that of dout times the loss.
      const dout = c.dout.data[0];
      const expected = { shape: c.expected.dx.shape, data: c.expected.dx.data.map((v) => v / dout) };
      expect(distance(dx, expected)).toBeLessThanOrEqual(TOLERANCES[dtype]);
      expect(dtypeOf(dx)).toBe(dtype);
    });

    test.each(pairs)('%s takes any view, writes to none of its arguments, and returns new arrays', (_, pair) => {
      expectSameOnViews([inside([5, 7], dtype), inside([5, 7], dtype)], (x, y) => {
        const { loss, dx } = pair(x, y);
        return [array([loss], [1], 'float64'), dx];
      });
    });

    test('weights and scores may be views too', () => {
      const [x, weight, y] = [random.randn([5, 3], dtype), inside([3], dtype), [0, 2, 1, 1, -100]];
      expectSameOnViews([x, weight, inside([5, 3], dtype)], (x, weight, t) => {
        const results = [
          crossEntropyLoss(x, y, { weight, labelSmoothing: 0.1 }),
          crossEntropyLoss(x, t, { weight }),
          nllLoss(x, y, { weight }),
          bceWithLogitsLoss(x, t, { weight, posWeight: weight }),
        ];
        return results.flatMap(({ loss, dx }) => [array([loss], [1], 'float64'), dx]);
      });
    });
  });
});

describe('errors', () => {
  const [row, square] = [zeros([3]), zeros([3, 3])];

  test.each(pairs)('%s names arguments that do not go together', (name, pair) => {
    const thrown = (message: string) => expect.objectContaining({ message: `${name}: ${message}` });
    expect(() => pair(row, square)).toThrow(thrown('y has shape (3, 3), expected (3,)'));
    expect(() => pair(row, zeros([3], 'float64'))).toThrow(
      thrown('y has dtype float64, expected float32, the dtype of x'),
    );
    expect(() => pair(row, pretend([1, 2]))).toThrow(
      thrown('y is [1, 2], expected an array of float32 or float64: make it with array(y)'),
    );
    expect(() => pair(row, row, pretend({ reduction: 'none' }))).toThrow(
      `${name}: reduction is 'none', expected 'mean'`,
    );
    expect(() => pair(row, row, pretend({ mean: true }))).toThrow(`${name}: unknown option 'mean', expected reduction`);
  });

  test.each<[message: string, run: () => unknown]>([
    ['softmaxLoss: y[1] is -100, expected an integer in [0, C=3)', () => softmaxLoss(square, [0, -100, 1])],
    ['nllLoss: weight has shape (4,), expected (C=3,)', () => nllLoss(square, [0, 1, 2], { weight: zeros([4]) })],
    [
      'crossEntropyLoss: y[2] is 3, expected an integer in [0, C=3), or ignoreIndex -100',
      () => crossEntropyLoss(square, [0, -100, 3]),
    ],
    [
      'crossEntropyLoss: y[0] is 1n, expected an integer in [0, C=3), or ignoreIndex -100: convert the labels with ' +
        'Array.from(y, Number)',
      () => crossEntropyLoss(square, pretend(BigInt64Array.of(1n, 2n, 0n))),
    ],
    [
      'bceLoss: x has a value of -0.5, expected probabilities in [0, 1]: for logits take ' +
        'binaryCrossEntropyWithLogits or bceWithLogitsLoss',
      () => bceLoss(array([0.5, -0.5]), array([0, 1])),
    ],
    ['bceLoss: weight has shape (2,), expected (3,)', () => bceLoss(row, row, { weight: zeros([2]) })],
    [
      "klDivLoss: reduction is 'none', expected 'mean', 'sum' or 'batchmean'",
      () => klDivLoss(row, row, { reduction: pretend('none') }),
    ],
  ])('%s', (message, run) => {
    expect(run).toThrow(expect.objectContaining({ message }));
  });
});
