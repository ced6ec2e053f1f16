import {
  argumentError,
  checkLabels,
  describe,
  hostValues,
  isNDArray,
  type Labels,
  ShapeError,
  tuple,
} from '../arrays/index.js';
import { F, type Tensor } from '../autograd/index.js';
import { INDEX } from '../data/dataset.js';
import type { Arrays } from '../data/index.js';
import type { BatchTargets } from '../data/structure.js';
import type { Module } from '../nn/index.js';
import { scoresOf } from './epoch-scores.js';
import { checkLoss, checkScores, forwardOf } from './evaluation.js';
import type { CheckedFitOptions } from './fit-options.js';
import { placeLabels } from './scoring.js';

/** What a run of `fit` makes of a batch, of either loader: its targets, the model's output and the loss. */
export class BatchPass {
  readonly #fn: string;
  readonly #model: Module<unknown>;
  readonly #options: Pick<CheckedFitOptions, 'loss' | 'ignoreIndex'>;

  constructor(fn: string, model: Module<unknown>, options: Pick<CheckedFitOptions, 'loss' | 'ignoreIndex'>) {
    this.#fn = fn;
    this.#model = model;
    this.#options = options;
  }

  /**
   * What the model makes of a batch. The default loss needs scores (N, C), or (N, C, …) for labels of places (N, …).
   */
  forward(X: Arrays, y: BatchTargets, N: number, arg: string): unknown {
    const output = forwardOf(this.#fn, this.#model, X);
    if (this.#options.loss !== undefined) return output;
    if (!isNDArray(y)) checkScores(this.#fn, output, N);
    else {
      const scores = scoresOf(output);
      const [, ...places] = y.shape;
      if (scores === null || placeLabels(scores, y, this.#options.ignoreIndex) === null) {
        const found = scores === null ? `returned ${describe(output)}` : `has shape ${tuple(scores.shape)}`;
        const expected = `${tuple([`N=${N}`, 'C', ...places])}, for ${arg} of shape ${tuple(y.shape)}`;
        const wayOut = 'for targets that are no labels give loss, such as F.mseLoss';
        throw argumentError(ShapeError, { fn: this.#fn, arg: 'model.forward(X)', found, expected, wayOut });
      }
    }
    return output;
  }

  lossOf(output: unknown, y: BatchTargets): Tensor {
    const { loss, ignoreIndex } = this.#options;
    if (loss !== undefined) return checkLoss(this.#fn, (loss as (scores: unknown, y: unknown) => Tensor)(output, y));
    return F.crossEntropy(output as Tensor, y as Labels, { ignoreIndex });
  }

  /** The targets of a batch: for the default loss labels. @throws {TypeError} if they are something else. */
  targets(y: BatchTargets, N: number, arg: string): BatchTargets {
    if (y instanceof Int32Array || this.#options.loss !== undefined) return y;
    if (isNDArray(y) && y.shape.length === 1 && hostValues(y).every((value) => INDEX.allows(value))) {
      return checkLabels(this.#fn, arg, y, N);
    }
    // Labels of the places of images, (N, H, W): the scores will show it.
    if (isNDArray(y) && y.shape.length > 2 && hostValues(y).every((value) => this.#isLabel(value))) return y;
    const found = isNDArray(y) ? `is numbers of shape ${tuple(y.shape)}` : 'is several targets';
    const expected = 'labels for F.crossEntropy, the default loss';
    const loss = isNDArray(y) ? 'F.mseLoss' : '(scores, y) => F.mseLoss(scores, y.box)';
    const areClasses = isNDArray(y) && y.shape.length > 1 && y.shape[1] > 1;
    const other = areClasses ? ', or F.crossEntropy for probabilities and for labels of places' : '';
    const wayOut = `give loss, such as ${loss}${other}`;
    throw argumentError(TypeError, { fn: this.#fn, arg, found, expected, wayOut });
  }

  #isLabel(value: number): boolean {
    return INDEX.allows(value) || value === this.#options.ignoreIndex;
  }
}
