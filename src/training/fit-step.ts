import { checkSynchronous } from '../arrays/index.js';
import { F } from '../autograd/index.js';
import type { Arrays } from '../data/index.js';
import type { BatchTargets } from '../data/structure.js';
import { workspace } from '../kernels/index.js';
import { scaleGradients } from '../optim/clip-grad.js';
import { clipGradNorm, type Trainable } from '../optim/index.js';
import { divergedLoss } from './diverged-error.js';
import type { FitContext } from './fit-context.js';
import type { FitRanks } from './fit-ranks.js';
import { NO_GROUP } from './fit-state.js';
import type { LiveLook } from './live-look.js';
import type { Part } from './parallel/index.js';
import { SharedPass } from './shared-pass.js';

/** What a run of `fit` makes of each batch of its loader: a step of the optimizer, or a part of one. */
export class FitStep {
  readonly #run: FitContext;
  /** What looks at the model before and after a step, where it is shown. */
  readonly #look: LiveLook | null;
  readonly #ranks: FitRanks | null;
  readonly #shared: SharedPass | null;

  constructor(run: FitContext, look: LiveLook | null) {
    this.#run = run;
    this.#look = look;
    this.#ranks = run.ranks;
    this.#shared = run.ranks && new SharedPass(run, run.ranks);
  }

  /** One batch, within a workspace. @param part - What of it this process has, where several share it. */
  take(X: Arrays, given: BatchTargets, N: number, part: Part | null): void {
    const run = this.#run;
    const { pass } = run;
    const { optimizer } = run.options;
    const y = pass.targets(given, N, 'y');
    if (part !== null) {
      this.#takePart(X, y, part);
      return;
    }
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
    this.#finishBatch(value, rate);
  }

  /** A part of a batch: the gradients are those of the whole batch afterwards, on all ranks. */
  #takePart(X: Arrays, y: BatchTargets, part: Part): void {
    const run = this.#run;
    const [ranks, shared] = [this.#ranks as FitRanks, this.#shared as SharedPass];
    const { verify } = run.options;
    const { rate } = run;
    const { batches, size, weight } = run.group;
    if (batches === 0) run.options.optimizer.zeroGrad();
    const share = batches === 0 ? 1 : part.total / size;
    const trained = this.#trained().filter(({ requiresGrad = true }) => requiresGrad);
    const { loss, isTold } = shared.take(X, y, part, share, trained);
    run.group = { batches: batches + 1, size: batches === 0 ? part.total : size, weight: weight + share };
    this.#finishBatch(loss, rate);
    const { iteration } = run.history;
    if (verify !== null && iteration % verify === 0) ranks.verify(run.model, iteration);
    if (isTold) ranks.telling.pass();
  }

  /** Updates the parameters where the step has all its batches. @param rate - The learning rate before. */
  #finishBatch(loss: number, rate: number | undefined): void {
    const run = this.#run;
    const { history } = run;
    const { accumulate, schedule } = run.options;
    const isComplete = run.group.batches === accumulate;
    if (isComplete) this.#update();
    history.iteration++;
    history.lossHistory.push(loss);
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
