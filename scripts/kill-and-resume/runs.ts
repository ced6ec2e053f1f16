// Small runs with everything that has a state: dropout, running statistics, augmentation, a schedule, an average of the
// weights, gradients that are added up, drawn samples, the best weights.

import {
  type CheckpointOptions,
  DataLoader,
  type FitOptions,
  FullyConnectedNet,
  fit,
  fitAsync,
  fitSteps,
  manualSeed,
  nn,
  optim,
  Random,
  Solver,
  type SolverOptions,
  transforms,
} from '../../src/index.js';
import type { Communicator } from '../../src/training/parallel/index.js';

/** What saves and continues a run; nothing in a run that is not interrupted. */
export interface Saving {
  readonly checkpoint?: CheckpointOptions;
  readonly resume?: true;
  /** The ranks that train together. */
  readonly distributed?: Communicator;
  readonly syncBatchnorm?: boolean;
  /** Called after each step. */
  readonly stepped?: () => void;
}

/** Three ways to run a loop to its end. */
const FORMS = ['at once', 'step by step', 'asynchronously'] as const;

/** How often runs are saved: by turns. */
const INTERVALS: readonly CheckpointOptions['every'][] = [1, 2, { iterations: 3 }, { seconds: 0.02 }, { epochs: 1 }];

/** What a run is called in reports. */
export function nameOf(number: number): string {
  return `${isFit(number) ? 'fit' : 'Solver'}, ${formOf(number)}`;
}

/** The options of a run that is saved in `dir`. */
export function savingOf(number: number, dir: string): Saving {
  const every = INTERVALS[number % INTERVALS.length];
  return { checkpoint: { dir, every, keep: 1 + (number % 3), best: number % 4 < 3 }, resume: true };
}

/** Runs a run to its end. @returns All that it ended with, but for times, as a text. */
export async function finalBits(number: number, saving: Saving = {}): Promise<string> {
  return isFit(number) ? fitBits(number, saving) : solverBits(number, saving);
}

function isFit(number: number): boolean {
  return number % 2 === 1;
}

function formOf(number: number): (typeof FORMS)[number] {
  return FORMS[Math.floor(number / 2) % FORMS.length];
}

async function solverBits(number: number, { stepped = () => {}, ...saving }: Saving): Promise<string> {
  const sizes = { inputDim: 6, numClasses: 3, weightScale: 0.3, seed: `net ${number}` };
  const model = new FullyConnectedNet([8, 8], { ...sizes, dropout: 0.8, normalization: 'batchnorm', reg: 1e-3 });
  const random = new Random(`data ${number}`);
  // Ends of other numbers of ranks are compared but for rounding, and of gradients that are rounding alone, as those of
  // the biases before a batch normalization, Adam makes whole steps.
  const updateRule = saving.syncBatchnorm ? 'sgd_momentum' : 'adam';
  const options: SolverOptions = {
    ...{ updateRule, optimConfig: { learningRate: 0.02 }, lrDecay: 0.9, verbose: false },
    ...{
      seed: number,
      batchSize: 10,
      numEpochs: 6,
      numTrainSamples: 20,
      numValSamples: 7,
      onIteration: stepped,
      ...saving,
    },
  };
  const [train, val] = [80, 20].map((N) => ({ X: random.randn([N, 6]), y: random.randint(0, 3, N) }));
  const solver = new Solver(model, { XTrain: train.X, yTrain: train.y, XVal: val.X, yVal: val.y }, options);
  const form = formOf(number);
  if (form === 'at once') solver.train();
  else if (form === 'asynchronously') await solver.trainAsync();
  else for (const _ of solver.steps());
  return asText(solver.stateDict());
}

async function fitBits(number: number, { stepped = () => {}, ...saving }: Saving): Promise<string> {
  manualSeed(`weights ${number}`);
  const random = new Random(`data ${number}`);
  const model = new nn.Sequential(
    ...[new nn.Conv2d(2, 4, 3, { padding: 1 }), new nn.BatchNorm2d(4), new nn.ReLU(), new nn.Dropout(0.3)],
    ...[new nn.Flatten(), new nn.Linear(100, 8), new nn.Dropout(0.2, { random: new Random(number) })],
    new nn.Linear(8, 3),
  );
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9, weightDecay: 1e-3 });
  const schedule =
    number % 4 === 1
      ? new optim.lrScheduler.OneCycleLR(optimizer, { maxLr: 0.1, epochs: 6, stepsPerEpoch: 3 })
      : new optim.lrScheduler.StepLR(optimizer, { stepSize: 1, gamma: 0.5 });
  const transform = transforms.compose([transforms.randomCrop(5, { padding: 1 }), transforms.randomHorizontalFlip()]);
  const dataset = (N: number) => ({ X: random.randn([N, 2, 5, 5]), y: random.randint(0, 3, N) });
  const loader = new DataLoader(dataset(40), { batchSize: 8, shuffle: true, seed: number, transform });
  const valLoader = new DataLoader(dataset(12), { batchSize: 5, transform, seed: `validation ${number}` });
  const options: FitOptions = {
    ...{ optimizer, schedule, valLoader, epochs: 6, accumulate: 2, clipGradNorm: 1, verbose: false },
    ...{ weightAverage: number % 3 === 0 ? undefined : 0.9, onStep: stepped, ...saving },
  };
  const form = formOf(number);
  if (form === 'step by step') {
    const run = fitSteps(model, loader, options);
    for (const _ of run);
    return asText({ weights: model.stateDict(), state: run.stateDict() });
  }
  const history = form === 'at once' ? fit(model, loader, options) : await fitAsync(model, loader, options);
  const states = [optimizer, schedule, loader, valLoader].map((part) => part.stateDict());
  return asText({ weights: model.stateDict(), history, states });
}

/** Everything but times. Numbers are written so that each reads back as the same. */
function asText(value: unknown): string {
  return JSON.stringify(value, (name, entry) => {
    if (name === 'secondsHistory' || name === 'seconds') return undefined;
    if (ArrayBuffer.isView(entry)) return Array.from(entry as Float32Array);
    return Object.is(entry, -0) ? '-0' : entry;
  });
}
