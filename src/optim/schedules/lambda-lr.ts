import {
  AMOUNT,
  argumentError,
  checkedIn,
  checkSynchronous,
  type OptionsOf,
  required,
  settingsOf,
} from '../../arrays/index.js';
import { LRScheduler, type ScheduledGroup, type ScheduledOptimizer } from './schedule.js';

/** What to multiply the first learning rate by after `t` steps. */
export type LRLambda = (t: number) => number;

const LAMBDA_LR = {
  /** A function for all groups, or a list of one for each. */
  lrLambda: required<LRLambda | readonly LRLambda[]>({
    allows: (value) => [value].flat().every((lambda) => typeof lambda === 'function'),
    expected: 'a function, or one for each group',
    Kind: TypeError,
  }),
};

/** Options of {@link LambdaLR}. */
export interface LambdaLROptions extends OptionsOf<typeof LAMBDA_LR> {}

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
    const { lrLambda } = settingsOf('LambdaLR', LAMBDA_LR, options);
    super('LambdaLR', optimizer, {}, {});
    const groups = optimizer.paramGroups.length;
    if (typeof lrLambda !== 'function' && lrLambda.length !== groups) {
      const [found, expected] = [`has ${lrLambda.length} functions`, `${groups}, one for each group`];
      throw argumentError(RangeError, { fn: 'LambdaLR', arg: 'lrLambda', found, expected });
    }
    this.#lambdas = lrLambda;
    this.advanceTo(0);
  }

  protected override rate(t: number, _: ScheduledGroup, g: number): number {
    const lambda = typeof this.#lambdas === 'function' ? this.#lambdas : this.#lambdas[g];
    if (lambda === undefined) {
      const found = 'was added, and has no function in lrLambda';
      throw argumentError(RangeError, { fn: 'LambdaLR', arg: `group ${g}`, found });
    }
    const factor = lambda(t);
    checkSynchronous('LambdaLR', `lrLambda(${t})`, factor);
    return this.baseLrs[g] * checkedIn('LambdaLR', `lrLambda(${t})`, factor, AMOUNT);
  }
}
