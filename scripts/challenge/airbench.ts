// The network and the recipe of the speed record of CIFAR-10: Jordan 2024, "94% on CIFAR-10 in 3.29 Seconds on a Single
// GPU", arXiv 2404.00498, sections 3 and 4. What differs here: weights decay by themselves, where the paper has a
// penalty whose strength is divided by the rate, and numbers are float32.

import {
  F,
  type NDArray,
  nn,
  optim,
  type Schedule,
  type Tensor,
  transforms,
  type WeightedView,
} from '../../src/index.js';
import type { Recipe, Training } from './recipe.js';

/** The steepness of the schedule: the first rate, and the last one, as shares of the highest. */
const [FIRST_RATE, LAST_RATE] = [0.2, 0.07];

/** The share of the steps on the way up. */
const WAY_UP = 0.23;

/** The rate of biases of batch normalizations by that of the other weights. */
const BIAS_RATE = 64;

const MOMENTUM = 0.85;

/** Images to a batch. */
const BATCH = 1024;

/** The highest rate of batches of that size: of the paper's loss, the sum over a batch, made that of the mean. */
const RATE = 11.5 / (1 + 1 / (1 - MOMENTUM));

/**
 * What a weight loses in a step, by itself and its rate: of the paper's penalty, which the velocity makes
 * 1 / (1 − momentum) as much.
 */
const WEIGHT_DECAY = 0.0153 / (1 + 1 / (1 - MOMENTUM)) / (1 - MOMENTUM) / RATE;

/** Epochs in which the bias of the whitening layer is trained. */
const WHITENING_EPOCHS = 3;

/** Steps between two synchronizations of Lookahead. */
const K = 5;

/** Channels of the two convolutions of a block. */
interface Block {
  readonly into: number;
  readonly out: number;
}

/** Multiplies by a constant. */
class Scale extends nn.Module {
  constructor(readonly factor: number) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return F.mul(x, this.factor);
  }
}

/** A convolution whose first filters pass the channels on unchanged: section 3.4 of the paper. */
function convolution({ into, out }: Block): nn.Conv2d {
  const conv = new nn.Conv2d(into, out, 3, { padding: 1, bias: false });
  nn.init.dirac_(conv.weight.data.hi(Math.min(into, out), into, 3, 3));
  return conv;
}

/** Its statistics follow fast, and it has no scale: a ReLU-like function and a normalization follow. */
function normalization(channels: number): nn.BatchNorm2d {
  const norm = new nn.BatchNorm2d(channels, { momentum: 0.4, eps: 1e-12 });
  (norm.weight as Tensor).requiresGrad = false;
  return norm;
}

function block({ into, out }: Block): nn.Module[] {
  const pooled = [convolution({ into, out }), new nn.MaxPool2d(2), normalization(out), new nn.GELU()];
  return [...pooled, convolution({ into: out, out }), normalization(out), new nn.GELU()];
}

/** The network: a whitening layer of 2 × 2, which `images` determine, and three blocks of these widths. */
function network(widths: readonly [number, number, number], images: NDArray): nn.Sequential {
  const whitening = new nn.Conv2d(3, 24, 2);
  nn.init.whitening_(whitening.weight, images);
  nn.init.zeros_(whitening.bias as Tensor);
  whitening.weight.requiresGrad = false;
  const blocks = widths.flatMap((out, i) => block({ into: i === 0 ? 24 : widths[i - 1], out }));
  const scores = [new nn.Flatten(), new nn.Linear(widths[2], 10, { bias: false }), new Scale(1 / 9)];
  return new nn.Sequential(whitening, new nn.GELU(), ...blocks, new nn.MaxPool2d(3), ...scores);
}

/**
 * What changes from step to step: the rates, a straight way up and one down; how far Lookahead goes, from all the way
 * to the fast weights at first to a quarter of it at the end; and whether the bias of the first layer is trained.
 */
class AirbenchSchedule implements Schedule {
  readonly every = 'step';
  readonly #rates: optim.lrScheduler.OneCycleLR;
  readonly #lookahead: optim.Lookahead<{ lr: number }>;
  readonly #bias: Tensor;
  readonly #steps: number;
  readonly #trained: number;

  constructor(lookahead: optim.Lookahead<{ lr: number }>, bias: Tensor, { lr, epochs, stepsPerEpoch }: Training) {
    this.#lookahead = lookahead;
    this.#bias = bias;
    this.#steps = epochs * stepsPerEpoch;
    this.#trained = WHITENING_EPOCHS * stepsPerEpoch;
    this.#rates = new optim.lrScheduler.OneCycleLR(lookahead, {
      ...{ maxLr: [lr, BIAS_RATE * lr], totalSteps: this.#steps, pctStart: WAY_UP, cycleMomentum: false },
      ...{ annealStrategy: 'linear', divFactor: 1 / FIRST_RATE, finalDivFactor: FIRST_RATE / LAST_RATE },
    });
    this.#apply();
  }

  step(): void {
    this.#rates.step();
    this.#apply();
  }

  scaleRates(factor: number): void {
    this.#rates.scaleRates(factor);
  }

  stateDict(): optim.lrScheduler.ScheduleStateDict {
    return this.#rates.stateDict();
  }

  loadStateDict(state: optim.lrScheduler.ScheduleStateDict): void {
    this.#rates.loadStateDict(state);
    this.#apply();
  }

  #apply(): void {
    const t = this.#rates.lastEpoch;
    this.#lookahead.alpha = 1 - 0.95 ** K * Math.min(1, t / this.#steps) ** 3;
    this.#bias.requiresGrad = t < this.#trained;
  }
}

/** Where test images are looked at: straight and a pixel off in two directions, each also in the mirror. */
function views(): WeightedView[] {
  const mirror = transforms.horizontalFlip();
  const moved = ([1, -1] as const).map((by) => transforms.translate([by, by], { paddingMode: 'reflect' }));
  return [
    ...[(X: NDArray) => X, mirror].map((view) => ({ view, weight: 1 / 4 })),
    ...moved.flatMap((move) => [move, (X: NDArray) => mirror(move(X))]).map((view) => ({ view, weight: 1 / 8 })),
  ];
}

/** A recipe of this kind, of so many epochs and channels. */
function airbench(title: string, epochs: number, widths: readonly [number, number, number]): Recipe {
  return {
    title,
    method:
      'Jordan’s recipe of 2024: a whitening first layer that stays as it is, GELU, batch normalization with biases ' +
      'alone, which have 64 times the rate, convolutions that begin as the identity; images mirrored in every second ' +
      'epoch and moved by up to two pixels; Nesterov’s momentum on one cycle of the rate, decoupled weight decay, ' +
      'Lookahead, label smoothing; six views of each test image.',
    batch: BATCH,
    dropLast: true,
    epochs,
    lr: RATE,
    scalesRate: true,
    labelSmoothing: 0.2,
    keepBest: false,
    views: views(),
    augmentation: [transforms.alternatingFlip(), transforms.randomCrop(32, { padding: 2, paddingMode: 'reflect' })],
    build: (images) => network(widths, images(5000)),
    train: (model, training) => {
      const parameters = model.namedParameters();
      const isNorm = (name: string): boolean => model.at(Number(name.split('.')[0])) instanceof nn.BatchNorm2d;
      const biases = parameters.filter(([name]) => isNorm(name) && name.endsWith('bias'));
      const others = parameters.filter(([name, { requiresGrad }]) => !isNorm(name) && requiresGrad);
      const sgd = new optim.SGDW(
        [
          { params: others.map(([, p]) => p), lr: training.lr, weightDecay: WEIGHT_DECAY },
          { params: biases.map(([, p]) => p), lr: BIAS_RATE * training.lr, weightDecay: WEIGHT_DECAY / BIAS_RATE },
        ],
        { momentum: MOMENTUM, nesterov: true },
      );
      const lookahead = new optim.Lookahead(sgd, { k: K, buffers: model.buffers() });
      const { bias } = model.at(0) as nn.Conv2d;
      return {
        optimizer: lookahead,
        schedule: new AirbenchSchedule(lookahead, bias as Tensor, training),
        finish: () => lookahead.copyToModel(),
      };
    },
  };
}

/** The record's network, and the project's best. */
export const record = airbench('the network of the speed record', 10, [64, 256, 256]);

/** A smaller one with fewer epochs. */
export const fast = airbench('a smaller network of the kind of the speed record', 7, [64, 192, 192]);
