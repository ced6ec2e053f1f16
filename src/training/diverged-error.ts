/** What a {@link DivergedError} is about. */
export interface Divergence {
  /** The function that was training. */
  readonly fn: string;
  readonly iteration: number;
  readonly loss: number;
  readonly lastFiniteLoss: number | undefined;
  readonly learningRate: number | undefined;
  /** What else than the loss was found not to be finite, such as `X holds NaN`. */
  readonly found?: string | null;
  /** Whether what was found was there before training, so that no learning rate helps. */
  readonly given?: boolean;
  /** What is left to go on with. */
  readonly rest: string;
}

/**
 * A loss, or a parameter, stopped being a finite number. Histories, and the best parameters, are those of the last good
 * iteration.
 */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';
  /** The iteration whose loss was not finite, or whose step left parameters that are not, from 1. */
  readonly iteration: number;
  /** What the loss was. */
  readonly loss: number;
  /** The last finite loss; undefined when the first was not. */
  readonly lastFiniteLoss: number | undefined;
  /** The learning rate in that iteration; undefined when the rule's default was used and no step was made. */
  readonly learningRate: number | undefined;

  /**
   * An error for a run that ends at this step.
   *
   * @internal
   */
  constructor({ fn, iteration, loss, lastFiniteLoss, learningRate, found, given, rest }: Divergence) {
    const what = Number.isFinite(loss) ? `${found} after iteration` : `the loss is ${loss} at iteration`;
    const before = lastFiniteLoss === undefined ? 'no loss before it was finite' : `last finite loss ${lastFiniteLoss}`;
    const rate = learningRate === undefined ? "the rule's default learning rate" : `learning rate ${learningRate}`;
    const cause = found && !Number.isFinite(loss) ? `${found}: ` : '';
    const advice = given ? 'expected finite numbers to train on' : 'try a smaller learning rate or weight scale';
    super(`${fn}: ${what} ${iteration} (${before}, ${rate}); ${cause}${advice}. ${rest}`);
    this.iteration = iteration;
    this.loss = loss;
    this.lastFiniteLoss = lastFiniteLoss;
    this.learningRate = learningRate;
  }
}
