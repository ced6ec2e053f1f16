import type { NDArray } from '../arrays/index.js';
import { TwoLayerNet } from '../classifiers/index.js';
import { cifar10Size, DataLoader, loadCifar10 } from '../data/index.js';
import type { Logger } from '../loggers/index.js';
import { Solver } from '../solver.js';
import { shownPath, syntheticFolder } from './places.js';
import type { OnProgress, Outcome, RunConfig, Task, TaskData, TaskPart, TrainOptions } from './types.js';

/** Opens a config: reads the data, builds the model. */
export async function openTask(config: RunConfig, options: { onProgress?: OnProgress } = {}): Promise<Task> {
  const data = await openData(config, options);
  const model = new TwoLayerNet({ ...config.model.options, seed: config.seed });
  const { batchSize, epochs, lr, lrDecay, printEvery } = config.training as Record<string, unknown> & {
    batchSize: number;
    epochs: number;
  };
  const total = epochs * Math.max(1, Math.floor(data.train.length / batchSize));
  const train = async ({ checkpoint, resume, loggers = [], signal, onEvent, verbose }: TrainOptions = {}) => {
    const [XTrain, yTrain] = everything(data.train);
    const [XVal, yVal] = everything(data.val as TaskPart);
    const told: Logger[] = onEvent === undefined ? [] : [{ onStep: onEvent, onEpoch: onEvent }];
    const solver = new Solver(model, { XTrain, yTrain, XVal, yVal } as never, {
      updateRule: 'sgd',
      optimConfig: { learningRate: lr as number },
      lrDecay: lrDecay as number,
      batchSize,
      numEpochs: epochs,
      printEvery: printEvery as number,
      verbose: verbose ?? true,
      seed: config.seed,
      loggers: [...loggers, ...told],
      ...(checkpoint && { checkpoint }),
      ...(checkpoint && resume && { resume }),
    });
    await solver.trainAsync(signal === undefined ? {} : { signal });
    const { epoch, iteration, bestValAcc, lossHistory, trainAccHistory, valAccHistory } = solver;
    const history = { lossHistory, trainAccHistory, valAccHistory };
    return { epoch, iteration, bestValAcc, bestValLoss: null, history } satisfies Outcome;
  };
  return { config, model, kind: 'Solver', data, total, train };
}

function everything(part: TaskPart): [NDArray, Int32Array] {
  return [part.batch(Int32Array.from({ length: part.length }, (_, i) => i)), part.labels as Int32Array];
}

/** The data of a config, read and split. */
export async function openData(config: RunConfig, { onProgress }: { onProgress?: OnProgress } = {}): Promise<TaskData> {
  const { kind, path, numTraining, numValidation, numTest } = config.data;
  const folder = path ?? syntheticFolder();
  onProgress?.('reading the images', 0, 1);
  const size = cifar10Size(folder);
  const validation = Math.min(numValidation as number, Math.floor(size.train / 5));
  const images = loadCifar10(folder, {
    numTraining: Math.min((numTraining as number | null) ?? 49000, size.train - validation),
    numValidation: validation,
    numTest: Math.min(numTest as number, size.test),
    subtractMean: false,
  });
  onProgress?.('reading the images', 1, 1);
  const { classes, meanImage } = images;
  const mean = [...meanImage.data];
  const minusMean = (X: NDArray): NDArray => {
    for (let i = 0; i < X.size; i++) X.data[i] -= mean[i % mean.length];
    return X;
  };
  const part = (X: NDArray, y: Int32Array): TaskPart => {
    const loader = new DataLoader({ X, y }, { batchSize: 250, transform: minusMean });
    return {
      length: y.length,
      labels: y,
      targets: null,
      loader: loader as TaskPart['loader'],
      batch: (indices) => loader.batch(indices)[0],
      pictures: (indices) => new DataLoader({ X, y }).batch(indices)[0],
    };
  };
  const [train, val, test] = [
    part(images.XTrain, images.yTrain),
    part(images.XVal, images.yVal),
    part(images.XTest, images.yTest),
  ];
  const inputShape = [3, 32, 32];
  const counts = `${train.length} to train on, ${val.length} to validate, ${test.length} to test`;
  const source = `${kind === 'synthetic' ? 'synthetic pictures' : 'CIFAR-10'} in ${shownPath(folder)}: ${counts}`;
  const preprocessing = { kind: 'images' as const, inputShape, classes, mean, std: null };
  return { train, val, test, classes, inputShape, source, preprocessing };
}
