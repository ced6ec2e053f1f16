import { isNDArray, type NDArray } from '../arrays/index.js';
import { type Arrays, type BatchTargets, mapParts } from '../data/structure.js';
import { findNonFinite } from './finite.js';

/** What a training loop knows of itself when a number is not finite. */
export interface Progress {
  /** The function to name in the error. */
  readonly fn: string;
  /** Iterations that are complete, and their losses. */
  readonly iteration: number;
  readonly lossHistory: readonly number[];
  /** Undefined when the rule's default is used and no step was made. */
  readonly learningRate: number | undefined;
  /** What of the run is intact. */
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
   * @param found - What is not finite beside the loss, such as `X holds NaN`; null if nothing was found.
   * @param given - Whether it was so before training, so that no learning rate helps.
   * @internal
   */
  constructor(
    { fn, iteration, lossHistory, learningRate, rest }: Progress,
    loss: number,
    found: string | null,
    given: boolean,
  ) {
    const failed = !Number.isFinite(loss);
    const at = failed ? iteration + 1 : iteration;
    const last = lossHistory.at(-1);
    const what = failed ? `the loss is ${loss} at iteration` : `${found} after iteration`;
    const before = last === undefined ? 'no loss before it was finite' : `last finite loss ${last}`;
    const rate = learningRate === undefined ? "the rule's default learning rate" : `learning rate ${learningRate}`;
    const cause = failed && found !== null ? `${found}: ` : '';
    const advice =
      given && found !== null ? 'expected finite numbers to train on' : 'try a smaller learning rate or weight scale';
    super(`${fn}: ${what} ${at} (${before}, ${rate}); ${cause}${advice}. ${rest}`);
    this.iteration = at;
    this.loss = loss;
    this.lastFiniteLoss = last;
    this.learningRate = learningRate;
  }
}

/** A batch that a loss is of: what errors call it, its inputs and targets. */
export type LossOf = readonly [name: string, X: Arrays, y?: BatchTargets];

/**
 * The error of a loss that is not finite, which says where that comes from as far as it can be seen.
 *
 * @param given - What is not finite in the batch, where that is known.
 */
export function divergedLoss(
  progress: Progress,
  loss: number,
  batch: LossOf,
  params: Readonly<Record<string, NDArray>>,
  given = nonFiniteIn(batch),
): DivergedError {
  if (given !== null) return new DivergedError(progress, loss, given, true);
  const found = findNonFinite(params);
  const parameter = found && `the parameter ${found.name} holds ${found.value}`;
  return new DivergedError(progress, loss, parameter, progress.iteration === 0);
}

/** What is not finite in a batch: `the batch's X holds NaN`; null if nothing is. */
export function nonFiniteIn([batch, X, y]: LossOf): string | null {
  const given: Record<string, NDArray> = {};
  for (const [arg, parts] of Object.entries({ X, y })) {
    mapParts(parts, arg, (part, name) => {
      if (isNDArray(part)) given[name] = part;
    });
  }
  const data = findNonFinite(given);
  return data && `the ${batch}'s ${data.name} holds ${data.value}`;
}

/** @throws {DivergedError} if, after the last iteration, a parameter is not finite. */
export function checkFinite(progress: Progress, params: Readonly<Record<string, NDArray>>): void {
  const found = findNonFinite(params);
  if (found === null) return;
  const loss = progress.lossHistory.at(-1) ?? Number.NaN;
  throw new DivergedError(progress, loss, `the parameter ${found.name} holds ${found.value}`, false);
}
