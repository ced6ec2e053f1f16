// A convolutional net learns a few images by heart.

import { ThreeLayerConvNet } from '../../src/index.js';
import type { Experiment, Findings, Lab } from './support/experiment.js';
import { runIfStarted } from './support/lab.js';
import {
  accuracyText,
  bestTrainAcc,
  bestValAcc,
  finalTrainAcc,
  finalValAcc,
  firstImages,
  historyChart,
  measure,
  nameOf,
  type Run,
  repeat,
  type Trial,
  train,
} from './support/training.js';
import { count, percent, points } from './support/words.js';

const FULL = {
  images: 100,
  filters: 32,
  filterSize: 7,
  hidden: 100,
  weightScale: 1e-2,
  epochs: 15,
  batch: 50,
  learningRate: 1e-3,
  seeds: 3,
};
const QUICK = { ...FULL, images: 20, filters: 4, filterSize: 3, hidden: 20, epochs: 4, batch: 10, seeds: 1 };

/** The training accuracy from which a net counts as knowing its images by heart. */
const BY_HEART = 0.95;

export const overfitConv: Experiment = {
  name: 'overfit-conv',
  title: 'A convolutional net and a few images',
  question: 'Does a three-layer convolutional net learn a few images by heart, and what does it know then of others?',
  method:
    'A check before any long training: a net whose layers and gradients are right, and whose learning rate suits it, ' +
    'fits a small set closely. The training accuracy is that of all images trained on, after each epoch.',
  run,
};

async function run(lab: Lab): Promise<Findings> {
  const settings = lab.quick ? QUICK : FULL;
  const { images, filters, filterSize, hidden, weightScale, epochs, batch, learningRate, seeds } = settings;
  const data = firstImages(lab.data, images);
  const trial = repeat(lab, 'ThreeLayerConvNet', seeds, (seed) => {
    const options = { numFilters: filters, filterSize, hiddenDim: hidden, weightScale, seed };
    return train(new ThreeLayerConvNet(options), data, {
      updateRule: 'adam',
      optimConfig: { learningRate },
      numEpochs: epochs,
      batchSize: batch,
      numTrainSamples: null,
      seed,
    });
  });

  const n = data.yTrain.length;
  const [best, final, val] = [bestTrainAcc, finalTrainAcc, bestValAcc].map((quantity) => measure(trial, quantity));
  return {
    headline:
      `Best training accuracy on ${n} images within ${count(epochs, 'epoch')}: ${accuracyText(best)}; best ` +
      `validation accuracy ${accuracyText(val)}.`,
    settings: {
      net: `${filters} filters of ${filterSize} × ${filterSize}, ${hidden} hidden units, weight scale ${weightScale}`,
      training:
        `${n} images, ${count(epochs, 'epoch')}, batches of ${batch}, Adam with learning rate ${learningRate}, ` +
        count(seeds, 'seed'),
    },
    tables: [
      {
        caption: `By heart: the first epoch after which at least ${percent(BY_HEART)} of the images are right.`,
        columns: ['run', 'by heart', 'final training accuracy', 'best', 'final validation accuracy', 'best'],
        rows: trial.runs.map((one, i) => [
          `seed ${i + 1}`,
          epochByHeart(one)?.toString() ?? '–',
          ...[finalTrainAcc, bestTrainAcc, finalValAcc, bestValAcc].map((quantity) => percent(quantity(one))),
        ]),
      },
    ],
    figures: [
      {
        svg: await historyChart(
          lab,
          trial.runs.map((one, i) => ({ name: `seed ${i + 1}`, runs: [one] })),
        ),
      },
    ],
    conclusions: [byHeart(trial, epochs), others(trial, n, lab.data.yVal.length, lab.data.classes.length)],
    results: { name: nameOf(trial), epochsByHeart: trial.runs.map(epochByHeart), best, final, val, runs: trial.runs },
  };
}

/** The first epoch after which the net knows its images; null where there is none. */
function epochByHeart({ trainAccHistory }: Run): number | null {
  const epoch = trainAccHistory.findIndex((accuracy) => accuracy >= BY_HEART);
  return epoch < 0 ? null : epoch;
}

function byHeart(trial: Trial, epochs: number): string {
  const reached = trial.runs.map(epochByHeart).filter((epoch) => epoch !== null);
  const asked = `at least ${percent(BY_HEART)} of the training images are right`;
  if (reached.length === 0) {
    const best = percent(Math.max(...trial.runs.map(bestTrainAcc)));
    return `In no run ${asked} within ${count(epochs, 'epoch')}; the best reaches ${best}.`;
  }
  const [first, last] = [Math.min(...reached), Math.max(...reached)];
  const when =
    first === last ? `after epoch ${first}` : `after epoch ${first} at the earliest and ${last} at the latest`;
  return `In ${reached.length} of ${count(trial.runs.length, 'run')} ${asked}, ${when}.`;
}

function others(trial: Trial, trained: number, validated: number, classes: number): string {
  const [train, val] = [finalTrainAcc, finalValAcc].map((quantity) => measure(trial, quantity));
  const gap = train.mean - val.mean;
  const chance = `guessing among ${classes} classes would give ${percent(1 / classes)}`;
  const verdict =
    gap > 0.2
      ? 'what it knows by then is mostly these images, not their classes'
      : 'it has not fitted its images much more closely than others';
  return (
    `At the end ${accuracyText(train)} of the ${trained} training images are right and ${accuracyText(val)} of ` +
    `${validated} validation images, where ${chance}: a gap of ${points(gap)}; ${verdict}.`
  );
}

runIfStarted(overfitConv);
