import { AMOUNT, argumentError, checkedIn, describe, FUNCTION, isNDArray, type NDArray } from '../arrays/index.js';
import { F, Tensor, type TensorLike } from '../autograd/index.js';
import { Module } from '../nn/index.js';

/** A view of images: a function of a batch (N, …) into one of as many examples. */
export type View = (X: NDArray) => NDArray;

/** A view, and its share of the mean. */
export interface WeightedView {
  readonly view: View;
  readonly weight: number;
}

/**
 * A model that looks at each example in several ways: the mean of the scores of all views of a batch. Also known as
 * multi-crop evaluation, or test-time augmentation.
 *
 * @param model - Gives scores for a batch. It is a member of the module returned, which `eval()` and `stateDict()`
 *   reach.
 * @param views - What it looks at: functions of a batch, such as `transforms.horizontalFlip()`, all of the same weight
 *   or `{ view, weight }`. The batch itself is one only if it is in the list: `(X) => X`.
 * @throws {TypeError | RangeError} if `model` is no module, or `views` is no list of functions, is empty, or has no
 *   weight above 0.
 * @see Krizhevsky, Sutskever and Hinton 2012, ImageNet Classification with Deep Convolutional Neural Networks, 4.1
 *
 * @example
 * checkAccuracy(loaderTest, testTimeViews(model, [(X) => X, transforms.horizontalFlip()]));
 */
export function testTimeViews(model: Module, views: readonly (View | WeightedView)[]): Module {
  const fn = 'testTimeViews';
  if (!(model instanceof Module)) {
    throw argumentError(TypeError, { fn, arg: 'model', found: `is ${describe(model)}`, expected: 'a Module' });
  }
  if (!Array.isArray(views) || views.length === 0) {
    const expected = 'a list of functions X => X, at least one';
    const found = Array.isArray(views) ? 'is empty' : `is ${describe(views)}`;
    throw argumentError(Array.isArray(views) ? RangeError : TypeError, { fn, arg: 'views', found, expected });
  }
  const weighted = views.map((entry, i) => {
    const { view, weight = 1 } = (
      typeof entry === 'function' ? { view: entry } : (entry ?? {})
    ) as Partial<WeightedView>;
    const at = `views[${i}]`;
    checkedIn(fn, at, view, { ...FUNCTION, expected: 'a function X => X, or { view, weight }' });
    checkedIn(fn, `${at}.weight`, weight, AMOUNT);
    return { view: view as View, weight };
  });
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) {
    throw argumentError(RangeError, { fn, arg: 'views', found: 'have weights of 0 alone', expected: 'one above 0' });
  }
  return new TestTimeViews(
    model,
    weighted.filter(({ weight }) => weight > 0).map(({ view, weight }) => ({ view, weight: weight / total })),
  );
}

class TestTimeViews extends Module {
  readonly model: Module;
  readonly views: readonly WeightedView[];

  constructor(model: Module, views: readonly WeightedView[]) {
    super();
    this.model = model;
    this.views = views;
  }

  override forward(x: TensorLike): Tensor {
    const X = x instanceof Tensor ? x.data : x;
    const [first, ...others] = this.views.map(({ view, weight }, i) => {
      const seen = view(X);
      if (!isNDArray(seen) || seen.shape[0] !== X.shape[0]) {
        const expected = `an array of as many examples as it was given, ${X.shape[0]}`;
        const found = `returned ${describe(seen)}`;
        throw argumentError(TypeError, { fn: 'testTimeViews', arg: `views[${i}]`, found, expected });
      }
      return F.mul(this.model.forward(seen), weight);
    });
    return others.reduce((sum: Tensor, scores) => F.add(sum, scores), first);
  }
}
