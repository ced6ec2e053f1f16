import { argumentError, describe } from '../arrays/index.js';
import { F, type Tensor, type TensorLike } from '../autograd/index.js';
import { Module } from '../nn/index.js';

/**
 * One model of several trained ones: the logarithm of the mean of their softmax probabilities. Of models with one
 * output each, the logit of the mean of their sigmoid probabilities.
 *
 * @param models - Each gives scores (B, C) for a batch. They are the members of the module returned, which `eval()` and
 *   `stateDict()` reach.
 * @throws {TypeError | RangeError} if `models` is not a list of modules, or is empty.
 *
 * @example
 * checkAccuracy(loaderTest, ensemble([first, second, third]));
 */
export function ensemble(models: readonly Module[]): Module {
  const fn = 'ensemble';
  if (!Array.isArray(models) || !models.every((model) => model instanceof Module)) {
    throw argumentError(TypeError, {
      fn,
      arg: 'models',
      found: `is ${describe(models)}`,
      expected: 'a list of modules',
    });
  }
  if (models.length === 0) {
    throw argumentError(RangeError, { fn, arg: 'models', found: 'is empty', expected: 'at least one module' });
  }
  return new Ensemble(models);
}

class Ensemble extends Module {
  readonly models: readonly Module[];

  constructor(models: readonly Module[]) {
    super();
    this.models = [...models];
  }

  override forward(x: TensorLike): Tensor {
    const scores = this.models.map((model) => model.forward(x));
    const logMean = (probabilities: (one: Tensor) => Tensor): Tensor => {
      const [first, ...others] = scores.map(probabilities);
      const sum = others.reduce((total: Tensor, one) => F.add(total, one), first);
      return F.log(F.mul(sum, 1 / scores.length));
    };
    if (scores[0].shape.length !== 2 || scores[0].shape[1] !== 1) return logMean((one) => F.softmax(one));
    // The softmax of one score is 1, whatever the score.
    return F.sub(
      logMean((one) => F.sigmoid(one)),
      logMean((one) => F.sigmoid(F.neg(one))),
    );
  }
}
