// Nets of three and of five layers learn 50 images from weights of many sizes.

import { FullyConnectedNet, heatMap, lineChart } from '../../src/index.js';
import type { Experiment, Findings, Lab } from './support/experiment.js';
import { runIfStarted } from './support/lab.js';
import { bestTrainAcc, firstImages, type Run, train } from './support/training.js';
import { count, fromTo, list, logspace, percent, scaleText } from './support/words.js';

const FULL = {
  images: 50,
  hidden: 100,
  depths: [3, 5],
  weightScales: logspace(-3, 0, 13),
  learningRates: logspace(-5, -1, 9),
  epochs: 20,
  batch: 25,
};
const QUICK = { ...FULL, hidden: 20, weightScales: logspace(-3, 0, 4), learningRates: logspace(-4, -1, 3), epochs: 3 };

/** A net has learnt the images if it classifies this share of them correctly. */
const LEARNT = 0.98;

export const initializationSensitivity: Experiment = {
  name: 'initialization-sensitivity',
  title: 'Depth and the scale of the initial weights',
  question: 'Which is more sensitive to the initialization scale, a three-layer or a five-layer net?',
  method:
    'Both nets are to learn a few images by heart with plain SGD, from weights of each scale and with each ' +
    'learning rate. Of each run the best training accuracy counts. A scale that works with many learning rates is an ' +
    'easy one.',
  run,
};

/** The runs of a net: a row for each learning rate, a column for each scale. */
interface Grid {
  readonly layers: number;
  readonly runs: readonly (readonly Run[])[];
}

async function run(lab: Lab): Promise<Findings> {
  const settings = lab.quick ? QUICK : FULL;
  const { images, hidden, depths, weightScales, learningRates, epochs, batch } = settings;
  const { XTrain, yTrain } = firstImages(lab.data, images);
  // Only the training accuracy matters, so nothing is validated.
  const data = { XTrain, yTrain, XVal: XTrain, yVal: yTrain };
  const grids = depths.map((layers): Grid => {
    const runs = learningRates.map((learningRate) =>
      weightScales.map((weightScale) => {
        const net = new FullyConnectedNet(new Array(layers - 1).fill(hidden), { weightScale, seed: lab.seed });
        const optimConfig = { learningRate };
        return train(net, data, {
          updateRule: 'sgd',
          optimConfig,
          numEpochs: epochs,
          batchSize: Math.min(batch, yTrain.length),
          numValSamples: 1,
          seed: lab.seed,
        });
      }),
    );
    console.log(`${layers} layers: ${count(weightScales.length * learningRates.length, 'run')}`);
    return { layers, runs };
  });

  const names = grids.map(({ layers }) => `${layers} layers`);
  const works = grids.map((grid) => weightScales.filter((_, i) => bestAt(grid, i) >= LEARNT));
  const cells = grids.map(({ runs }) => runs.flat().filter((one) => bestTrainAcc(one) >= LEARNT).length);
  const total = weightScales.length * learningRates.length;
  return {
    headline: `Settings under which the images are learnt: ${list(
      names.map((name, i) => `${cells[i]} of ${total} with ${name}`),
    )}.`,
    settings: {
      nets: `${list(depths.map(String))} layers, ${hidden} units in each hidden one`,
      'weight scales': fromTo(weightScales),
      'learning rates': fromTo(learningRates),
      training: `${yTrain.length} images, ${count(epochs, 'epoch')}, batches of ${batch}, SGD`,
    },
    tables: [
      {
        caption:
          'Training accuracy at each scale, with the learning rate that suits it best; and how many of the rates work.',
        columns: ['weight scale', ...names, ...names.map((name) => `rates that work, ${name}`)],
        rows: weightScales.map((scale, i) => [
          scaleText(scale),
          ...grids.map((grid) => percent(bestAt(grid, i))),
          ...grids.map(({ runs }) => runs.filter((row) => bestTrainAcc(row[i]) >= LEARNT).length),
        ]),
      },
    ],
    figures: [
      {
        svg: await lineChart({
          title: 'Best training accuracy, with the learning rate that suits each scale',
          xTitle: 'weight scale: standard deviation of the initial weights (logarithmic)',
          yTitle: 'training accuracy',
          xScale: 'log',
          yFormat: 'percent',
          series: grids.map((grid, g) => ({
            name: names[g],
            x: weightScales,
            y: weightScales.map((_, i) => bestAt(grid, i)),
          })),
        }),
      },
      ...(await Promise.all(
        grids.map(async ({ runs }, g) => ({
          svg: await heatMap({
            title: `Best training accuracy, ${names[g]}`,
            xTitle: 'weight scale',
            yTitle: 'learning rate',
            rows: learningRates.map(scaleText),
            columns: weightScales.map(scaleText),
            // Whole percentages: a cell has no room for more.
            values: runs.map((row) => row.map((one) => Math.round(100 * (bestTrainAcc(one) || 0)))),
          }),
          caption: 'In percent. Runs that diverge count with what they reached before.',
        })),
      )),
    ],
    conclusions: [breadth(names, works), ease(names, cells, total, grids)],
    results: {
      weightScales,
      learningRates,
      nets: grids.map(({ layers, runs }) => ({
        layers,
        bestTrainAcc: runs.map((row) => row.map(bestTrainAcc)),
        diverged: runs.map((row) => row.map((one) => one.divergedAt)),
      })),
    },
  };
}

/** The best training accuracy at a scale, over the learning rates. */
function bestAt({ runs }: Grid, scale: number): number {
  return Math.max(...runs.map((row) => bestTrainAcc(row[scale]) || 0));
}

function breadth(names: readonly string[], works: readonly (readonly number[])[]): string {
  const each = names.map((name, i) => {
    const scales = works[i];
    if (scales.length === 0) return `with ${name} at no scale`;
    const decades = Math.log10(Math.max(...scales) / Math.min(...scales));
    const range = `from ${scaleText(Math.min(...scales))} to ${scaleText(Math.max(...scales))}`;
    return `with ${name} at ${count(scales.length, 'scale')}, ${range} (${decades.toFixed(2)} powers of ten)`;
  });
  return `Some learning rate gets at least ${percent(LEARNT)} of the images right ${list(each)}.`;
}

export function ease(
  names: readonly string[],
  cells: readonly number[],
  total: number,
  grids: readonly Grid[],
): string {
  const [shallow, deep] = cells;
  const diverged = grids.map(({ runs }) => runs.flat().filter((one) => one.divergedAt !== null).length);
  const found =
    `Of ${total} pairs of scale and learning rate, ${list(names.map((name, i) => `${cells[i]} work with ${name}`))}; ` +
    `${list(names.map((name, i) => `${diverged[i]} diverge with ${name}`))}.`;
  if (deep < shallow) {
    return (
      `${found} The deeper net is the more sensitive one: each layer multiplies by its weights, so what is ` +
      'too small or too large is so to the power of the depth.'
    );
  }
  if (deep > shallow) return `${found} Here the shallower net is the more sensitive one.`;
  return `${found} Here depth makes no difference to the sensitivity.`;
}

runIfStarted(initializationSensitivity);
