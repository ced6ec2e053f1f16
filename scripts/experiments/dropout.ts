// A net that learns 500 images by heart, with dropout and without.

import { FullyConnectedNet } from '../../src/index.js';
import type { Experiment, Findings, Lab } from './support/experiment.js';
import { runIfStarted } from './support/lab.js';
import {
  accuracyText,
  bestValAcc,
  compare,
  finalTrainAcc,
  firstImages,
  historyChart,
  measure,
  nameOf,
  type Run,
  repeat,
  type Trial,
  train,
} from './support/training.js';
import { count, points } from './support/words.js';

const FULL = { images: 500, hidden: 500, epochs: 25, batch: 100, learningRate: 5e-4, keep: 0.25, seeds: 5 };
const QUICK = { ...FULL, images: 100, hidden: 50, epochs: 4, batch: 20, seeds: 1 };

/** The validation accuracy is a mean over so many epochs at the end: that of one epoch goes up and down by chance. */
const LATE = 5;

export const dropout: Experiment = {
  name: 'dropout',
  title: 'Dropout as a regularizer',
  question: 'What does dropout do to a net that has more weights than it has images to learn from?',
  method:
    'A two-layer net is trained on few images, once keeping every hidden unit and once keeping a quarter of them ' +
    'in each step. Numbers are means over several seeds, ± their standard error.',
  run,
};

async function run(lab: Lab): Promise<Findings> {
  const { images, hidden, epochs, batch, learningRate, keep, seeds } = lab.quick ? QUICK : FULL;
  const data = firstImages(lab.data, images);
  const trial = (name: string, p: number): Trial =>
    repeat(lab, name, seeds, (seed) => {
      const net = new FullyConnectedNet([hidden], { dropout: p, seed });
      const optimConfig = { learningRate };
      return train(net, data, { updateRule: 'adam', optimConfig, numEpochs: epochs, batchSize: batch, seed });
    });
  const without = trial('no dropout', 1);
  const dropped = trial(`keep ${keep}`, keep);

  const [gap, gapDropped] = [without, dropped].map(gapOf);
  return {
    headline:
      `Training accuracy is ahead of validation accuracy by ${points(gap)} without dropout, by ${points(gapDropped)} ` +
      `keeping ${100 * keep}%.`,
    settings: {
      net: `2 layers, ${hidden} hidden units`,
      'keep probability': `1 and ${keep}`,
      training:
        `${data.yTrain.length} images, ${count(epochs, 'epoch')}, batches of ${batch}, Adam with learning rate ` +
        `${learningRate}, ` +
        count(seeds, 'seed'),
    },
    tables: [
      {
        caption: `The late validation accuracy is the mean of the last ${LATE} epochs.`,
        columns: ['net', 'final training accuracy', 'late validation accuracy', 'best validation accuracy'],
        rows: [without, dropped].map((one) => [
          nameOf(one),
          ...[finalTrainAcc, lateValAcc, bestValAcc].map((quantity) => accuracyText(measure(one, quantity))),
        ]),
      },
    ],
    figures: [
      {
        svg: await historyChart(lab, [without, dropped], { lossScale: 'log' }),
        caption: `Means over ${count(seeds, 'seed')}. The loss with dropout is that of the thinned net.`,
      },
    ],
    conclusions: [overfitting(without, dropped, keep), generalization(without, dropped)],
    results: {
      nets: [without, dropped].map((one) => ({
        name: one.name,
        finalTrainAcc: measure(one, finalTrainAcc),
        lateValAcc: measure(one, lateValAcc),
        bestValAcc: measure(one, bestValAcc),
        runs: one.runs,
      })),
    },
  };
}

function lateValAcc({ valAccHistory }: Run): number {
  const late = valAccHistory.slice(-LATE);
  return late.reduce((sum, accuracy) => sum + accuracy, 0) / late.length;
}

/** How far the training accuracy ends above the validation accuracy. */
function gapOf(trial: Trial): number {
  return measure(trial, (run) => finalTrainAcc(run) - lateValAcc(run)).mean;
}

export function overfitting(without: Trial, dropped: Trial, keep: number): string {
  const [a, b] = [without, dropped].map((one) => measure(one, finalTrainAcc));
  const [gap, gapDropped] = [without, dropped].map(gapOf);
  const verdict =
    gapDropped < gap
      ? 'with dropout the net fits its images less closely'
      : 'here dropout does not keep the net from fitting its images';
  return (
    `Without dropout the net ends at ${accuracyText(a)} of the training images right, keeping ${100 * keep}% at ` +
    `${accuracyText(b)}. The gap to the validation accuracy is ${points(gap)} without and ${points(gapDropped)} ` +
    `with it: ${verdict}.`
  );
}

export function generalization(without: Trial, dropped: Trial): string {
  const [a, b] = [without, dropped].map((one) => measure(one, lateValAcc));
  const found =
    `The validation accuracy of the last ${LATE} epochs is ${accuracyText(a)} without dropout and ` +
    `${accuracyText(b)} with it`;
  const order = compare(b, a);
  if (order > 0) return `${found}: it regularizes, and the net generalizes better.`;
  if (order < 0) return `${found}: this much dropout costs more than it gains.`;
  return (
    `${found}, a difference below twice its standard error: on so few images it neither helps nor harms ` +
    'measurably.'
  );
}

runIfStarted(dropout);
