// What the scripts that train with a Solver share: training, and the results that they print and write.

import { kernelInfo, type Model, Solver } from '../src/index.js';
import { loadImages } from './cifar10-data.js';
import { KeptHistory } from './kept-history.js';
import { describeKernels } from './options.js';
import { leads, loopOptions, type RankOptions } from './ranks.js';

/** Options of their command lines. */
export interface TrainingOptions extends RankOptions {
  readonly data?: string;
  readonly synthetic?: boolean;
  readonly train: number;
  readonly batch: number;
  readonly epochs: number;
  readonly lr: number;
  readonly lrDecay: number;
  readonly printEvery: number;
  readonly seed: string;
  readonly out: string;
}

/**
 * Trains a model on CIFAR-10, scores the test images, prints the accuracies and times, and writes the history to
 * `options.out`, as JSON with the options. Of several ranks only rank 0 prints and writes.
 *
 * @returns Whether this process is the one that does.
 */
export function trainOnImages(model: Model, updateRule: 'sgd' | 'adam', options: TrainingOptions): boolean {
  const begin = performance.now();
  const isLeading = leads(options);
  const { data, source } = loadImages(options.data, { numTraining: options.train, numTest: 10000 }, options.synthetic);
  const loaded = performance.now();
  console.log(describeKernels(kernelInfo()));
  const kept = isLeading ? new KeptHistory(options.out) : null;

  const solver = new Solver(model, data, {
    updateRule,
    optimConfig: { learningRate: options.lr },
    lrDecay: options.lrDecay,
    batchSize: options.batch,
    numEpochs: options.epochs,
    printEvery: options.printEvery,
    seed: options.seed,
    onIteration: (solver) => kept?.keep(() => ({ data: source, options, ...historyOf(solver) })),
    ...loopOptions(options),
  });
  solver.train();
  const trained = performance.now();

  const testAcc = solver.checkAccuracy(data.XTest, data.yTest);
  if (kept === null) return false;
  const seconds = (from: number, to: number): string => `${((to - from) / 1000).toFixed(1)} s`;
  console.log(`Best validation accuracy ${solver.bestValAcc.toFixed(4)}, test accuracy ${testAcc.toFixed(4)}`);
  console.log(`Loading took ${seconds(begin, loaded)}, training ${seconds(loaded, trained)}`);

  const outcome = { testAcc, seconds: (trained - loaded) / 1000 };
  kept.finish({ data: source, options, ...outcome, ...historyOf(solver) });
  console.log(`History written to ${kept.file}`);
  return true;
}

/** The histories of a run, which may still be going on. */
function historyOf({ bestValAcc, lossHistory, trainAccHistory, valAccHistory }: Solver): object {
  return { bestValAcc, lossHistory, trainAccHistory, valAccHistory };
}
