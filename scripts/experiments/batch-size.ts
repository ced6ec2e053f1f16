// Batch and layer normalization at small and large batches.

import { FullyConnectedNet, lineChart } from '../../src/index.js';
import type { Experiment, Findings, Lab } from './support/experiment.js';
import { runIfStarted } from './support/lab.js';
import {
  accuracyText,
  bestValAcc,
  finalTrainAcc,
  firstImages,
  meanHistory,
  measure,
  nameOf,
  repeat,
  type Trial,
  train,
} from './support/training.js';
import { count, list, percent, points, scaleText } from './support/words.js';

const FULL = {
  images: 1000,
  hidden: 100,
  layers: 6,
  weightScale: 2e-2,
  epochs: 10,
  batches: [5, 10, 50],
  learningRate: 10 ** -3.5,
  seeds: 3,
};
const QUICK = { ...FULL, images: 100, hidden: 20, epochs: 2, seeds: 1 };

type Normalization = 'batchnorm' | 'layernorm';
const NAMES = { batchnorm: 'batch normalization', layernorm: 'layer normalization' } as const;

export const batchSize: Experiment = {
  name: 'batch-size',
  title: 'Normalization and the size of a batch',
  question: 'How much do batch and layer normalization depend on the size of the batch?',
  method:
    'A six-layer net is trained with each normalization at several batch sizes, and without one at the smallest, ' +
    'for the same number of epochs: a batch of a tenth makes ten times as many steps. Numbers are means over several ' +
    'seeds.',
  run,
};

/** The trials of one normalization, in the order of the batch sizes. */
interface Family {
  readonly normalization: Normalization;
  readonly trials: readonly Trial[];
}

async function run(lab: Lab): Promise<Findings> {
  const settings = lab.quick ? QUICK : FULL;
  const { images, hidden, layers, weightScale, epochs, batches, learningRate, seeds } = settings;
  const data = firstImages(lab.data, images);
  const trial = (name: string, normalization: Normalization | null, batch: number): Trial =>
    repeat(lab, `${name}, batch ${batch}`, seeds, (seed) => {
      const net = new FullyConnectedNet(new Array(layers - 1).fill(hidden), { weightScale, normalization, seed });
      const optimConfig = { learningRate };
      return train(net, data, { updateRule: 'adam', optimConfig, numEpochs: epochs, batchSize: batch, seed });
    });
  const plain = trial('no normalization', null, batches[0]);
  const families = (['batchnorm', 'layernorm'] as const).map(
    (normalization): Family => ({
      normalization,
      trials: batches.map((batch) => trial(NAMES[normalization], normalization, batch)),
    }),
  );

  const [bn, ln] = families.map((family) => spreadOf(family));
  return {
    headline:
      `Final training accuracy differs between batch sizes by ${points(bn)} with batch normalization, by ` +
      `${points(ln)} with layer normalization.`,
    settings: {
      net: `${layers} layers, ${hidden} units in each hidden one, weight scale ${weightScale}`,
      'batch sizes': list(batches.map(String)),
      training:
        `${data.yTrain.length} images, ${count(epochs, 'epoch')}, Adam with learning rate ` +
        `${scaleText(learningRate)}, ` +
        count(seeds, 'seed'),
    },
    tables: [
      {
        columns: ['net', 'final training accuracy', 'best validation accuracy'],
        rows: [plain, ...families.flatMap((family) => family.trials)].map((one) => [
          nameOf(one),
          accuracyText(measure(one, finalTrainAcc)),
          accuracyText(measure(one, bestValAcc)),
        ]),
      },
    ],
    figures: await Promise.all(
      families.flatMap((family) => [
        accuracyChart('Training accuracy', 'trainAccHistory', family, plain),
        accuracyChart('Validation accuracy', 'valAccHistory', family, plain),
      ]),
    ),
    conclusions: [
      ...families.map((family) => order(family, batches, plain)),
      `The batch size moves the final training accuracy by ${points(bn)} with batch normalization and by ` +
        `${points(ln)} with layer normalization: ${influence(bn, ln)}.`,
    ],
    results: {
      batches,
      nets: [plain, ...families.flatMap((family) => family.trials)].map((one) => ({
        name: one.name,
        finalTrainAcc: measure(one, finalTrainAcc),
        bestValAcc: measure(one, bestValAcc),
        trainAccHistory: meanHistory(one).trainAccHistory,
        valAccHistory: meanHistory(one).valAccHistory,
      })),
    },
  };
}

/** The largest final training accuracy of a family less the smallest. */
function spreadOf({ trials }: Family): number {
  const accuracies = trials.map((trial) => measure(trial, finalTrainAcc).mean);
  return Math.max(...accuracies) - Math.min(...accuracies);
}

async function accuracyChart(
  what: string,
  history: 'trainAccHistory' | 'valAccHistory',
  { normalization, trials }: Family,
  plain: Trial,
): Promise<{ svg: string }> {
  const series = [...trials, plain].map((trial) => {
    const y = meanHistory(trial)[history];
    return { name: nameOf(trial), x: y.map((_, epoch) => epoch), y, dashed: trial === plain };
  });
  const drawn = series.filter(({ y }) => y.length > 0);
  const title = `${what}, ${NAMES[normalization]}`;
  return {
    svg: await lineChart({ title, xTitle: 'epoch', yTitle: 'accuracy', yFormat: 'percent', series: drawn }),
  };
}

function order({ normalization, trials }: Family, batches: readonly number[], plain: Trial): string {
  const ends = trials.map((trial) => measure(trial, finalTrainAcc).mean);
  const each = batches.map((batch, i) => `${percent(ends[i])} with batches of ${batch}`);
  const rising = ends.every((end, i) => i === 0 || end >= ends[i - 1]);
  const falling = ends.every((end, i) => i === 0 || end <= ends[i - 1]);
  const trend = rising
    ? 'the larger the batch, the better'
    : falling
      ? 'the smaller the batch, the better'
      : 'in no order';
  const baseline = measure(plain, finalTrainAcc).mean;
  const better = ends.filter((end) => end > baseline).length;
  return (
    `With ${NAMES[normalization]} the training accuracy ends at ${list(each)}: ${trend}. ` +
    `Without normalization it ends at ${percent(baseline)} with batches of ${batches[0]}, which ` +
    `${better} of the ${batches.length} normalized nets beat.`
  );
}

export function influence(bn: number, ln: number): string {
  if (ln < 0.75 * bn) {
    return (
      'layer normalization, whose statistics come from one example, depends less on it than batch ' +
      'normalization, whose statistics come from the batch'
    );
  }
  if (bn < 0.75 * ln) return 'here batch normalization depends less on it';
  return 'here the two depend on it alike';
}

runIfStarted(batchSize);
