/** A loss stopped being a finite number. Histories, and the best parameters, are those of the last good iteration. */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';

  /** An error for a run that ends at this step. */
  constructor(
    /** The function that was training. */
    fn: string,
    /** The iteration whose loss was not finite, from 1. */
    readonly iteration: number,
    /** What the loss was. */
    readonly loss: number,
    /** The last finite loss; undefined when the first was not. */
    readonly lastFiniteLoss: number | undefined,
    /** The learning rate in that iteration; undefined when the rule's default was used and no step was made. */
    readonly learningRate: number | undefined,
    /** What is left to go on with. */
    rest: string,
  ) {
    const before = lastFiniteLoss === undefined ? 'no loss before it was finite' : `last finite loss ${lastFiniteLoss}`;
    const rate = learningRate === undefined ? "the rule's default learning rate" : `learning rate ${learningRate}`;
    super(
      `${fn}: the loss is ${loss} at iteration ${iteration} (${before}, ${rate}); try a smaller learning rate or ` +
        `weight scale. ${rest}`,
    );
  }
}
