// A six-layer net with batch normalization and without.

import { FullyConnectedNet } from '../../src/index.js';
import type { Experiment, Findings, Lab } from './support/experiment.js';
import { runIfStarted } from './support/lab.js';
import {
  accuracyText,
  bestValAcc,
  compare,
  epochReaching,
  finalLoss,
  finalTrainAcc,
  firstImages,
  historyChart,
  lossText,
  meanHistory,
  measure,
  nameOf,
  repeat,
  type Trial,
  train,
} from './support/training.js';
import { count, percent, points } from './support/words.js';

const FULL = {
  images: 1000,
  hidden: 100,
  layers: 6,
  weightScale: 2e-2,
  epochs: 10,
  batch: 50,
  learningRate: 1e-3,
  seeds: 5,
};
const QUICK = { ...FULL, images: 200, hidden: 20, epochs: 3, batch: 20, seeds: 1 };

export const deepBatchnorm: Experiment = {
  name: 'deep-batchnorm',
  title: 'Batch normalization in a deep net',
  question: 'Does batch normalization make a deep net learn faster?',
  method:
    'A six-layer net is trained on few images with batch normalization and without it, from the same weights, on the ' +
    'same minibatches. Numbers are means over several seeds, ± their standard error.',
  run,
};

async function run(lab: Lab): Promise<Findings> {
  const settings = lab.quick ? QUICK : FULL;
  const { images, hidden, layers, weightScale, epochs, batch, learningRate, seeds } = settings;
  const data = firstImages(lab.data, images);
  const trial = (name: string, normalization: 'batchnorm' | null): Trial =>
    repeat(lab, name, seeds, (seed) => {
      const net = new FullyConnectedNet(new Array(layers - 1).fill(hidden), { weightScale, normalization, seed });
      const optimConfig = { learningRate };
      return train(net, data, { updateRule: 'adam', optimConfig, numEpochs: epochs, batchSize: batch, seed });
    });
  const normalized = trial('batch normalization', 'batchnorm');
  const plain = trial('plain', null);

  const perEpoch = Math.max(1, Math.floor(data.yTrain.length / batch));
  const [plainEnd, normalizedEnd] = [plain, normalized].map((one) => measure(one, finalTrainAcc));
  return {
    headline:
      `Training accuracy after ${count(epochs, 'epoch')}: ${percent(normalizedEnd.mean)} with batch normalization, ` +
      `${percent(plainEnd.mean)} without.`,
    settings: {
      net: `${layers} layers, ${hidden} units in each hidden one, weight scale ${weightScale}`,
      training:
        `${data.yTrain.length} images, ${count(epochs, 'epoch')}, batches of ${batch}, Adam with learning rate ` +
        `${learningRate}, ` +
        count(seeds, 'seed'),
    },
    tables: [
      {
        caption: 'The final loss is the mean of the last epoch.',
        columns: ['net', 'final loss', 'final training accuracy', 'best validation accuracy'],
        rows: [normalized, plain].map((one) => [
          nameOf(one),
          lossText(measure(one, finalLoss(perEpoch))),
          accuracyText(measure(one, finalTrainAcc)),
          accuracyText(measure(one, bestValAcc)),
        ]),
      },
    ],
    figures: [{ svg: await historyChart(lab, [normalized, plain]), caption: `Means over ${count(seeds, 'seed')}.` }],
    conclusions: [speed(normalized, plain), validation(normalized, plain)],
    results: {
      nets: [normalized, plain].map((one) => ({
        name: one.name,
        finalLoss: measure(one, finalLoss(perEpoch)),
        finalTrainAcc: measure(one, finalTrainAcc),
        bestValAcc: measure(one, bestValAcc),
        runs: one.runs,
      })),
    },
  };
}

export function speed(normalized: Trial, plain: Trial): string {
  const [above, below] = [normalized, plain].map((one) => meanHistory(one).trainAccHistory.slice(1));
  const ahead = above.filter((accuracy, i) => accuracy > below[i]).length;
  const target = measure(plain, finalTrainAcc).mean;
  const epoch = epochReaching(normalized, target);
  const curves =
    `With batch normalization the training accuracy is above the plain net's after ${ahead} of ` +
    `${count(above.length, 'epoch')}`;
  if (epoch === undefined) {
    return (
      `${curves}. It does not reach the ${percent(target)} that the plain net ends at: here it does not learn ` +
      'faster.'
    );
  }
  const faster = epoch < below.length && ahead > above.length / 2;
  return (
    `${curves}. It reaches the ${percent(target)} that the plain net ends at in epoch ${epoch}: batch normalization ` +
    `${faster ? 'makes this net learn faster' : 'does not make this net learn faster'}.`
  );
}

export function validation(normalized: Trial, plain: Trial): string {
  const [a, b] = [normalized, plain].map((one) => measure(one, bestValAcc));
  const difference =
    `The best validation accuracies, ${accuracyText(a)} ` + `with batch normalization and ${accuracyText(b)} without`;
  const order = compare(a, b);
  if (order === 0) return `${difference}, do not differ by more than twice the standard error of their difference.`;
  return (
    `${difference}, differ by ${points(a.mean - b.mean)} in favour of the net ` +
    `${order > 0 ? 'with' : 'without'} it.`
  );
}

runIfStarted(deepBatchnorm);
