// Optimizers and schedules of fit, by the settings of a config.

import type { Module } from '../nn/index.js';
import { Adagrad, Adam, AdamW, lrScheduler, type Optimizer, RMSprop, SGD } from '../optim/index.js';
import type { Schedule } from '../training/index.js';
import { OPTIMIZERS } from './settings.js';
import type { RunConfig } from './types.js';

type Training = RunConfig['training'];

const CLASSES = { SGD, Adam, AdamW, RMSprop, Adagrad } as const;

/** The settings of `names` that a config has. */
export function settingsIn(training: Training, names: readonly string[]): Record<string, never> {
  return Object.fromEntries(names.map((name) => [name, training[name]])) as Record<string, never>;
}

/** The optimizer of a config, over the parameters of a model. */
export function optimizerFor(model: Module, training: Training): Optimizer<{ lr: number }> {
  const name = training.optimizer as keyof typeof OPTIMIZERS.fit;
  const options = settingsIn(training, Object.keys(OPTIMIZERS.fit[name]));
  const parameters = model.parameters();
  const make = (params: never): unknown => new CLASSES[name](params, options);
  if (training.weightDecayOf === 'all') return make(parameters as never) as Optimizer<{ lr: number }>;
  const matrices = parameters.filter(({ shape }) => shape.length > 1);
  const vectors = parameters.filter(({ shape }) => shape.length <= 1);
  const groups = [{ params: matrices }, { params: vectors, weightDecay: 0 }];
  return make(groups.filter(({ params }) => params.length > 0) as never) as Optimizer<{ lr: number }>;
}

/** The schedule of a config; undefined where the rate stays. */
export function scheduleFor(
  optimizer: Optimizer<{ lr: number }>,
  training: Training,
  stepsPerEpoch: number,
): Schedule | undefined {
  const { epochs, lr } = training;
  switch (training.schedule) {
    case 'step':
      return new lrScheduler.StepLR(optimizer, settingsIn(training, ['stepSize', 'gamma']) as never);
    case 'cosine':
      return new lrScheduler.CosineAnnealingLR(optimizer, { TMax: epochs, etaMin: training.etaMin as number });
    case 'onecycle':
      return new lrScheduler.OneCycleLR(optimizer, {
        ...{ maxLr: lr, epochs, stepsPerEpoch, cycleMomentum: false },
        ...settingsIn(training, ['pctStart', 'annealStrategy', 'divFactor', 'finalDivFactor']),
      });
    default:
      if (training.lrDecay === 1) return undefined;
      return new lrScheduler.ExponentialLR(optimizer, { gamma: training.lrDecay as number });
  }
}
