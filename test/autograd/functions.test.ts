import { beforeEach, describe, expect, test } from 'vitest';
import { array, dtypeOf, hostValues, linspace, type NDArray, ones, Random, zeros } from '../../src/arrays/index.js';
import { F, gradCheck, manualSeed, noGrad, type Tensor, tensor } from '../../src/autograd/index.js';
import '../helpers/matchers.js';

const f64 = 'float64';
let random = new Random(3);
beforeEach(() => {
  random = new Random(3);
});
const leaf = (...shape: number[]) => tensor(random.randn(shape, f64), { requiresGrad: true });
const close = { rtol: 1e-12, atol: 1e-14 };

describe('linear', () => {
  test('is x · weightᵀ + bias on the last axis', () => {
    const weight = array([
      [1, 2],
      [0, -1],
      [3, 0],
    ]);
    const bias = array([10, 20, 30]);
    expect(F.linear(array([1, 2]), weight, bias).tolist()).toEqual([15, 18, 33]);
    expect(F.linear(array([[1, 2]]), weight).tolist()).toEqual([[5, -2, 3]]);
    expect(F.linear(array([[[1, 2]], [[0, 1]]]), weight).tolist()).toEqual([[[5, -2, 3]], [[2, -1, 0]]]);
  });

  test.each([[[4]], [[5, 4]], [[2, 3, 4]], [[2, 1, 3, 4]]])('has right gradients for an x of shape %j', (shape) => {
    const [x, weight, bias] = [leaf(...shape), leaf(3, 4), leaf(3)];
    expect(F.linear(x, weight, bias).shape).toEqual([...shape.slice(0, -1), 3]);
    gradCheck(F.linear, [x, weight, bias]);
    gradCheck((x, weight) => F.linear(x, weight), [x, weight]);
  });

  test('gives weights a gradient that lies as they do', () => {
    const [x, weight] = [leaf(5, 4), leaf(3, 4)];
    F.sum(F.linear(x, weight)).backward();
    expect(weight.grad?.data.stride).toEqual([4, 1]);
  });
});

describe('two in one', () => {
  const expectEqual = (inputs: readonly Tensor[], one: () => Tensor, two: () => Tensor): void => {
    const [a, b] = [one, two].map((apply) => {
      for (const input of inputs) input.grad = null;
      const out = apply();
      out.backward(new Random(1).randn(out.shape, f64));
      return [out.data, ...inputs.map(({ grad }) => (grad as Tensor).data)];
    });
    a.forEach((result, i) => {
      expect(result, `result ${i}`).toBeAllClose(b[i], close);
    });
    expect(hostValues(a[0]).includes(0)).toBe(true);
  };

  test.each([[[6, 4]], [[2, 3, 4]]])('linearRelu is linear, then relu: %j', (shape) => {
    const [x, weight, bias] = [leaf(...shape), leaf(3, 4), leaf(3)];
    expectEqual(
      [x, weight, bias],
      () => F.linearRelu(x, weight, bias),
      () => F.relu(F.linear(x, weight, bias)),
    );
  });

  test('conv2dRelu is conv2d, then relu', () => {
    const [x, weight, bias] = [leaf(2, 3, 5, 6), leaf(4, 3, 3, 2), leaf(4)];
    const options = { stride: [2, 1], padding: [0, 1] } as const;
    expectEqual(
      [x, weight, bias],
      () => F.conv2dRelu(x, weight, bias, options),
      () => F.relu(F.conv2d(x, weight, bias, options)),
    );
    expectEqual(
      [x, weight],
      () => F.conv2dRelu(x, weight),
      () => F.relu(F.conv2d(x, weight)),
    );
  });

  test.each([
    [[6, 3], true],
    [[6, 3], false],
    [[2, 3, 4], true],
    [[2, 3, 4], false],
    [[2, 3, 4, 5], true],
    [[2, 3, 4, 5], false],
  ])('batchNormRelu is batchNorm, then relu: %j, training %s', (shape, training) => {
    const [x, weight, bias] = [leaf(...shape), leaf(3), leaf(3)];
    const statistics = () => [array([0.1, 0.2, 0.3], [3], f64), array([1, 2, 3], [3], f64)] as const;
    const [one, two] = [statistics(), statistics()];
    expectEqual(
      [x, weight, bias],
      () => F.batchNormRelu(x, ...one, weight, bias, { training }),
      () => F.relu(F.batchNorm(x, ...two, weight, bias, { training })),
    );
    one.forEach((statistic, i) => {
      expect(statistic).toEqualBits(two[i]);
    });
  });
});

describe('batchNormGelu', () => {
  test.each([
    [[6, 3], true],
    [[6, 3], false],
    [[2, 3, 4], true],
    [[2, 3, 4, 5], true],
    [[2, 3, 4, 5], false],
  ])('is batchNorm, then gelu, and so are its gradients: %j, training %s', (shape, training) => {
    const [x, weight, bias] = [leaf(...shape), leaf(3), leaf(3)];
    const statistics = () => [array([0.1, 0.2, 0.3], [3], f64), array([1, 2, 3], [3], f64)] as const;
    const [one, two] = [statistics(), statistics()];
    const [together, apart] = [
      () => F.batchNormGelu(x, ...one, weight, bias, { training }),
      () => F.gelu(F.batchNorm(x, ...two, weight, bias, { training })),
    ].map((run) => {
      for (const { grad } of [x, weight, bias]) expect(grad).toBe(null);
      const out = run();
      out.backward(new Random(5).randn(out.shape, f64));
      const grads = [x, weight, bias].map(({ grad }) => array((grad as Tensor).data));
      for (const tensor of [x, weight, bias]) tensor.grad = null;
      return [out.data, ...grads];
    });
    together.forEach((values, i) => {
      expect(values).toBeAllClose(apart[i], { rtol: 1e-12, atol: 1e-13 });
    });
    one.forEach((statistic, i) => {
      expect(statistic).toEqualBits(two[i]);
    });
  });

  test.each([true, false])('its gradients agree with numerical ones, training %s', (training) => {
    for (const shape of [
      [5, 3],
      [2, 3, 2, 3],
    ]) {
      const inputs = [leaf(...shape), leaf(3), leaf(3)];
      const ran = (x: Tensor, weight: Tensor, bias: Tensor) =>
        F.batchNormGelu(x, array([0.1, 0.2, 0.3], [3], f64), array([1, 2, 3], [3], f64), weight, bias, { training });
      gradCheck(ran, inputs);
    }
  });
});

describe('batchNorm', () => {
  test('moves the running statistics in place by 0.1 of the batch, with the unbiased variance', () => {
    // A mean of 3, a variance of 6, unbiased 9.
    const x = array([[0], [3], [6]], undefined, f64);
    const [mean, variance] = [zeros([1], f64), ones([1], f64)];
    F.batchNorm(x, mean, variance, null, null, { training: true });
    expect([mean.get(0), variance.get(0)]).toEqual([expect.closeTo(0.3, 14), expect.closeTo(0.9 + 0.9, 14)]);
    F.batchNorm(x, mean, variance, null, null, { training: true, momentum: 1 });
    expect([mean.get(0), variance.get(0)]).toEqual([expect.closeTo(3, 14), expect.closeTo(9, 14)]);
    F.batchNorm(x, mean, variance, null, null, { training: true, momentum: 0 });
    expect([mean.get(0), variance.get(0)]).toEqual([expect.closeTo(3, 14), expect.closeTo(9, 14)]);
  });

  test('takes tensors for them too, moves them in noGrad too, and not in evaluation', () => {
    const [mean, variance] = [tensor(zeros([2])), tensor(ones([2]))];
    const x = array([1, 5, 3, 9], [2, 2]);
    F.batchNorm(x, mean, variance);
    expect([mean.tolist(), variance.tolist()]).toEqual([
      [0, 0],
      [1, 1],
    ]);
    noGrad(() => F.batchNorm(x, mean, variance, null, null, { training: true, momentum: 0.5 }));
    expect([mean.tolist(), variance.tolist()]).toEqual([
      [1, 3.5],
      [1.5, 4.5],
    ]);
  });

  test('in evaluation normalizes by them; without any, always by the batch', () => {
    const x = array([3, 10], [1, 2], f64);
    const evaluated = F.batchNorm(x, array([1, 2], [2], f64), array([3.5, 15.5], [2], f64), null, null, { eps: 0.5 });
    expect(evaluated.tolist()).toEqual([[1, 2]]);
    const column = array([[-1], [1]], undefined, f64);
    for (const training of [true, false]) {
      expect(F.batchNorm(column, null, null, null, null, { training, eps: 3 }).tolist()).toEqual([[-0.5], [0.5]]);
    }
  });

  test.each([[[4, 3]], [[3, 3, 2]], [[2, 3, 2, 2]]])('has right gradients for an x of shape %j', (shape) => {
    const [x, weight, bias] = [leaf(...shape), leaf(3), leaf(3)];
    const [mean, variance] = [zeros([3], f64), ones([3], f64)];
    for (const training of [true, false]) {
      gradCheck((x, w, b) => F.batchNorm(x, mean, variance, w, b, { training, momentum: 0 }), [x, weight, bias]);
    }
  });

  test('changes nothing when it refuses', () => {
    const [mean, variance] = [zeros([3]), ones([2])];
    const run = () => F.batchNorm(random.randn([4, 3]), mean, variance, null, null, { training: true });
    expect(run).toThrow('batchNorm: runningVar has shape (2,), expected (3,)');
    expect([...hostValues(mean), ...hostValues(variance)]).toEqual([0, 0, 0, 1, 1]);
  });
});

describe('layerNorm and groupNorm', () => {
  const normalized = (values: number[], eps: number): number[] => {
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
    return values.map((v) => (v - mean) / Math.sqrt(variance + eps));
  };

  test('layerNorm is over the last axes, as many as are given', () => {
    const values = [1, 2, 4, 8, 16, 32, 64, 128];
    const x = array(values, [2, 2, 2], f64);
    const expected = (length: number) => {
      const rows = Array.from({ length: 8 / length }, (_, n) => values.slice(n * length, (n + 1) * length));
      return array(
        rows.flatMap((row) => normalized(row, 1e-5)),
        [2, 2, 2],
        f64,
      );
    };
    expect(F.layerNorm(x, 2).data).toBeAllClose(expected(2), close);
    expect(F.layerNorm(x, [2, 2]).data).toBeAllClose(expected(4), close);
    expect(F.layerNorm(x, [2, 2, 2]).data).toBeAllClose(expected(8), close);
  });

  test.each([[[2, 4]], [[2, 4, 3]], [[2, 4, 2, 2]], [[2, 4, 1, 2, 2]]])('groupNorm takes rank %j', (shape) => {
    const [x, weight, bias] = [leaf(...shape), leaf(4), leaf(4)];
    gradCheck((x, w, b) => F.groupNorm(x, 2, w, b), [x, weight, bias]);
    const flat = [...hostValues(F.groupNorm(x.detach(), 2, null, null, { eps: 1e-3 }).data)];
    const length = x.size / 4;
    for (let group = 0; group < 4; group++) {
      const values = [...hostValues(x.data)].slice(group * length, (group + 1) * length);
      const expected = normalized(values, 1e-3);
      for (let i = 0; i < length; i++) expect(flat[group * length + i]).toBeCloseTo(expected[i], 12);
    }
  });
});

describe('dropout', () => {
  const x = ones([50, 40]);

  test('drops with probability p, and scales up what it keeps', () => {
    const out = hostValues(F.dropout(x, 0.2, { random: new Random(1) }).data);
    expect(new Set(out)).toEqual(new Set([0, Math.fround(1 / 0.8)]));
    expect(out.filter((v: number) => v === 0).length / 2000).toBeCloseTo(0.2, 1);
  });

  test('is the tensor itself for p = 0 and outside of training, and zeros for p = 1', () => {
    const t = leaf(3);
    expect(F.dropout(t, 0)).toBe(t);
    expect(F.dropout(t, 0.7, { training: false })).toBe(t);
    expect(F.dropout(x, 0).data).toBe(x);
    const gone = F.dropout(t, 1);
    F.sum(gone).backward();
    expect(gone.data).toBeAllClose(zeros([3], f64));
    expect(t.grad?.data).toBeAllClose(zeros([3], f64));
  });

  test('passes gradients through the mask that it used', () => {
    const t = tensor(ones([100]), { requiresGrad: true });
    const out = F.dropout(t);
    out.backward(ones([100]));
    expect(t.grad?.data).toEqualBits(out.data);
  });

  test('draws the same masks from the same seed, and another one every time', () => {
    const draw = (): NDArray => F.dropout(x).data;
    manualSeed(12);
    const [first, second] = [draw(), draw()];
    manualSeed(12);
    expect(draw()).toEqualBits(first);
    expect(draw()).toEqualBits(second);
    expect(first).not.toEqualBits(second);
  });
});

describe('losses', () => {
  test('crossEntropy with smoothing mixes in the mean over the classes', () => {
    // Scores ln 1, ln 2, ln 5: probabilities 1/8, 2/8, 5/8.
    const x = array([[0, Math.log(2), Math.log(5)]], undefined, f64);
    const nll = [8, 4, 8 / 5].map(Math.log);
    const uniform = (nll[0] + nll[1] + nll[2]) / 3;
    for (const [smoothing, y] of [
      [0, 2],
      [0.3, 0],
      [1, 1],
    ] as const) {
      const expected = (1 - smoothing) * nll[y] + smoothing * uniform;
      expect(F.crossEntropy(x, [y], { labelSmoothing: smoothing }).item()).toBeCloseTo(expected, 14);
    }
  });

  test('have right gradients', () => {
    const [x, target] = [leaf(4, 3), leaf(4, 3)];
    gradCheck((x) => F.crossEntropy(x, [0, 1, 2, 1]), [x]);
    gradCheck((x) => F.crossEntropy(x, [0, 1, 2, 1], { labelSmoothing: 0.2 }), [x]);
    gradCheck((x) => F.svmLoss(x, [0, 1, 2, 1]), [x]);
    gradCheck(F.mseLoss, [x, target]);
  });

  test('mseLoss is the mean square of the difference, and svmLoss the sum of missing margins', () => {
    expect(F.mseLoss(array([1, 2, 5]), array([1, 4, 1])).item()).toBeCloseTo(20 / 3, 5);
    expect(F.svmLoss(array([[1, 3, 2.5]]), [1]).item()).toBe(0.5);
  });
});

describe('images', () => {
  const pixels = array(linspace(1, 12, 12), [1, 1, 3, 4]);

  test('poolings take one number or two, and step by the window unless told', () => {
    expect(F.maxPool2d(pixels, 2).tolist()).toEqual([[[[6, 8]]]]);
    expect(F.maxPool2d(pixels, [3, 2], { stride: 1 }).tolist()).toEqual([[[[10, 11, 12]]]]);
    expect(F.avgPool2d(pixels, [1, 4]).tolist()).toEqual([[[[2.5], [6.5], [10.5]]]]);
    expect(F.avgPool2d(pixels, 2, { stride: [1, 2] }).tolist()).toEqual([
      [
        [
          [3.5, 5.5],
          [7.5, 9.5],
        ],
      ],
    ]);
  });

  test('adaptiveAvgPool2d shares pixels between windows where sizes do not divide', () => {
    // Rows 0–1 and 1–2; columns 0–1, 1–2 and 2–3.
    expect(F.adaptiveAvgPool2d(pixels, [2, 3]).tolist()).toEqual([
      [
        [
          [3.5, 4.5, 5.5],
          [7.5, 8.5, 9.5],
        ],
      ],
    ]);
    gradCheck((x) => F.adaptiveAvgPool2d(x, [2, 5]), [leaf(2, 2, 3, 4)]);
  });

  test('conv2d works without bias, and with strides and padding of each axis', () => {
    const weight = ones([1, 1, 2, 2], f64);
    expect(F.conv2d(pixels, weight, null, { stride: [1, 2], padding: [0, 1] }).shape).toEqual([1, 1, 2, 3]);
    gradCheck((x, w) => F.conv2d(x, w, null, { padding: 1 }), [leaf(1, 2, 3, 3), leaf(2, 2, 2, 2)]);
  });
});

describe('shapes', () => {
  const x = array(linspace(0, 23, 24), [2, 3, 4]);

  test('flatten keeps the axes before the first that goes', () => {
    expect(F.flatten(x).shape).toEqual([2, 12]);
    expect(F.flatten(x, 0).shape).toEqual([24]);
    expect(F.flatten(x, 2).shape).toEqual([2, 3, 4]);
  });

  test('broadcastTo repeats, and its gradient sums', () => {
    const b = tensor([1, 2], { requiresGrad: true });
    F.sum(F.broadcastTo(b, [3, 2])).backward();
    expect(b.grad?.tolist()).toEqual([3, 3]);
  });

  test('concat and stack take the same tensor twice', () => {
    const t = leaf(2);
    F.sum(F.concat([t, t])).backward();
    F.sum(F.stack([t, t, t], 1)).backward();
    expect(t.grad?.tolist()).toEqual([5, 5]);
  });
});

describe('numbers', () => {
  test('take the dtype of the other operand, on either side', () => {
    for (const dtype of ['float32', f64] as const) {
      const x = tensor([2, 4], { dtype });
      for (const apply of [F.add, F.sub, F.mul, F.div, F.maximum, F.minimum]) {
        expect([apply(x, 3).dtype, apply(3, x.data).dtype]).toEqual([dtype, dtype]);
      }
      expect(F.sub(1, x).tolist()).toEqual([-1, -3]);
      expect(F.div(8, x).tolist()).toEqual([4, 2]);
      expect([F.maximum(x, 3).tolist(), F.minimum(3, x).tolist()]).toEqual([
        [3, 4],
        [2, 3],
      ]);
    }
  });

  test('two of them make a float32', () => {
    expect(F.add(1, 2).item()).toBe(3);
    expect(dtypeOf(F.mul(2, 2).data)).toBe('float32');
  });
});

test('softmax, logSoftmax and logsumexp do not overflow', () => {
  const x = array([1000, 1000], [1, 2], f64);
  expect(F.softmax(x).tolist()).toEqual([[0.5, 0.5]]);
  expect(F.logSoftmax(x, 1).data).toBeAllClose(array([[-Math.LN2, -Math.LN2]], undefined, f64), close);
  expect(F.logsumexp(x).item()).toBeCloseTo(1000 + Math.LN2, 10);
  expect(F.softmax(x, 0).tolist()).toEqual([[1, 1]]);
});
