// How much of the gradient passes through a deep net, for each activation.

import {
  array,
  type Dataset,
  eluBackward,
  eluForward,
  geluBackward,
  geluForward,
  leakyReluBackward,
  leakyReluForward,
  lineChart,
  linspace,
  ones,
  reluBackward,
  reluForward,
  sigmoidBackward,
  sigmoidForward,
  tanhBackward,
  tanhForward,
} from '../../src/index.js';
import { DeepNet, norm, type Probe, pair, SHUT } from './support/deep-net.js';
import type { Experiment, Findings, Lab } from './support/experiment.js';
import { runIfStarted } from './support/lab.js';
import { bestTrainAcc, bestValAcc, firstImages, historyChart, type Trial, train } from './support/training.js';
import { count, list, percent, ratio } from './support/words.js';

const FULL = { images: 1000, hidden: 100, layers: 10, epochs: 10, batch: 50, learningRate: 1e-3 };
const QUICK = { ...FULL, images: 100, hidden: 20, layers: 4, epochs: 2, batch: 20 };

/** The factor by which the weights are too large in the second measurement. */
const TOO_LARGE = 4;

/** Inputs at which each derivative is evaluated. */
const INPUTS = linspace(-8, 8, 321);

// He et al. 2015 for those that are about zero for half of their inputs, Glorot and Bengio 2010 for the others.
const ACTIVATIONS = [
  pair('ReLU', 2, reluForward, reluBackward),
  pair('leaky ReLU', 2, leakyReluForward, leakyReluBackward),
  pair('ELU', 2, eluForward, eluBackward),
  pair('GELU', 2, geluForward, geluBackward),
  pair('tanh', 1, tanhForward, tanhBackward),
  pair('sigmoid', 1, sigmoidForward, sigmoidBackward),
];

export const activations: Experiment = {
  name: 'activations',
  title: 'Activations and the gradient',
  question: 'Which activations let a gradient through a deep net, and which inputs stop it?',
  method:
    'A deep net is put together from layer functions, once with each activation, its weights scaled to the width ' +
    `of the layers. A unit is shut for an image where its derivative is below ${SHUT}, and dead where it is shut for ` +
    'all images. The gradient is measured before each activation, on the images the net then learns.',
  run,
};

/** The measurements of one activation. */
interface Result {
  readonly name: string;
  /** The derivative at each of {@link INPUTS}. */
  readonly derivative: number[];
  readonly fresh: Probe;
  readonly tooLarge: Probe;
  readonly trained: Probe;
  readonly trial: Trial;
}

async function run(lab: Lab): Promise<Findings> {
  const settings = lab.quick ? QUICK : FULL;
  const { images, hidden, layers, epochs, batch, learningRate } = settings;
  const data = unitVariance(firstImages(lab.data, images));
  const { XTrain, yTrain } = data;
  const D = XTrain.size / XTrain.shape[0];
  const dims = [D, ...new Array<number>(layers).fill(hidden), lab.data.classes.length];
  const results = ACTIVATIONS.map((activation): Result => {
    const net = new DeepNet(activation, dims, lab.seed);
    const fresh = net.probe(XTrain, yTrain);
    const tooLarge = new DeepNet(activation, dims, lab.seed, TOO_LARGE).probe(XTrain, yTrain);
    const optimConfig = { learningRate };
    const done = train(net, data, {
      updateRule: 'adam',
      optimConfig,
      numEpochs: epochs,
      batchSize: batch,
      seed: lab.seed,
    });
    const trained = net.probe(XTrain, yTrain);
    console.log(`${activation.name}: best training accuracy ${percent(bestTrainAcc(done))}`);
    const derivative = Array.from(activation.apply(INPUTS)[1](ones(INPUTS.shape, 'float64')).data);
    return {
      name: activation.name,
      derivative,
      fresh,
      tooLarge,
      trained,
      trial: { name: activation.name, runs: [done] },
    };
  });

  const depth = Array.from({ length: layers }, (_, i) => i + 1);
  const shares = { xTitle: 'hidden layer', yTitle: 'share of units × images', yFormat: 'percent' } as const;
  const lines = (values: (result: Result) => number[]) =>
    results.map((one) => ({ name: one.name, x: depth, y: values(one) }));
  const [weakest, strongest] = extremes(results, (one) => passage(one.fresh));
  return {
    headline:
      `From layer ${layers} to layer 1 the gradient is multiplied by ${ratio(passage(weakest.fresh))} with ` +
      `${weakest.name}, by ${ratio(passage(strongest.fresh))} with ${strongest.name}.`,
    settings: {
      net: `${layers} hidden layers of ${hidden} units`,
      'weight scale': '√(2 / inputs) for ReLU, leaky ReLU, ELU and GELU, √(1 / inputs) for tanh and sigmoid',
      training:
        `${yTrain.length} images of unit variance, ${count(epochs, 'epoch')}, batches of ${batch}, Adam ` +
        `with learning rate ${learningRate}`,
    },
    tables: [
      {
        caption:
          `Gradient: its norm at layer 1 over that at layer ${layers}, before training. Shut: pairs of a unit and ` +
          `an image, before training, and from weights ${TOO_LARGE} times as large. Dead: units after training. Best ` +
          'accuracies.',
        columns: ['activation', 'gradient', 'shut', `shut, × ${TOO_LARGE}`, 'dead', 'training', 'validation'],
        rows: results.map((one) => [
          one.name,
          ratio(passage(one.fresh)),
          ...[one.fresh.shut, one.tooLarge.shut, one.trained.dead].map((values) => percent(mean(values))),
          percent(bestTrainAcc(one.trial.runs[0])),
          percent(bestValAcc(one.trial.runs[0])),
        ]),
      },
    ],
    figures: [
      {
        svg: await lineChart({
          title: 'Derivative of each activation',
          xTitle: 'input of the unit',
          yTitle: 'derivative',
          series: results.map(({ name, derivative }) => ({ name, x: INPUTS.data, y: derivative })),
        }),
      },
      {
        svg: await lineChart({
          title: 'Norm of the gradient by depth, before training',
          xTitle: 'hidden layer',
          yTitle: 'norm (logarithmic)',
          yScale: 'log',
          // A gradient of zero has no place on a logarithmic axis.
          series: lines((one) => one.fresh.gradient.map((norm) => (norm > 0 ? norm : Number.NaN))).filter(({ y }) =>
            y.some(Number.isFinite),
          ),
        }),
      },
      {
        svg: await lineChart({
          title: 'Shut units by depth, before training',
          ...shares,
          series: lines((one) => one.fresh.shut),
        }),
      },
      {
        svg: await lineChart({
          title: `Shut units by depth, weights ${TOO_LARGE} times too large`,
          ...shares,
          series: lines((one) => one.tooLarge.shut),
        }),
      },
      {
        svg: await historyChart(
          lab,
          results.map((one) => one.trial),
        ),
      },
    ],
    conclusions: [inputs(results), throughDepth(results, layers), saturation(results)],
    results: {
      activations: results.map(({ trial, derivative: _, ...one }) => ({ ...one, run: trial.runs[0] })),
    },
  };
}

/** The images divided by their standard deviation, so that the scale of the weights is that of the units' inputs. */
function unitVariance(data: ReturnType<typeof firstImages>): Dataset & { yTrain: Int32Array } {
  const XTrain = array(data.XTrain);
  const XVal = array(data.XVal);
  const deviation = norm(XTrain.data) / Math.sqrt(XTrain.data.length);
  for (const { data: values } of [XTrain, XVal]) for (let i = 0; i < values.length; i++) values[i] /= deviation;
  return { ...data, XTrain, XVal };
}

/** The norm of the gradient at the first hidden layer over that at the last. */
function passage({ gradient }: Probe): number {
  return gradient[0] / (gradient.at(-1) as number);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

/** The results with the smallest and the largest value of a quantity. */
function extremes(results: readonly Result[], quantity: (result: Result) => number): [least: Result, greatest: Result] {
  const sorted = results.toSorted((a, b) => quantity(a) - quantity(b));
  return [sorted[0], sorted[sorted.length - 1]];
}

/** Where each derivative is below {@link SHUT}. */
function inputs(results: readonly Result[]): string {
  const closing: string[] = [];
  const open: string[] = [];
  for (const { name, derivative } of results) {
    const first = derivative.findIndex((d) => Math.abs(d) >= SHUT);
    const last = derivative.findLastIndex((d) => Math.abs(d) >= SHUT);
    const at = (i: number): string => Number(INPUTS.data[i].toFixed(2)).toString().replace('-', '−');
    const ends = [
      ...(first > 0 ? [`up to ${at(first - 1)}`] : []),
      ...(last < derivative.length - 1 ? [`from ${at(last + 1)} on`] : []),
    ];
    if (ends.length > 0) closing.push(`${name} ${list(ends)}`);
    else open.push(name);
  }
  return (
    `Inputs that stop the gradient (derivative below ${SHUT}): ${closing.join('; ')}. ` +
    `${open.length > 0 ? `No input from −8 to 8 stops it with ${list(open)}.` : 'Each activation has some.'}`
  );
}

function throughDepth(results: readonly Result[], layers: number): string {
  const [weakest, strongest] = extremes(results, (one) => passage(one.fresh));
  const [worst, best] = extremes(results, (one) => bestTrainAcc(one.trial.runs[0]) || 0);
  const accuracy = (one: Result): string => percent(bestTrainAcc(one.trial.runs[0]));
  const link =
    worst === weakest
      ? `${worst.name} is also the one that learns least`
      : `the one that learns least is another, ${worst.name}`;
  return (
    `On its way from layer ${layers} to layer 1 the gradient is multiplied by ${ratio(passage(weakest.fresh))} with ` +
    `${weakest.name} and by ${ratio(passage(strongest.fresh))} with ${strongest.name}; ${link}: training accuracy ` +
    `${accuracy(worst)}, against ${accuracy(best)} with ${best.name}.`
  );
}

function saturation(results: readonly Result[]): string {
  const shut = (one: Result): { before: number; after: number } => ({
    before: mean(one.fresh.shut),
    after: mean(one.tooLarge.shut),
  });
  const saturating = results.filter((one) => shut(one).after > shut(one).before + 0.1);
  const each = saturating.map((one) => `${one.name} (${percent(shut(one).before)} to ${percent(shut(one).after)})`);
  const grown =
    each.length > 0
      ? `Weights ${TOO_LARGE} times too large shut more units of ${list(each)}: what saturates, saturates at large ` +
        'inputs.'
      : `Weights ${TOO_LARGE} times too large shut hardly more units of any activation.`;
  const dead = results.filter((one) => mean(one.trained.dead) > 0.01);
  return `${grown} ${
    dead.length > 0
      ? 'After training some units are dead for all images with ' +
        `${list(dead.map((one) => `${one.name} (${percent(mean(one.trained.dead))})`))}.`
      : 'After training hardly any unit is dead for all images.'
  }`;
}

runIfStarted(activations);
