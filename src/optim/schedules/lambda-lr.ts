import { checkOptions, checkSynchronous, describe } from '../../arrays/index.js';
import { LRScheduler, type ScheduledGroup, type ScheduledOptimizer } from './schedule.js';

/** What to multiply the first learning rate by after `t` steps. */
export type LRLambda = (t: number) => number;

/** Options of {@link LambdaLR}. */
export interface LambdaLROptions {
  /** A function for all groups, or a list of one for each. */
  lrLambda: LRLambda | readonly LRLambda[];
}

/**
 * Multiplies the first learning rate by a function of the number of steps: after t steps it is `lr · lrLambda(t)`.
 * The functions are no part of the schedule's state.
 *
 * @example
 * const schedule = new optim.lrScheduler.LambdaLR(optimizer, { lrLambda: (epoch) => 0.95 ** epoch });
 */
export class LambdaLR extends LRScheduler {
  readonly #lambdas: LRLambda | readonly LRLambda[];

  /**
   * A schedule that multiplies the first rates of `optimizer` by `lrLambda(t)`, or by one such function for each group.
   *
   * @throws {TypeError} naming an option that is unknown or no function.
   * @throws {RangeError} if the list has not one function for each group, or one returns no number ≥ 0.
   */
  constructor(optimizer: ScheduledOptimizer, options: LambdaLROptions) {
    checkOptions('LambdaLR', options, ['lrLambda']);
    super('LambdaLR', optimizer, {});
    const { lrLambda } = options;
    const list = typeof lrLambda === 'function' ? [lrLambda] : lrLambda;
    if (!Array.isArray(list) || !list.every((lambda) => typeof lambda === 'function')) {
      throw new TypeError(`LambdaLR: lrLambda is ${describe(lrLambda)}, expected a function, or one for each group`);
    }
    const groups = optimizer.paramGroups.length;
    if (typeof lrLambda !== 'function' && list.length !== groups) {
      throw new RangeError(`LambdaLR: lrLambda has ${list.length} functions, expected ${groups}, one for each group`);
    }
    this.#lambdas = lrLambda;
    this.advanceTo(0);
  }

  protected override rate(t: number, _: ScheduledGroup, g: number): number {
    const lambda = typeof this.#lambdas === 'function' ? this.#lambdas : this.#lambdas[g];
    if (lambda === undefined) throw new RangeError(`LambdaLR: group ${g} was added, and has no function in lrLambda`);
    const factor = lambda(t);
    checkSynchronous('LambdaLR', `lrLambda(${t})`, factor);
    if (typeof factor !== 'number' || !(factor >= 0) || factor === Number.POSITIVE_INFINITY) {
      throw new RangeError(`LambdaLR: lrLambda(${t}) is ${describe(factor)}, expected a number ≥ 0`);
    }
    return this.baseLrs[g] * factor;
  }

  protected override check(): void {}
}
