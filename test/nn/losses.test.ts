import ndarray from 'ndarray';
import { describe, expect, test } from 'vitest';
import { array, Random, toNested, zeros } from '../../src/arrays/index.js';
import { Tensor, tensor } from '../../src/autograd/index.js';
import * as nn from '../../src/nn/index.js';
import { distance, lossCases, optionsOf, stored, TOLERANCES } from '../helpers/losses.js';
import { pretend } from '../helpers/pretend.js';

/** The modules by PyTorch's names of the functions. */
const MODULES: Readonly<Record<string, new (options?: object) => nn.Module>> = {
  cross_entropy: nn.CrossEntropyLoss,
  nll_loss: nn.NLLLoss,
  mse_loss: nn.MSELoss,
  l1_loss: nn.L1Loss,
  smooth_l1_loss: nn.SmoothL1Loss,
  huber_loss: nn.HuberLoss,
  binary_cross_entropy: nn.BCELoss,
  binary_cross_entropy_with_logits: nn.BCEWithLogitsLoss,
  kl_div: nn.KLDivLoss,
};

test.each(lossCases.filter(([, { loss }]) => loss in MODULES))('as PyTorch: %s', (_, c) => {
  const options = optionsOf(c, (value) => stored(value, 'float64'));
  const module = new MODULES[c.loss](options);
  const isNumbers = !c.y.labels || c.loss === 'binary_cross_entropy';
  const labels = c.y.shape.length === 0 ? c.y.data[0] : ndarray(Int32Array.from(c.y.data), [...c.y.shape]);
  const x = new Tensor(stored(c.x, 'float64'), { requiresGrad: true });
  const out = module.forward(x, isNumbers ? stored(c.y, 'float64') : labels);
  out.backward(stored(c.dout, 'float64'));
  expect(distance(out.data, c.expected.out)).toBeLessThanOrEqual(TOLERANCES.float64);
  expect(distance((x.grad as Tensor).data, c.expected.dx)).toBeLessThanOrEqual(TOLERANCES.float64);
  expect(Object.keys(module.stateDict()).sort()).toEqual(Object.keys(c.arrays).sort());
});

test('without options they are the functions without options', () => {
  const x = new Random('losses').rand([4, 3], 'float64');
  const [y, target] = [[0, 2, 1, 1], array(x, undefined, 'float64')];
  expect(new nn.CrossEntropyLoss().forward(x, y).shape).toEqual([]);
  expect(new nn.NLLLoss().forward(x, y).shape).toEqual([]);
  for (const Kind of [nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss]) {
    expect(new Kind().forward(x, target).item()).toBe(0);
  }
  for (const Kind of [nn.BCELoss, nn.BCEWithLogitsLoss, nn.KLDivLoss]) {
    expect(new Kind().forward(x, target).shape).toEqual([]);
  }
});

describe('weights are buffers', () => {
  test('which are copied, and are no parameters', () => {
    const weight = array([1, 2, 3]);
    const module = new nn.CrossEntropyLoss({ weight });
    weight.data[0] = 9;
    expect(toNested((module.weight as Tensor).data)).toEqual([1, 2, 3]);
    expect(module.parameters()).toEqual([]);
    expect(module.namedBuffers().map(([name]) => name)).toEqual(['weight']);
  });

  test('and belong to the state dict under the names of PyTorch', () => {
    const module = new nn.BCEWithLogitsLoss({ weight: array([2]), posWeight: tensor([3]) });
    expect(Object.keys(module.stateDict())).toEqual(['weight', 'pos_weight']);
    module.loadStateDict({ weight: array([4]), pos_weight: array([5]) });
    const [x, y] = [array([0]), array([1])];
    expect(module.forward(x, y).item()).toBeCloseTo(20 * Math.LN2, 5);
  });

  test('a number is a weight for all, in the dtype of the module', () => {
    const module = new nn.BCEWithLogitsLoss({ weight: 4, posWeight: 5 });
    expect(module.forward(array([0]), array([1])).item()).toBeCloseTo(20 * Math.LN2, 5);
    const [x, y] = [array([0], [1], 'float64'), array([1], [1], 'float64')];
    expect(module.to('float64').forward(x, y).item()).toBeCloseTo(20 * Math.LN2, 14);
    expect(new nn.BCELoss({ weight: 3 }).forward(array([0.5]), array([1])).item()).toBeCloseTo(3 * Math.LN2, 5);
  });
});

test.each<[message: string, make: () => unknown]>([
  [
    'CrossEntropyLoss: weight is [1, 2], expected a tensor or an array, see array(values)',
    () => new nn.CrossEntropyLoss({ weight: pretend([1, 2]) }),
  ],
  [
    "CrossEntropyLoss: unknown option 'smoothing', expected reduction, weight, ignoreIndex, labelSmoothing",
    () => new nn.CrossEntropyLoss(pretend({ smoothing: 0.1 })),
  ],
  ['NLLLoss: ignoreIndex is 0.5, expected a whole number', () => new nn.NLLLoss({ ignoreIndex: 0.5 })],
  [
    "BCELoss: reduction is 'batchmean', expected 'mean', 'sum' or 'none'",
    () => new nn.BCELoss({ reduction: pretend('batchmean') }),
  ],
  [
    'BCEWithLogitsLoss: posWeight is [2], expected a number, a tensor or an array, see array(values)',
    () => new nn.BCEWithLogitsLoss({ posWeight: pretend([2]) }),
  ],
  ['KLDivLoss: logTarget is 1, expected true or false', () => new nn.KLDivLoss({ logTarget: pretend(1) })],
  ["MSELoss: unknown option 'weight', expected reduction", () => new nn.MSELoss(pretend({ weight: zeros([1]) }))],
  ["L1Loss: unknown option 'beta', expected reduction", () => new nn.L1Loss(pretend({ beta: 1 }))],
  ['SmoothL1Loss: beta is -1, expected a number ≥ 0', () => new nn.SmoothL1Loss({ beta: -1 })],
  ['HuberLoss: delta is 0, expected a number > 0', () => new nn.HuberLoss({ delta: 0 })],
])('%s', (message, make) => {
  expect(make).toThrow(expect.objectContaining({ message }));
});
