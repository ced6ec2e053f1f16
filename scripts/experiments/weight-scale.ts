// An eight-layer net from initial weights of twenty scales, with and without batch normalization.

import { FullyConnectedNet, lineChart } from '../../src/index.js';
import type { Experiment, Findings, Lab } from './support/experiment.js';
import { runIfStarted } from './support/lab.js';
import {
  bestTrainAcc,
  bestValAcc,
  finalLoss,
  firstImages,
  lossText,
  measure,
  nameOf,
  repeat,
  type Trial,
  train,
} from './support/training.js';
import { count, fromTo, logspace, percent, scaleText } from './support/words.js';

const FULL = {
  images: 1000,
  hidden: 50,
  layers: 8,
  weightScales: logspace(-4, 0, 20),
  epochs: 10,
  batch: 50,
  learningRate: 1e-3,
  seeds: 3,
};
const QUICK = { ...FULL, images: 100, hidden: 10, weightScales: logspace(-4, 0, 5), epochs: 2, batch: 20, seeds: 1 };

/** The notebook's final loss is the mean over this many iterations. */
const LAST = 100;

/** A scale is good if the net reaches this share of the validation accuracy at its best scale. */
const GOOD = 0.9;

export const weightScale: Experiment = {
  name: 'weight-scale',
  title: 'Batch normalization and weight scale',
  question: 'How does the scale of the initial weights affect a deep net with batch normalization, and one without?',
  method:
    'An eight-layer net is trained from weights of each scale, with batch normalization and without it. ' +
    `Numbers are means over several seeds. The final loss is the mean of the last ${LAST} iterations.`,
  run,
};

/** The trials of a net, one for each scale. */
interface Sweep {
  readonly name: string;
  readonly trials: readonly Trial[];
}

async function run(lab: Lab): Promise<Findings> {
  const settings = lab.quick ? QUICK : FULL;
  const { images, hidden, layers, weightScales, epochs, batch, learningRate, seeds } = settings;
  const data = firstImages(lab.data, images);
  const sweep = (name: string, normalization: 'batchnorm' | null): Sweep => {
    const trials = weightScales.map((scale) =>
      repeat(lab, `${name} from ${scaleText(scale)}`, seeds, (seed) => {
        const hiddenDims = new Array(layers - 1).fill(hidden);
        const net = new FullyConnectedNet(hiddenDims, { weightScale: scale, normalization, seed });
        const optimConfig = { learningRate };
        return train(net, data, { updateRule: 'adam', optimConfig, numEpochs: epochs, batchSize: batch, seed });
      }),
    );
    return { name, trials };
  };
  const normalized = sweep('batch normalization', 'batchnorm');
  const plain = sweep('plain', null);

  const of = ({ trials }: Sweep, quantity: Parameters<typeof measure>[1]): number[] =>
    trials.map((trial) => measure(trial, quantity).mean);
  const quantities = [
    { title: 'Best validation accuracy', quantity: bestValAcc, yTitle: 'accuracy', yFormat: 'percent' },
    { title: 'Best training accuracy', quantity: bestTrainAcc, yTitle: 'accuracy', yFormat: 'percent' },
    { title: 'Final training loss', quantity: finalLoss(LAST), yTitle: 'loss', yDomain: [0.5, 3.5] },
  ] as const;
  const figures = quantities.map(async ({ title, quantity, ...axis }) => ({
    svg: await lineChart({
      title,
      xTitle: 'weight scale: standard deviation of the initial weights (logarithmic)',
      xScale: 'log',
      ...axis,
      series: [normalized, plain]
        .map((one) => ({ name: one.name, x: weightScales, y: of(one, quantity) }))
        .filter(({ y }) => y.some(Number.isFinite)),
    }),
    ...('yDomain' in axis
      ? { caption: 'The axis ends at 3.5; guessing costs 2.3. A run that diverged is a gap.' }
      : {}),
  }));

  const [good, goodPlain] = [normalized, plain].map((one) => goodScales(weightScales, of(one, bestValAcc)));
  const [a, b] = [normalized, plain];
  return {
    headline:
      `Scales that reach ${100 * GOOD}% of the net's best validation accuracy: ${good.length} of ` +
      `${weightScales.length} with batch normalization, ${goodPlain.length} without.`,
    settings: {
      net: `${layers} layers, ${hidden} units in each hidden one`,
      'weight scales': fromTo(weightScales),
      training:
        `${data.yTrain.length} images, ${count(epochs, 'epoch')}, batches of ${batch}, Adam with learning rate ` +
        `${learningRate}, ` +
        count(seeds, 'seed'),
    },
    tables: [
      {
        caption: 'Best accuracies and final loss, with batch normalization (BN) and without (plain).',
        columns: ['scale', 'validation, BN', 'plain', 'training, BN', 'plain', 'final loss, BN', 'plain'],
        rows: weightScales.map((scale, i) => [
          scaleText(scale),
          ...[a, b].map(({ trials }) => percent(measure(trials[i], bestValAcc).mean)),
          ...[a, b].map(({ trials }) => percent(measure(trials[i], bestTrainAcc).mean)),
          ...[a, b].map(({ trials }) => lossText(measure(trials[i], finalLoss(LAST)))),
        ]),
      },
    ],
    figures: await Promise.all(figures),
    conclusions: [
      breadth(good, goodPlain, weightScales.length),
      ends(weightScales, of(a, bestTrainAcc), of(b, bestTrainAcc)),
    ],
    results: {
      weightScales,
      nets: [a, b].map((one) => ({
        name: one.name,
        bestValAcc: of(one, bestValAcc),
        bestTrainAcc: of(one, bestTrainAcc),
        finalLoss: of(one, finalLoss(LAST)),
        diverged: one.trials.map((trial) => trial.runs.map((run) => run.divergedAt)),
        names: one.trials.map(nameOf),
      })),
    },
  };
}

/** The scales whose accuracy is at least {@link GOOD} of the best. */
function goodScales(scales: readonly number[], accuracies: readonly number[]): number[] {
  const best = Math.max(...accuracies.filter(Number.isFinite));
  return scales.filter((_, i) => accuracies[i] >= GOOD * best);
}

export function breadth(good: readonly number[], plain: readonly number[], total: number): string {
  const range = (scales: readonly number[]): string =>
    `${scales.length} of ${total} scales, between ${scaleText(Math.min(...scales))} and ` +
    `${scaleText(Math.max(...scales))}`;
  const verdict =
    good.length > plain.length
      ? 'Batch normalization makes the net less sensitive to the scale'
      : 'Here batch normalization does not make the net less sensitive to the scale';
  return (
    `With batch normalization the validation accuracy is at least ${100 * GOOD}% of its best at ${range(good)}; ` +
    `without it, at ${range(plain)}. ${verdict}.`
  );
}

export function ends(scales: readonly number[], normalized: readonly number[], plain: readonly number[]): string {
  const at = (i: number): string =>
    `${scaleText(scales.at(i) as number)} the training accuracy is ${percent(normalized.at(i) as number)} with it ` +
    `and ${percent(plain.at(i) as number)} without`;
  // Guessing gets a tenth.
  const stuck = scales.filter((_, i) => !(plain[i] > 0.2) && normalized[i] > 0.2);
  const reason =
    stuck.length > 0
      ? `At ${count(stuck.length, 'scale')}, up to ${scaleText(Math.max(...stuck))}, the plain net learns next to ` +
        'nothing where the normalized one learns: normalization brings each layer back to unit variance, whatever ' +
        'the weights do to it.'
      : 'There is no scale at which only the plain net fails to learn.';
  return `At ${at(0)}; at ${at(-1)}. ${reason}`;
}

runIfStarted(weightScale);
