import { describe, expect, test } from 'vitest';
import {
  DataLoader,
  type FitOptions,
  fit,
  manualSeed,
  type NDArray,
  nn,
  optim,
  Random,
  type Sampler,
  SubsetRandomSampler,
  type Tensor,
  WeightedRandomSampler,
} from '../../src/index.js';
import { pretend } from '../helpers/pretend.js';
import { runFolder } from '../helpers/run-folder.js';

const folder = runFolder();

describe('the checkpoint of fit is refused where a mistake changes nothing that has a shape', { tags: 'slow' }, () => {
  const N = 12;
  const { lrScheduler } = optim;

  interface Changed {
    readonly model?: () => nn.Module;
    readonly optimizer?: (params: nn.Parameter[]) => optim.Adam;
    readonly schedule?: (optimizer: optim.Adam) => FitOptions['schedule'];
    readonly loader?: (X: NDArray, y: number[]) => Iterable<[NDArray, number[]]>;
  }

  function run({ model = net, optimizer = adam, schedule, loader = loaderOf }: Changed, saving: Partial<FitOptions>) {
    manualSeed(0);
    const X = new Random(0).randn([N, 4]);
    const y = Array.from({ length: N }, (_, n) => n % 2);
    const own = model();
    const rule = optimizer(own.parameters());
    const options = { optimizer: rule, schedule: schedule?.(rule), verbose: false, ...saving };
    fit(own, pretend<DataLoader>(loader(X, y)), options);
  }

  const net = () => new nn.Sequential(new nn.Linear(4, 4), new nn.ReLU(), new nn.Linear(4, 4));
  const adam = (params: nn.Parameter[]) => new optim.Adam(params, { lr: 0.01 });
  const loaderOf = (X: NDArray, y: number[], sampler?: Sampler) => pretend<[]>(new DataLoader({ X, y }, { sampler }));
  const step = (gamma: number) => (optimizer: optim.Adam) => new lrScheduler.StepLR(optimizer, { stepSize: 1, gamma });
  const sequence = (gamma: number) => (optimizer: optim.Adam) =>
    new lrScheduler.SequentialLR(optimizer, {
      schedulers: [new lrScheduler.ConstantLR(optimizer), new lrScheduler.ExponentialLR(optimizer, { gamma })],
      milestones: [2],
    });

  class Head extends nn.Module {
    readonly fc = new nn.Linear(4, 4);
    forward(x: Tensor): Tensor {
      return this.fc.forward(x);
    }
  }
  class OtherHead extends Head {}
  const within = (Part: typeof Head) => () => new nn.Sequential(new Part());
  const frozen = (): nn.Module => {
    const model = net();
    model.parameters()[0].requiresGrad = false;
    return model;
  };
  const weighted = (weights: number[]) => (X: NDArray, y: number[]) =>
    loaderOf(X, y, new WeightedRandomSampler(weights, N));
  const places = (start: number) => (X: NDArray, y: number[]) =>
    loaderOf(X, y, new SubsetRandomSampler([start, start + 1, start + 2]));
  const listed = (order: number[]) => (X: NDArray, y: number[]) =>
    order.map((n): [NDArray, number[]] => [X.lo(n, 0).hi(1, 4), y.slice(n, n + 1)]);
  const had = "the checkpoint's run had";

  test.each<[string, Changed, Changed, string]>([
    [
      'a setting of the schedule',
      { schedule: step(0.5) },
      { schedule: step(0.9) },
      `schedule.gamma is 0.9, ${had} 0.5`,
    ],
    [
      'a setting of a schedule in a sequence',
      { schedule: sequence(0.5) },
      { schedule: sequence(0.9) },
      `schedule.schedulers[1].gamma is 0.9, ${had} 0.5`,
    ],
    [
      'the rate that a schedule begins with',
      { schedule: step(0.5) },
      { schedule: step(0.5), optimizer: (params) => new optim.Adam(params, { lr: 0.1 }) },
      `schedule.baseLrs is [0.1], ${had} [0.01]`,
    ],
    [
      'betas beside a schedule that leaves them alone',
      { schedule: step(0.5) },
      { schedule: step(0.5), optimizer: (params) => new optim.Adam(params, { lr: 0.01, betas: [0.5, 0.9] }) },
      `optimizer.paramGroups[0].betas is [0.5,0.9], ${had} [0.9,0.999]`,
    ],
    [
      'the class of a part',
      { model: within(Head) },
      { model: within(OtherHead) },
      `model.0 is 'OtherHead', ${had} 'Head'`,
    ],
    ['what is frozen', {}, { model: frozen }, `model.0.weight is (4, 4) float32, frozen, ${had} (4, 4) float32`],
    [
      'the order of parameters of one shape',
      { optimizer: (params) => adam([params[0], params[2]]) },
      { optimizer: (params) => adam([params[2], params[0]]) },
      `optimizer.paramGroups[0].params is 2: 2.weight, 0.weight, ${had} 2: 0.weight, 2.weight`,
    ],
    [
      'the weights of a sampler',
      { loader: weighted(Array(N).fill(1)) },
      { loader: weighted(Array.from({ length: N }, (_, n) => n)) },
      'loader.sampler.weights has other values',
    ],
    [
      'the places of a sampler',
      { loader: places(0) },
      { loader: places(5) },
      'loader.sampler.indices has other values',
    ],
    [
      'the order of a list of batches',
      { loader: listed([0, 1, 2, 3]) },
      { loader: listed([0, 1, 3, 2]) },
      'loader.laterBatches has other values',
    ],
  ])('%s', (_, first, then, message) => {
    const checkpoint = { dir: folder.dir };
    run(first, { checkpoint, epochs: 1 });
    run(first, { checkpoint, resume: true, epochs: 2 });
    expect(() => run(then, { checkpoint, resume: true, epochs: 3 })).toThrow(`something else: ${message}: give what`);
  });
});
