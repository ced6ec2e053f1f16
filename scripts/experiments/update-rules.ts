// Six update rules on a six-layer net.

import { FullyConnectedNet, lineChart, type SolverOptions } from '../../src/index.js';
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
  type Measured,
  measure,
  nameOf,
  repeat,
  type Trial,
  train,
} from './support/training.js';
import { count, list, loss, percent } from './support/words.js';

const FULL = { images: 4000, hidden: 100, layers: 6, weightScale: 5e-2, epochs: 5, batch: 100, seeds: 5 };
const QUICK = { ...FULL, images: 200, hidden: 20, epochs: 2, batch: 20, seeds: 1 };

/** The notebook's learning rates. It has none for AdaGrad: with Adam's, the first steps of both are as long. */
const RULES = [
  { name: 'SGD', updateRule: 'sgd', learningRate: 5e-3 },
  { name: 'momentum', updateRule: 'sgd_momentum', learningRate: 5e-3 },
  { name: 'Nesterov', updateRule: 'nesterov', learningRate: 5e-3 },
  { name: 'RMSProp', updateRule: 'rmsprop', learningRate: 1e-4 },
  { name: 'Adam', updateRule: 'adam', learningRate: 1e-3 },
  { name: 'AdaGrad', updateRule: 'adagrad', learningRate: 1e-3 },
] as const;

export const updateRules: Experiment = {
  name: 'update-rules',
  title: 'Update rules',
  question: 'Which update rule trains a deep net fastest, and why is AdaGrad slow?',
  method:
    'The same six-layer net learns the same images in the same order by six rules. The second chart follows how ' +
    'far an iteration moves the weights, as a share of their norm. Numbers are means over several seeds, ± their ' +
    'standard error.',
  run,
};

async function run(lab: Lab): Promise<Findings> {
  const settings = lab.quick ? QUICK : FULL;
  const { images, hidden, layers, weightScale, epochs, batch, seeds } = settings;
  const data = firstImages(lab.data, images);

  const steps: Record<string, number[]> = {};
  const trials = RULES.map(({ name, updateRule, learningRate }) =>
    repeat(lab, name, seeds, (seed) => {
      const net = new FullyConnectedNet(new Array(layers - 1).fill(hidden), { weightScale, seed });
      const relativeStep = stepMeter(net);
      const options: SolverOptions = {
        updateRule,
        optimConfig: { learningRate },
        numEpochs: epochs,
        batchSize: batch,
        seed,
      };
      if (seed !== lab.seed) return train(net, data, options);
      steps[name] = [];
      return train(net, data, { ...options, onIteration: () => steps[name].push(relativeStep()) });
    }),
  );

  const perEpoch = Math.max(1, Math.floor(data.yTrain.length / batch));
  const rows = trials.map((trial, i) => [
    nameOf(trial),
    RULES[i].learningRate,
    lossText(measure(trial, finalLoss(perEpoch))),
    accuracyText(measure(trial, finalTrainAcc)),
    accuracyText(measure(trial, bestValAcc)),
  ]);
  const ranked = rank(trials, perEpoch);
  return {
    headline:
      `Training loss after ${count(epochs, 'epoch')}: ` +
      `${list(ranked.map((one) => `${one.name} ${lossText(one.loss)}`))}.`,
    settings: {
      net: `${layers} layers, ${hidden} units in each hidden one, weight scale ${weightScale}`,
      training: `${data.yTrain.length} images, ${count(epochs, 'epoch')}, batches of ${batch}, ${count(seeds, 'seed')}`,
    },
    tables: [
      {
        caption: 'The final loss is the mean of the last epoch.',
        columns: ['rule', 'learning rate', 'final loss', 'final training accuracy', 'best validation accuracy'],
        rows,
      },
    ],
    figures: [
      { svg: await historyChart(lab, trials), caption: `Means over ${count(seeds, 'seed')}.` },
      {
        svg: await lineChart({
          title: 'How far an iteration moves the weights',
          xTitle: 'iteration',
          yTitle: '‖change of W‖ / ‖W‖ (logarithmic)',
          yScale: 'log',
          series: Object.entries(steps)
            .filter(([, y]) => y.some((value) => value > 0))
            .map(([name, y]) => ({ name, x: y.map((_, i) => i + 1), y: y.map((v) => (v > 0 ? v : Number.NaN)) })),
        }),
        caption: 'All weight matrices together, of the first seed.',
      },
    ],
    conclusions: [order(ranked), momentum(trials, epochs), adagrad(steps)],
    results: {
      rules: trials.map((trial, i) => ({
        name: trial.name,
        learningRate: RULES[i].learningRate,
        finalLoss: measure(trial, finalLoss(perEpoch)),
        finalTrainAcc: measure(trial, finalTrainAcc),
        bestValAcc: measure(trial, bestValAcc),
        runs: trial.runs,
      })),
      relativeSteps: steps,
    },
  };
}

/** Measures, at each call, how far the weights have moved since the last, as a share of their norm. */
function stepMeter(net: FullyConnectedNet): () => number {
  const weights = Object.entries(net.params)
    .filter(([name]) => name.startsWith('W'))
    .map(([, w]) => ({ now: w.data, before: w.data.slice() }));
  return () => {
    let moved = 0;
    let size = 0;
    for (const { now, before } of weights) {
      for (let i = 0; i < now.length; i++) {
        moved += (now[i] - before[i]) ** 2;
        size += before[i] ** 2;
      }
      before.set(now);
    }
    return Math.sqrt(moved / size);
  };
}

/** A rule and its final loss. */
interface Ranked {
  readonly name: string;
  readonly loss: Measured;
}

/** The rules by their final loss; those that diverged come last. */
function rank(trials: readonly Trial[], perEpoch: number): Ranked[] {
  const losses = trials.map((trial) => ({ name: trial.name, loss: measure(trial, finalLoss(perEpoch)) }));
  const key = ({ mean }: Measured): number => (Number.isFinite(mean) ? mean : Number.MAX_VALUE);
  return losses.sort((a, b) => key(a.loss) - key(b.loss));
}

/** @param ranked - As {@link rank} gives them. */
export function order(ranked: readonly Ranked[]): string {
  const finished = ranked.filter((one) => Number.isFinite(one.loss.mean));
  const diverged = ranked.filter((one) => !finished.includes(one)).map((one) => one.name);
  const end = diverged.length > 0 ? ` ${list(diverged)} diverged.` : '';
  if (finished.length === 0) return `No rule got through the run.${end}`;
  const said = ({ name, loss: { mean } }: Ranked): string => `${name} (${loss(mean)})`;
  const [first, ...others] = finished;
  const level = others.filter((one) => compare(one.loss, first.loss) === 0);
  const lead =
    level.length > 0
      ? `The lowest training losses of the last epoch, with ${list([first, ...level].map(said))}, are less than ` +
        'twice the standard error of their difference apart'
      : `The lowest training loss of the last epoch is that of ${said(first)}`;
  return `${lead}; the highest is that of ${said(finished[finished.length - 1])}.${end}`;
}

export function momentum(trials: readonly Trial[], epochs: number): string {
  const [sgd, ...others] = ['SGD', 'momentum', 'Nesterov'].map((name) => trials.find((t) => t.name === name) as Trial);
  const target = measure(sgd, finalTrainAcc).mean;
  const reached = others.map((trial) => {
    const epoch = epochReaching(trial, target);
    return epoch === undefined ? `${trial.name} does not reach it` : `${trial.name} reaches it in epoch ${epoch}`;
  });
  const faster = others.every((trial) => (epochReaching(trial, target) ?? epochs) < epochs);
  return (
    `Plain SGD ends at a training accuracy of ${percent(target)} after ${count(epochs, 'epoch')}. With the same ` +
    `learning rate, ${list(reached)}: ${faster ? 'momentum converges faster' : 'here momentum is not faster'}.`
  );
}

export function adagrad(steps: Readonly<Record<string, readonly number[]>>): string {
  const shrinking = (name: string): number => {
    const tenth = Math.max(1, Math.floor(steps[name].length / 10));
    const mean = (part: readonly number[]): number => part.reduce((sum, x) => sum + x, 0) / part.length;
    return mean(steps[name].slice(-tenth)) / mean(steps[name].slice(0, tenth));
  };
  const [adagrad, adam] = [shrinking('AdaGrad'), shrinking('Adam')];
  if (!Number.isFinite(adagrad) || !Number.isFinite(adam)) return 'A run was too short to compare step lengths.';
  const found =
    `Over the run AdaGrad's steps shrink to ${percent(adagrad)} of their first length (last against first tenth of ` +
    `the iterations), Adam's to ${percent(adam)}`;
  return adagrad < adam
    ? `${found}: AdaGrad divides by the root of a sum of squares that only grows, Adam by that of a decaying average.`
    : `${found}. Here AdaGrad's growing sum of squares did not shorten its steps more than Adam's average did.`;
}

runIfStarted(updateRules);
