// A random search for a good fully connected net; the winner is trained longer, and tested once.

import {
  array,
  barChart,
  type Dataset,
  FullyConnectedNet,
  heatMap,
  imageGrid,
  type NDArray,
  predict,
  Random,
  type Tensor,
  topKAccuracy,
} from '../../src/index.js';
import { confusion as confusionOf, shares } from '../../src/insight/index.js';
import type { Experiment, Findings, Lab } from './support/experiment.js';
import { runIfStarted } from './support/lab.js';
import { commonestMistake } from './support/predictions.js';
import { StandardizedNet } from './support/standardized-net.js';
import { bestValAcc, firstImages, historyChart, type Run, train } from './support/training.js';
import { count, list, percent, points, scaleText } from './support/words.js';

const SCORES = { as: 'scores', batchSize: 500 } as const;

const FULL = {
  images: 49000,
  shapes: [
    [512, 256],
    [512, 512],
    [512, 256, 128],
  ],
  candidates: 8,
  searchImages: 20000,
  searchEpochs: 2,
  epochs: 16,
  batch: 125,
  lrDecay: 0.85,
};
const QUICK = {
  ...FULL,
  images: 500,
  shapes: [[30, 20], [40]],
  candidates: 3,
  searchImages: 200,
  searchEpochs: 1,
  epochs: 3,
  batch: 50,
};
type Settings = typeof FULL;

/** The accuracy that the notebook asks for, and the one that it reaches. */
const REQUIRED = 0.5;
const NOTEBOOK = 0.533;

/** The number of filters in the picture. */
const FILTERS = 40;

/** The hyperparameters that the search chooses. */
interface Candidate {
  readonly hiddenDims: readonly number[];
  /** Probability of keeping a unit. */
  readonly keep: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly weightScale: number;
}

export const bestFullyConnected: Experiment = {
  name: 'best-fully-connected',
  title: 'The best fully connected net',
  question: 'How many images can a fully connected net get right?',
  method:
    'A random search trains candidates for a few epochs on some of the images. The one with the best validation ' +
    'accuracy is trained anew on all of them, keeps the parameters of its best epoch, and sees the test images once. ' +
    'All nets have batch normalization and dropout, learn with AdamW, and get each image, less the mean image, at ' +
    'mean 0 and variance 1. Half of the minibatches are mirrored.',
  numTest: 10000,
  run,
};

async function run(lab: Lab): Promise<Findings> {
  const settings = lab.quick ? QUICK : FULL;
  const { images, candidates, searchImages, searchEpochs, epochs, batch, lrDecay, shapes } = settings;
  const some = firstImages(lab.data, searchImages);
  const all = firstImages(lab.data, images);
  const random = new Random(`${lab.seed} search`);
  const drawn = Array.from({ length: candidates }, () => draw(random, shapes));
  const search = drawn.map((candidate, i) => {
    const { run: tried } = trainCandidate(candidate, some, settings, searchEpochs, `${lab.seed}/${i + 1}`);
    // A candidate that diverges cannot win.
    const valAcc = tried.divergedAt === null ? bestValAcc(tried) : 0;
    console.log(`Candidate ${i + 1}, ${describe(candidate)}: validation accuracy ${percent(valAcc)}`);
    return { candidate, valAcc };
  });
  const best = search.reduce((a, b) => (b.valAcc > a.valAcc ? b : a));
  const winner = best.candidate;
  console.log(`The winner is trained for ${count(epochs, 'epoch')}`);
  const { model, run: trained } = trainCandidate(winner, all, settings, epochs, lab.seed, (line) => console.log(line));

  const { XVal, yVal, XTest, yTest, classes } = lab.data;
  const valAcc = topKAccuracy(predict<Tensor>(XVal, model, SCORES), yVal, { k: 1 });
  const scores = predict<Tensor>(XTest, model, SCORES);
  const testAcc = topKAccuracy(scores, yTest, { k: 1 });
  const confusion = shares(confusionOf(scores, yTest, classes.length));
  const trial = { name: describe(winner), runs: [trained] };
  const trainImages = all.yTrain.length;
  return {
    headline: `Validation accuracy ${percent(valAcc)}, test accuracy ${percent(testAcc)}: ${describe(winner)}.`,
    settings: {
      search: `${candidates} candidates, ${count(searchEpochs, 'epoch')} each on ${some.yTrain.length} images`,
      winner: `${describe(winner)}; ${count(epochs, 'epoch')}`,
      training: `${trainImages} images, batches of ${batch}, AdamW, learning rate × ${lrDecay} after each epoch`,
    },
    tables: [
      {
        caption: 'The winner.',
        columns: ['images', 'number', 'accuracy'],
        rows: [
          [
            'training, estimated on 1000',
            trainImages,
            percent(trained.trainAccHistory.at(bestEpoch(trained)) as number),
          ],
          ['validation', yVal.length, percent(valAcc)],
          ['test', yTest.length, percent(testAcc)],
        ],
      },
      {
        caption: 'The search, from the best validation accuracy to the worst.',
        columns: [
          'candidate',
          'hidden layers',
          'keep',
          'learning rate',
          'weight decay',
          'weight scale',
          'validation accuracy',
        ],
        rows: search
          .toSorted((a, b) => b.valAcc - a.valAcc)
          .map(({ candidate, valAcc: reached }) => [
            drawn.indexOf(candidate) + 1,
            candidate.hiddenDims.join(', '),
            ...[candidate.keep, candidate.learningRate, candidate.weightDecay, candidate.weightScale].map(scaleText),
            percent(reached),
          ]),
      },
    ],
    figures: [
      { svg: await historyChart(lab, [trial]), caption: 'The winner. The loss is that of the net with dropout.' },
      {
        svg: await barChart({
          title: 'The search',
          xTitle: 'candidate',
          yTitle: `validation accuracy after ${count(searchEpochs, 'epoch')}`,
          yFormat: 'percent',
          categories: search.map((_, i) => String(i + 1)),
          series: [{ name: 'validation accuracy', values: search.map((one) => one.valAcc) }],
        }),
      },
      {
        svg: await heatMap({
          title: 'What the test images were taken for',
          xTitle: 'predicted class',
          yTitle: 'true class',
          rows: classes,
          columns: classes,
          values: confusion,
          format: 'percent',
        }),
        caption: 'Shares of the images of a class.',
      },
      {
        svg: await imageGrid(filters(model.net), { columns: 10, scale: 2, normalize: true }),
        caption: `Weights of the first layer: what ${FILTERS} of its units look for.`,
      },
    ],
    conclusions: [
      verdict(valAcc, testAcc, yTest.length),
      overfitting(trained),
      `${commonestMistake(confusion, classes)} The validation set chose the candidate and the epoch, so that its ` +
        'accuracy is somewhat flattering; the test set chose nothing.',
    ],
    results: { valAcc, testAcc, winner, search, confusion, run: trained },
  };
}

/** A candidate at random: rates and scales evenly on a logarithmic axis. */
function draw(random: Random, shapes: readonly (readonly number[])[]): Candidate {
  const between = (low: number, high: number): number => low + (high - low) * random.rand([1], 'float64').data[0];
  const spread = (low: number, high: number): number =>
    Number((10 ** between(Math.log10(low), Math.log10(high))).toPrecision(2));
  return {
    hiddenDims: shapes[random.randint(0, shapes.length, 1)[0]],
    keep: Number(between(0.65, 0.8).toFixed(2)),
    learningRate: spread(3e-4, 2e-3),
    weightDecay: spread(1e-3, 1e-1),
    weightScale: spread(1e-2, 5e-2),
  };
}

/** Trains a candidate; the model gets the parameters and running statistics of its best epoch. */
function trainCandidate(
  { hiddenDims, keep, learningRate, weightDecay, weightScale }: Candidate,
  data: Dataset,
  { batch, lrDecay }: Settings,
  epochs: number,
  seed: string,
  say: (line: string) => void = () => {},
): { model: StandardizedNet; run: Run } {
  const net = new FullyConnectedNet(hiddenDims, { normalization: 'batchnorm', dropout: keep, weightScale, seed });
  const model = new StandardizedNet(net, new Random(`${seed} mirror`));
  let best = -1;
  let statistics: Pick<(typeof net.bnParams)[number], 'runningMean' | 'runningVar'>[] = [];
  const run = train(model, data, {
    updateRule: 'adamw',
    optimConfig: { learningRate, weightDecay },
    lrDecay,
    numEpochs: epochs,
    batchSize: batch,
    seed,
    onEpoch: ({ epoch, trainAccHistory, valAccHistory }) => {
      const valAcc = valAccHistory.at(-1) as number;
      say(
        `Epoch ${epoch}: training accuracy ${percent(trainAccHistory.at(-1) as number)}, validation ${percent(valAcc)}`,
      );
      if (valAcc <= best) return;
      best = valAcc;
      statistics = net.bnParams.map(({ runningMean, runningVar }) => ({
        runningMean: runningMean && array(runningMean),
        runningVar: runningVar && array(runningVar),
      }));
    },
  });
  // Training restores the parameters of the best epoch. Running statistics are no parameters, so restore them here.
  for (const [i, param] of net.bnParams.entries()) Object.assign(param, statistics[i]);
  return { model, run };
}

function describe({ hiddenDims, keep, learningRate, weightDecay, weightScale }: Candidate): string {
  return (
    `hidden layers of ${list(hiddenDims.map(String))}, keep ${keep}, learning rate ${learningRate}, ` +
    `weight decay ${weightDecay}, weight scale ${weightScale}`
  );
}

/** Columns of the first layer's weights as images (N, 32, 32, 3). */
function filters(net: FullyConnectedNet): NDArray {
  const w = net.params.W1;
  const shown = Math.min(FILTERS, w.shape[1]);
  return array(w.transpose(1, 0).hi(shown), [shown, 3, 32, 32]).transpose(0, 2, 3, 1);
}

function bestEpoch({ valAccHistory }: Run): number {
  return valAccHistory.indexOf(Math.max(...valAccHistory));
}

export function verdict(valAcc: number, testAcc: number, tested: number): string {
  // The standard error of a share.
  const error = Math.sqrt((testAcc * (1 - testAcc)) / tested);
  const compared =
    valAcc > NOTEBOOK
      ? `${points(valAcc - NOTEBOOK)} above the notebook's best of ${percent(NOTEBOOK)}`
      : `${points(valAcc - NOTEBOOK)} below the notebook's best of ${percent(NOTEBOOK)}`;
  const asked = valAcc >= REQUIRED ? 'more than' : 'less than';
  return (
    `The winner gets ${percent(valAcc)} of the validation images right, ${asked} the ${percent(REQUIRED)} that are ` +
    `asked for and ${compared}; of the test images ${percent(testAcc)} ± ${(100 * error).toFixed(1)}%.`
  );
}

export function overfitting(trained: Run): string {
  const at = bestEpoch(trained);
  const [training, validation] = [trained.trainAccHistory[at], trained.valAccHistory[at]];
  const gap = training - validation;
  const verdict =
    gap > 0.05
      ? 'even with dropout the net learns its images better than what they have in common'
      : 'the net hardly overfits';
  const end = trained.valAccHistory.length - 1;
  return (
    `Its best epoch is ${at} of ${end}. There the training accuracy is ${percent(training)}, ` +
    `${points(gap)} ${gap > 0 ? 'above' : 'below'} the validation accuracy: ` +
    `${verdict}.`
  );
}

runIfStarted(bestFullyConnected);
