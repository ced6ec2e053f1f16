import { describe, expect, test } from 'vitest';
import { array, F, type NDArray, nn, Random, testTimeViews, toNested, transforms } from '../../src/index.js';
import { pretend } from '../helpers/pretend.js';

describe('testTimeViews', () => {
  const random = new Random(1);
  const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(12, 3));
  const X = random.randn([5, 3, 2, 2]);
  const same = (x: NDArray): NDArray => x;
  const mirror = transforms.horizontalFlip();

  test('averages the scores of the views', () => {
    const [plain, mirrored] = [X, mirror(X)].map((x) => model.forward(x));
    const both = testTimeViews(model, [same, mirror]).forward(X);
    expect(both.data).toBeAllClose(F.mul(F.add(plain, mirrored), 0.5).data, { rtol: 1e-6, atol: 1e-6 });
    const weighted = testTimeViews(model, [
      { view: same, weight: 3 },
      { view: mirror, weight: 1 },
      { view: mirror, weight: 0 },
    ]).forward(X);
    const expected = F.add(F.mul(plain, 0.75), F.mul(mirrored, 0.25));
    expect(weighted.data).toBeAllClose(expected.data, { rtol: 1e-6, atol: 1e-6 });
  });

  test('has the model as a member, and takes tensors', () => {
    const seen = testTimeViews(model, [same]);
    expect(Object.keys(seen.stateDict())).toEqual(['model.1.weight', 'model.1.bias']);
    expect(seen.eval()).toBe(seen);
    expect(model.training).toBe(false);
    expect(toNested(seen.forward(F.mul(X, 1)).data)).toEqual(toNested(model.forward(X).data));
  });

  test.each<[make: () => unknown, message: string]>([
    [() => testTimeViews(pretend(1), [same]), 'testTimeViews: model is 1, expected a Module'],
    [() => testTimeViews(model, pretend(same)), 'testTimeViews: views is a function, expected a list of functions'],
    [
      () => testTimeViews(model, []),
      'testTimeViews: views is empty, expected a list of functions X => X, at least one',
    ],
    [() => testTimeViews(model, pretend([3])), 'testTimeViews: views[0] is undefined, expected a function X => X, or'],
    [
      () => testTimeViews(model, [{ view: same, weight: -1 }]),
      'testTimeViews: views[0].weight is -1, expected a number ≥ 0',
    ],
    [
      () => testTimeViews(model, [{ view: same, weight: 0 }]),
      'testTimeViews: views have weights of 0 alone, expected one above 0',
    ],
    [() => testTimeViews(model, [(x) => x.hi(2)]).forward(X), 'testTimeViews: views[0] returned an array'],
    [() => testTimeViews(model, [() => array([1, 2])]).forward(X), 'an array of as many examples as it was given, 5'],
  ])('refuses what does not fit: case %#', (make, message) => {
    expect(make).toThrow(message);
  });
});
