// A classifier of a config, trained by a Solver.

import { argumentError, hostRoom, hostValues, type NDArray, zeros } from '../arrays/index.js';
import type { Model } from '../classifiers/index.js';
import { Solver, type SolverOptions } from '../solver.js';
import type { Rule } from '../training/index.js';
import { settingsIn } from './optimizer.js';
import { OPTIMIZERS } from './settings.js';
import type { OnProgress, Outcome, RunConfig, TaskData, TaskPart, TrainOptions } from './types.js';

/** The most numbers in an array of inputs. */
const MOST_NUMBERS = 2 ** 30;

/** What trains, and how many iterations it will take. */
export interface Trainer {
  readonly total: number;
  train(options: TrainOptions): Promise<Outcome>;
}

/** A Solver for a config: its examples are in arrays. */
export function solverFor(
  fn: string,
  config: RunConfig,
  model: Model,
  data: TaskData,
  onProgress: OnProgress,
): Trainer {
  const { epochs, batchSize, printEvery, optimizer, lr, lrDecay } = config.training;
  const [XTrain, yTrain] = arraysOf(fn, data.train, data.inputShape, 'preparing the training examples', onProgress);
  const [XVal, yVal] = arraysOf(
    fn,
    data.val as TaskPart,
    data.inputShape,
    'preparing the validation examples',
    onProgress,
  );
  const names = Object.keys(OPTIMIZERS.Solver[optimizer as keyof typeof OPTIMIZERS.Solver]);
  const total = epochs * Math.max(1, Math.floor(data.train.length / batchSize));
  const train = async (options: TrainOptions): Promise<Outcome> => {
    const { checkpoint, resume = false, loggers = [], ui, signal, onEvent, verbose = true } = options;
    const { distributed, syncBatchnorm, verify } = options;
    const settings = {
      updateRule: optimizer as Rule,
      optimConfig: {
        ...settingsIn(
          config.training,
          names.filter((name) => name !== 'lr'),
        ),
        learningRate: lr,
      },
      ...{ lrDecay: lrDecay as number, batchSize, numEpochs: epochs, printEvery, verbose, seed: config.seed },
      loggers: onEvent === undefined ? loggers : [...loggers, { onStep: onEvent, onEpoch: onEvent }],
      ...(checkpoint !== undefined && { checkpoint, resume }),
      ...(ui !== undefined && { ui }),
      ...(distributed !== undefined && { distributed, syncBatchnorm, verify }),
    };
    const solver = new Solver(model, { XTrain, yTrain, XVal, yVal } as never, settings as SolverOptions as never);
    await solver.trainAsync(signal === undefined ? {} : { signal });
    const { epoch, iteration, bestValAcc, bestValLoss, lossHistory, trainAccHistory, valAccHistory } = solver;
    const history = { lossHistory, trainAccHistory, valAccHistory };
    return { epoch, iteration, bestValAcc: data.classes === null ? null : bestValAcc, bestValLoss, history };
  };
  return { total, train };
}

/** All examples of a part in one array, and their targets. @throws {RangeError} if they are too many for one. */
function arraysOf(
  fn: string,
  part: TaskPart,
  inputShape: readonly number[],
  what: string,
  onProgress: OnProgress,
): [NDArray, Int32Array | NDArray] {
  const { length, labels, loader } = part;
  const size = inputShape.reduce((a, b) => a * b, 1);
  if (length * size > MOST_NUMBERS) {
    const found = `are ${length} of ${size} numbers, which a Solver needs in one array`;
    const expected = `at most ${Math.floor(MOST_NUMBERS / size)}: set numTraining, or take a model that fit trains`;
    throw argumentError(RangeError, { fn, arg: 'the examples', found, expected });
  }
  const X = zeros([length, ...inputShape]);
  const room = hostRoom(X);
  let y: NDArray | null = null;
  let n = 0;
  for (const [inputs, targets] of loader) {
    room.set(hostValues(inputs), n * size);
    if (labels === null) {
      const numbers = targets as NDArray;
      y ??= zeros([length, numbers.shape[1]]);
      hostRoom(y).set(hostValues(numbers), n * numbers.shape[1]);
    }
    n += inputs.shape[0];
    onProgress(what, n, length);
  }
  return [X, labels ?? (y as NDArray)];
}
