import { isNDArray } from '../../src/arrays/index.js';
import {
  DataLoader,
  type FitHistory,
  type FitOptions,
  type FitRun,
  type FitState,
  FullyConnectedNet,
  fit,
  fitSteps,
  type Model,
  manualSeed,
  type NDArray,
  nn,
  optim,
  Random,
  Solver,
  type SolverOptions,
  type SolverState,
  transforms,
} from '../../src/index.js';
import { blobs } from './nets.js';

/**
 * A Solver with everything that has state: dropout, running statistics, Adam, decay, drawn samples. Its best is not its
 * last.
 */
export function makeSolver(options: SolverOptions = {}, model: Model = dropoutNet()): Solver {
  const settings = { verbose: false, seed: 1, batchSize: 10, numEpochs: 4, lrDecay: 0.9 };
  const samples = { numTrainSamples: 20, numValSamples: 7 };
  const rule = { updateRule: 'adam', optimConfig: { learningRate: 0.05 } } as const;
  return new Solver(model, blobs(80, 6, 3, 1), { ...settings, ...samples, ...rule, ...options });
}

/** A net of which every pass draws, and that keeps running statistics. */
export function dropoutNet(seed: string | undefined = 'net'): FullyConnectedNet {
  const sizes = { inputDim: 6, numClasses: 3, weightScale: 0.3 };
  return new FullyConnectedNet([8, 8], { ...sizes, dropout: 0.8, normalization: 'batchnorm', seed });
}

/** Trains a Solver from a state. @returns Where it ends. */
export function continuedSolver(state: SolverState): SolverState {
  const solver = makeSolver({}, dropoutNet('another'));
  solver.loadStateDict(state);
  solver.train();
  return solver.stateDict();
}

/** Everything that a run of `fit` with every option is made of. */
export interface FitSetup {
  readonly model: nn.Module;
  readonly loader: DataLoader;
  readonly options: FitOptions;
}

/**
 * A run of `fit` with everything that has state: dropout from two generators, running statistics, augmentation, a
 * shuffling loader, momentum, a schedule of steps or epochs, clipping, an average of the weights, the best weights,
 * patience.
 *
 * @param seed - Of all weights and generators: what a state has to replace.
 */
export function fitSetup(seed: string, every: 'step' | 'epoch' = 'step', options: Partial<FitOptions> = {}): FitSetup {
  manualSeed(seed);
  const { XTrain, yTrain, XVal, yVal } = blobs(48, 2 * 5 * 5, 3, 1);
  const images = (X: NDArray): NDArray => new Random(0).randn([X.shape[0], 2, 5, 5]);
  const model = new nn.Sequential(
    ...[new nn.Conv2d(2, 4, 3, { padding: 1 }), new nn.BatchNorm2d(4), new nn.ReLU(), new nn.Dropout(0.3)],
    ...[
      new nn.Flatten(),
      new nn.Linear(100, 8),
      new nn.Dropout(0.2, { random: new Random(seed) }),
      new nn.Linear(8, 3),
    ],
  );
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9, weightDecay: 1e-3 });
  const schedule =
    every === 'step'
      ? new optim.lrScheduler.OneCycleLR(optimizer, { maxLr: 0.1, epochs: 3, stepsPerEpoch: 5 })
      : new optim.lrScheduler.StepLR(optimizer, { stepSize: 1, gamma: 0.5 });
  const transform = transforms.compose([transforms.randomCrop(5, { padding: 1 }), transforms.randomHorizontalFlip()]);
  const loader = new DataLoader(
    { X: images(XTrain), y: yTrain },
    { batchSize: 8, shuffle: true, seed: `${seed} loader`, transform },
  );
  const valLoader = new DataLoader({ X: images(XVal), y: yVal }, { batchSize: 5, transform, seed: `${seed} val` });
  const settings = { epochs: 3, clipGradNorm: 1, weightAverage: 0.9, patience: 3, verbose: false };
  return { model, loader, options: { optimizer, schedule, valLoader, ...settings, ...options } };
}

/** Goes through a run. @returns Where it ended: weights, and history but for the times. */
export function finishedFit({ model }: FitSetup, run: FitRun): unknown {
  for (;;) {
    const next = run.next();
    if (next.done) return fitBits(model, next.value);
  }
}

/** Trains from a state. @returns As {@link finishedFit}. */
export function continuedFit(
  state: FitState,
  every: 'step' | 'epoch' = 'step',
  options: Partial<FitOptions> = {},
): unknown {
  const { model, loader, options: own } = fitSetup('another', every, options);
  return fitBits(model, fit(model, loader, { ...own, state }));
}

function fitBits(model: nn.Module, { secondsHistory, ...history }: FitHistory): unknown {
  return bitsOf({ history: { ...history, epochs: secondsHistory.length }, weights: model.stateDict() });
}

/** The same of any run of `fit`, from its beginning. */
export function wholeFit(seed: string, every: 'step' | 'epoch' = 'step', options: Partial<FitOptions> = {}): unknown {
  const setup = fitSetup(seed, every, options);
  return finishedFit(setup, fitSteps(setup.model, setup.loader, setup.options));
}

/**
 * Everything in a state, with arrays as their bits: for `toEqual`.
 *
 * @throws {Error} if there is anything but plain data.
 */
export function bitsOf(value: unknown, path = 'state'): unknown {
  if (isNDArray(value)) return { shape: value.shape, values: Array.from((value as NDArray).data) };
  if (Array.isArray(value)) return value.map((entry, i) => bitsOf(entry, `${path}[${i}]`));
  if (typeof value === 'object' && value !== null) {
    if (Object.getPrototypeOf(value) !== Object.prototype) throw new Error(`${path} is no plain object`);
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, bitsOf(entry, `${path}.${key}`)]));
  }
  if (value === null || ['number', 'string', 'boolean'].includes(typeof value)) return value;
  throw new Error(`${path} is ${String(value)}`);
}
