// The notebook's open challenge: as good a classifier of CIFAR-10 as ten epochs give. `--help` lists the options.

import { join } from 'node:path';
import { Command, Option } from 'commander';
import { writeAtomically } from '../src/files/index.js';
import {
  checkAccuracy,
  ensemble,
  F,
  type FitHistory,
  fit,
  kernelInfo,
  manualSeed,
  type nn,
  predict,
  testTimeViews,
  topKAccuracy,
} from '../src/index.js';
import { checkStepMemory } from '../src/runs/step-memory.js';
import { recipes } from './challenge/models.js';
import type { Recipe } from './challenge/recipe.js';
import { challengeReport } from './challenge/report.js';
import { type Loaders, loadLoaders, withLoaderOptions } from './cifar10-loaders.js';
import { KeptHistory } from './kept-history.js';
import { describeKernels, finish, nonNegative, wholeNumber } from './options.js';
import { leads, loopOptions, type RankOptions, withRankOptions } from './ranks.js';

const command = withRankOptions(
  withLoaderOptions(
    new Command('cifar10-challenge').description(
      'Trains a network on CIFAR-10, tests it once, and writes a report: curves, confusions, mistakes, filters, times.',
    ),
    null,
  ),
)
  .addOption(new Option('--model <name>', 'what to train').choices(Object.keys(recipes)).default('airbench'))
  .option('--epochs <n>', "passes over the training images (default: the recipe's)", wholeNumber)
  .option('--lr <rate>', "peak learning rate (default: the recipe's)", nonNegative)
  .option('--ensemble <n>', 'networks to train, from different seeds, and to average', wholeNumber, 1)
  .option('--print-every <n>', 'iterations between two lines of loss', wholeNumber, 100)
  .option('--no-test', 'leave the test images alone: for trying out recipes')
  .option('--out <dir>', 'folder of the report (default: results/cifar10-challenge-<model>)')
  .parse();
const options = command.opts();

/** A trained network and its history. */
interface Trained {
  readonly model: nn.Sequential;
  readonly history: FitHistory;
}

async function main(): Promise<void> {
  const begin = performance.now();
  const isLeading = leads(command.opts<RankOptions>());
  // Says at once what is missing.
  loopOptions(command.opts<RankOptions>());
  const recipe: Recipe = recipes[options.model as keyof typeof recipes];
  const asked = { batch: recipe.batch, epochs: recipe.epochs, ...given(['batch', 'epochs']) };
  const lr = recipe.lr * (recipe.scalesRate ? asked.batch / recipe.batch : 1);
  const settings = { ...asked, lr, ...given(['lr']) };
  const loaders = loadLoaders(
    { ...command.opts(), batch: settings.batch, dropLast: recipe.dropLast },
    recipe.augmentation,
  );
  console.log(describeKernels(kernelInfo()));
  const out = options.out ?? join('results', `cifar10-challenge-${options.model}`);
  const kept = isLeading ? new KeptHistory(join(out, 'results.json')) : null;
  const about = { model: options.model, seed: options.seed, ...settings };

  const trained: Trained[] = [];
  for (let member = 0; member < options.ensemble; member++) {
    const seed = options.ensemble === 1 ? options.seed : `${options.seed}-${member}`;
    if (options.ensemble > 1) console.log(`\nNetwork ${member + 1} of ${options.ensemble}`);
    const before = trained.map(({ history }) => history);
    const onStep = (history: FitHistory): void => kept?.keep(() => ({ ...about, histories: [...before, history] }));
    trained.push(train(recipe, settings, seed, loaders, onStep));
  }
  if (kept === null) return;
  const seconds = (performance.now() - begin) / 1000;

  const [first] = trained;
  const model = trained.length === 1 ? first.model : ensemble(trained.map((one) => one.model));
  const scorer = recipe.views.length === 0 ? model : testTimeViews(model, recipe.views);
  const valAcc = checkAccuracy(loaders.val, scorer);
  const predictions = options.test ? predict(loaders.test, scorer) : null;
  const testAcc = predictions === null ? null : topKAccuracy(predictions.scores, predictions.labels, { k: 1 });
  const found = testAcc === null ? '' : `, test accuracy ${testAcc.toFixed(4)}`;
  console.log(`\nValidation accuracy ${valAcc.toFixed(4)}${found}, ${(seconds / 60).toFixed(1)} minutes`);

  const histories = trained.map(({ history }) => history);
  kept.finish({ ...about, valAcc, testAcc, seconds, histories });
  if (predictions === null || testAcc === null) return;
  const report = join(out, 'report.html');
  const machine = describeKernels(kernelInfo());
  const { images } = loaders;
  writeAtomically(
    '--out',
    report,
    await challengeReport({
      recipe,
      settings,
      model: first.model,
      histories,
      predictions,
      valAcc,
      testAcc,
      images,
      seconds,
      machine,
    }),
  );
  console.log(`Report written to ${report}`);
}

/** The options that were given on the command line. */
function given(names: readonly string[]): Record<string, number> {
  const named = names.filter((name) => command.getOptionValueSource(name) === 'cli');
  return Object.fromEntries(named.map((name) => [name, options[name]]));
}

function train(
  recipe: Recipe,
  { epochs, lr }: { epochs: number; lr: number },
  seed: string,
  { train: loader, val, images, sample }: Loaders,
  onStep: (history: FitHistory) => void,
): Trained {
  manualSeed(seed);
  const model = recipe.build(sample);
  const loop = loopOptions(command.opts<RankOptions>(), seed);
  const { batchSize } = loader;
  checkStepMemory(model, {
    ...{ fn: 'cifar10-challenge', arg: '--batch', batchSize, inputShape: [3, 32, 32] },
    examples: Math.ceil(Math.min(batchSize, images.data.yTrain.length) / (loop.distributed?.size ?? 1)),
  });
  if (options.ensemble === 1) console.log(`${model.summary([3, 32, 32])}\n`);
  const { optimizer, schedule, finish } = recipe.train(model, { lr, epochs, stepsPerEpoch: loader.length });
  const { labelSmoothing, weightAverage } = recipe;
  const history = fit(model, loader, {
    optimizer,
    epochs,
    ...(schedule && { schedule }),
    loss: (scores, y) => F.crossEntropy(scores, y, { labelSmoothing }),
    ...(weightAverage === undefined ? {} : { weightAverage }),
    valLoader: val,
    keepBest: recipe.keepBest,
    printEvery: options.printEvery,
    onStep,
    ...loop,
    onEpoch: ({ secondsHistory }) => console.log(`  ${secondsHistory.at(-1)?.toFixed(1)} s`),
  });
  finish?.();
  return { model, history };
}

finish(main);
