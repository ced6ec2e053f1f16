// The report of the CIFAR-10 challenge.

import {
  type FitHistory,
  heatMap,
  htmlReport,
  imageGrid,
  lineChart,
  type NDArray,
  type nn,
  type Predictions,
  type ReportFigure,
  type ReportTable,
} from '../../src/index.js';
import { confusion as confusionOf, layerTable, mostConfidentMistakes, shares } from '../../src/insight/index.js';
import type { LoadedImages } from '../cifar10-data.js';
import { commonestMistake } from '../experiments/support/predictions.js';
import { percent } from '../experiments/support/words.js';
import type { Recipe } from './recipe.js';

/** The contents of the report. */
export interface Challenge {
  readonly recipe: Recipe;
  readonly settings: { readonly batch: number; readonly epochs: number; readonly lr: number };
  /** The first of the networks. */
  readonly model: nn.Sequential;
  /** One history for each network. */
  readonly histories: readonly FitHistory[];
  /** Predictions for the test images. */
  readonly predictions: Predictions;
  readonly valAcc: number;
  readonly testAcc: number;
  readonly images: LoadedImages;
  readonly seconds: number;
  readonly machine: string;
}

/** Mistakes that are shown. */
const MISTAKES = 24;

/** The page, as HTML. */
export async function challengeReport(challenge: Challenge): Promise<string> {
  const { recipe, settings, model, histories, predictions, valAcc, testAcc, images, seconds, machine } = challenge;
  const { classes } = images.data;
  const confusion = shares(confusionOf(predictions.scores, predictions.labels, classes.length));
  const epochs = histories[0].secondsHistory;
  const perEpoch = epochs.reduce((sum, n) => sum + n, 0) / epochs.length;
  return htmlReport({
    title: `The CIFAR-10 challenge: ${recipe.title}`,
    intro: [
      `How many of the test images does ${recipe.title} get right after ${epochs.length} passes over the training ` +
        'images?',
      recipe.method,
    ],
    settings: {
      ...settings,
      'label smoothing': recipe.labelSmoothing,
      'weight average': recipe.weightAverage ?? 'none',
      networks: histories.length,
      data: images.source,
      machine,
      'time in all': `${(seconds / 60).toFixed(1)} minutes`,
      'time of an epoch': `${perEpoch.toFixed(1)} s`,
    },
    tables: [
      {
        caption: 'Share of the images that it gets right.',
        columns: ['images', 'accuracy'],
        rows: [
          ['validation', percent(valAcc)],
          ['test', percent(testAcc)],
        ],
      },
      layersOf(model),
    ],
    figures: [
      ...(await curves(histories)),
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
      await mistakes(challenge),
      {
        svg: await imageGrid(filtersOf(model), { columns: 16, scale: 8, normalize: true }),
        caption: 'The filters of the first layer, each scaled by itself.',
      },
    ],
    conclusions: [
      `${percent(testAcc)} of the ${predictions.labels.length} test images are right, which were looked at once, ` +
        `at the end; ${percent(valAcc)} of the validation images.`,
      commonestMistake(confusion, classes),
    ],
  });
}

function layersOf(model: nn.Sequential): ReportTable {
  const rows = layerTable(model, [3, 32, 32]) ?? [];
  return {
    caption: 'The network, layer by layer, for one image.',
    columns: ['layer', 'output', 'parameters', 'FLOPs'],
    rows: rows.map(({ name, type, outputShape, parameters, flops }) => [
      `${name} ${type}`,
      outputShape?.join(' × ') ?? '',
      parameters.toLocaleString('en-US'),
      flops.toLocaleString('en-US'),
    ]),
  };
}

async function curves(histories: readonly FitHistory[]): Promise<ReportFigure[]> {
  const many = histories.length > 1;
  const nameOf = (what: string, i: number): string => (many ? `${what}, network ${i + 1}` : what);
  const epochsOf = (values: readonly number[]): number[] => values.map((_, i) => i + 1);
  return [
    {
      svg: await lineChart({
        title: 'Accuracy of each epoch',
        xTitle: 'epoch',
        yTitle: 'accuracy',
        yFormat: 'percent',
        series: histories.flatMap(({ trainAccHistory, valAccHistory }, i) => [
          { name: nameOf('training', i), x: epochsOf(trainAccHistory), y: trainAccHistory, dashed: true },
          { name: nameOf('validation', i), x: epochsOf(valAccHistory), y: valAccHistory },
        ]),
      }),
      caption:
        'Training accuracy is that of the batches as they were trained on, augmented, before each step; validation ' +
        'accuracy is that of the weights at the end of the epoch, averaged where there is an average.',
    },
    {
      svg: await lineChart({
        title: 'Loss',
        xTitle: 'iteration',
        yTitle: 'loss',
        series: histories.map(({ lossHistory }, i) => ({ name: nameOf('loss', i), ...averaged(lossHistory) })),
      }),
      caption: 'Means of neighbouring iterations.',
    },
    {
      svg: await lineChart({
        title: 'Learning rate',
        xTitle: 'iteration',
        yTitle: 'learning rate',
        height: 120,
        series: [{ name: 'learning rate', ...averaged(histories[0].learningRates) }],
      }),
    },
  ];
}

/** At most 100 points, each the mean of the iterations around it. */
function averaged(values: readonly number[]): { x: number[]; y: number[] } {
  const size = Math.max(1, Math.ceil(values.length / 100));
  const x: number[] = [];
  const y: number[] = [];
  for (let start = 0; start < values.length; start += size) {
    const part = values.slice(start, start + size);
    x.push(start + (part.length + 1) / 2);
    y.push(part.reduce((sum, n) => sum + n, 0) / part.length);
  }
  return { x, y };
}

async function mistakes({ predictions, images }: Challenge): Promise<ReportFigure> {
  const { XTest, classes } = images.data;
  const worst = mostConfidentMistakes(predictions.scores, predictions.labels, MISTAKES);
  return {
    svg: await imageGrid(
      worst.map(({ index }) => XTest.pick(index).transpose(1, 2, 0)),
      {
        columns: 6,
        titles: worst.map(
          ({ label, predicted, probability }) => `${classes[label]} → ${classes[predicted]} ${percent(probability)}`,
        ),
      },
    ),
    caption: 'The mistakes it is surest of: what the image is, what it was taken for, and how probable that seemed.',
  };
}

/** The filters of the first layer as images, shape (F, H, W, C). */
function filtersOf(model: nn.Sequential): NDArray {
  const [first] = [...model.parameters()];
  return first.data.transpose(0, 2, 3, 1);
}
