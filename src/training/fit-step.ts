import { checkSynchronous } from '../arrays/index.js';
import { F } from '../autograd/index.js';
import type { Arrays } from '../data/index.js';
import type { BatchTargets } from '../data/structure.js';
import { workspace } from '../kernels/index.js';
import { scaleGradients } from '../optim/clip-grad.js';
import { clipGradNorm, type Trainable } from '../optim/index.js';
import { divergedLoss } from './diverged-error.js';
import type { FitContext } from './fit-context.js';
import { NO_GROUP } from './fit-state.js';
import type { LiveLook } from './live-look.js';

/** What a run of `fit` makes of each batch of its loader: a step of the optimizer, or a part of one. */
export class FitStep {
  readonly #run: FitContext;
  /** What looks at the model before and after a step, where it is shown. */
  readonly #look: LiveLook | null;

  constructor(run: FitContext, look: LiveLook | null) {
    this.#run = run;
    this.#look = look;
  }

  /** One batch, within a workspace. */
  take(X: Arrays, given: BatchTargets, N: number): void {
    const run = this.#run;
    const { pass, history } = run;
    const { optimizer, accumulate, schedule } = run.options;
    const y = pass.targets(given, N, 'y');
    const output = pass.forward(X, y, N, 'y');
    run.train.add(output, y, N);
    const loss = pass.lossOf(output, y);
    const value = loss.item();
    const { rate } = run;
    if (!Number.isFinite(value)) throw divergedLoss(run.progress, value, ['batch', X, y], run.parameters());
    const { batches, size, weight } = run.group;
    if (batches === 0) optimizer.zeroGrad();
    // In units of the first batch, so that batches of one size need no product.
    const share = batches === 0 ? 1 : N / size;
    (share === 1 ? loss : F.mul(loss, share)).backward();
    run.group = { batches: batches + 1, size: batches === 0 ? N : size, weight: weight + share };
    const isComplete = batches + 1 === accumulate;
    if (isComplete) this.#update();
    history.iteration++;
    history.lossHistory.push(value);
    if (rate !== undefined) history.learningRates.push(rate);
    if (isComplete && schedule?.every === 'step') run.advance(schedule);
    run.steps++;
  }

  /** The last step of an epoch, of the batches that are left, if any are. */
  finish(): void {
    const run = this.#run;
    if (run.group.batches === 0) return;
    const { schedule } = run.options;
    workspace(() => this.#update());
    if (schedule?.every === 'step') run.advance(schedule);
  }

  /** Updates the parameters by the mean of the gradients that have been added up. */
  #update(): void {
    const run = this.#run;
    const { optimizer, clipGradNorm: maxNorm } = run.options;
    const { weight } = run.group;
    if (weight !== 1) scaleGradients(run.fn, this.#trained(), 1 / weight);
    if (maxNorm !== undefined) clipGradNorm(this.#trained(), maxNorm);
    const look = this.#look?.isDue === true ? this.#look : null;
    look?.before();
    checkSynchronous(run.fn, 'optimizer.step', optimizer.step());
    look?.after();
    // The next step needs their memory for its activations.
    optimizer.zeroGrad();
    run.group = NO_GROUP;
    run.average?.update();
  }

  /** The optimizer's parameters, if it lists them. The gradients of others are sums over many steps. */
  #trained(): Trainable[] {
    const groups = this.#run.options.optimizer.paramGroups ?? [];
    const params = groups.flatMap((group) => group.params ?? []);
    return params.length > 0 ? params : this.#run.model.parameters();
  }
}
