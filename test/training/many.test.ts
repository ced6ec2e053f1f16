import { expect, test } from 'vitest';
import { array, F, nn, ones, optim, predict, type Tensor, tensor } from '../../src/index.js';

/** More than a call can be given arguments. */
const MANY = 130_000;

test('predict takes as many examples as there are', () => {
  const model = new nn.Identity();
  const { scores, labels } = predict([[ones([MANY, 2]), new Uint8Array(MANY).fill(1)]], model);
  expect([scores.shape, labels.length, labels[MANY - 1]]).toEqual([[MANY, 2], MANY, 1]);
});

test('scores of predict are of the dtype that they have, batch after batch, and of one number of classes', () => {
  const batch = (value: number, N: number, C: number) => [
    array(new Float64Array(N * C).fill(value), [N, C]),
    new Array(N).fill(0),
  ];
  const batches = [batch(0.1, 2, 3), batch(0.2, 1, 3)] as never;
  const { scores } = predict(batches, new nn.Identity());
  expect(scores.data).toEqual(Float64Array.of(0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.2, 0.2));
  const wrong = [batch(0, 2, 3), batch(0, 2, 4)] as never;
  expect(() => predict(wrong, new nn.Identity())).toThrow(
    'predict: model.forward(X) has shape (2, 4), expected (N, C=3), as of the first batch',
  );
});

test.each(['stack', 'concat'] as const)('F.%s takes 50,000 tensors, forward and backward', { tags: 'slow' }, (name) => {
  const x = tensor(ones([1]), { requiresGrad: true });
  const list: Tensor[] = Array.from({ length: 50_000 }, () => x);
  const out = F[name](list);
  expect(out.shape[0]).toBe(50_000);
  F.sum(out).backward();
  expect(x.grad?.item()).toBe(50_000);
});

test('clipping and optimizers take 150,000 parameters', { tags: 'slow' }, () => {
  const data = ones([1]);
  const params = Array.from({ length: 150_000 }, () => ({ data, grad: { data: ones([1]) } }));
  expect(optim.clipGradNorm(params, 1, { normType: Infinity })).toBe(1);
  expect(optim.clipGradNorm(params, Infinity)).toBeCloseTo(Math.sqrt(150_000), 3);
  expect(new optim.SGD(params).paramGroups[0].params).toHaveLength(150_000);
});

test('a norm that is NaN is seen behind others', () => {
  const params = [1, Number.NaN, 2].map((value) => ({ data: ones([1]), grad: { data: array([value]) } }));
  expect(optim.clipGradNorm(params, Infinity, { normType: Infinity })).toBeNaN();
});
