import { describe, expect, test } from 'vitest';
import { array, hostValues, Random } from '../../src/arrays/index.js';
import { F, Tensor } from '../../src/autograd/index.js';
import { isResident } from '../../src/kernels/index.js';
import * as nn from '../../src/nn/index.js';
import { Adam, SGD } from '../../src/optim/index.js';
import { useKernels } from '../helpers/kernel-sets.js';
import { pretend } from '../helpers/pretend.js';

const make = () => {
  const random = new Random(1);
  return new nn.Sequential(
    new nn.Linear(3, 4, { random }),
    new nn.BatchNorm1d(4),
    new nn.PReLU(),
    new nn.Linear(4, 2, { random }),
  );
};
const x = new Random(2).randn([5, 3]);

describe.each(['reference', 'wasm'] as const)('to, double and float (%s)', (kernels) => {
  useKernels(kernels, 1);

  test('convert parameters, buffers and gradients in place', () => {
    const model = make();
    F.sum(model.forward(x)).backward();
    const [parameters, buffers] = [model.parameters(), model.buffers()];
    const before = [...parameters, ...buffers].map(({ data }) => [...hostValues(data)]);
    const gradients = parameters.map(({ grad }) => [...hostValues((grad as Tensor).data)]);
    const held = parameters[0].data;

    expect(model.double()).toBe(model);
    expect(model.parameters()).toEqual(parameters);
    expect(model.parameters().every((p, i) => p === parameters[i])).toBe(true);
    for (const tensor of [...parameters, ...buffers]) expect(tensor.dtype).toBe('float64');
    expect([...parameters, ...buffers].map(({ data }) => [...hostValues(data)])).toEqual(before);
    expect(parameters.map(({ grad }) => (grad as Tensor).dtype)).toEqual(parameters.map(() => 'float64'));
    expect(parameters.map(({ grad }) => [...hostValues((grad as Tensor).data)])).toEqual(gradients);
    expect(parameters.every((p) => p.requiresGrad && p.isLeaf && p instanceof nn.Parameter)).toBe(true);
    expect(isResident(parameters[0].data)).toBe(kernels === 'wasm');
    // What somebody holds of the old values is still theirs.
    expect([...hostValues(held)]).toEqual(before[0]);

    expect(model.float().parameters()[0].dtype).toBe('float32');
    expect([...parameters, ...buffers].map(({ data }) => [...hostValues(data)])).toEqual(before);
    expect(parameters.map(({ grad }) => [...hostValues((grad as Tensor).data)])).toEqual(gradients);
  });

  test('a module runs and trains in its new format as one that was made in it', () => {
    const model = make().to('float64');
    const wide = array(x, x.shape, 'float64');
    expect(model.forward(wide).dtype).toBe('float64');
    expect(() => model.forward(x)).toThrow('x has dtype float32, expected float64, that of the module');
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const loss = () => F.sum(F.mul(model.forward(wide), model.forward(wide)));
    const first = loss();
    first.backward();
    optimizer.step();
    expect(loss().item()).toBeLessThan(first.item());
    const state = model.stateDict();
    expect(Object.values(state).every((a) => a.data instanceof Float64Array)).toBe(true);
    expect(make().loadStateDict(state, { convert: true }).missingKeys).toEqual([]);
  });

  test('an optimizer without state goes on, one with state of the old format refuses first', () => {
    const model = make();
    const [plain, adam] = [new SGD(model.parameters(), { lr: 0.1 }), new Adam(model.parameters())];
    const step = (dtype: 'float32' | 'float64') => {
      model.zeroGrad();
      F.sum(model.forward(array(x, x.shape, dtype))).backward();
    };
    step('float32');
    plain.step();
    adam.step();
    model.double();
    step('float64');
    plain.step();
    const before = model.parameters().map(({ data }) => [...hostValues(data)]);
    expect(() => adam.step()).toThrow(
      /Adam.step: params\[0\].* has dtype float32, expected float64.*: make a new optimizer where double\(\)/,
    );
    expect(model.parameters().map(({ data }) => [...hostValues(data)])).toEqual(before);
  });
});

test('to refuses another format', () => {
  expect(() => make().to(pretend('float16'))).toThrow("to: dtype is 'float16', expected 'float32' or 'float64'");
});

test('a gradient that was assigned is converted too, and shared parameters once', () => {
  const model = make();
  const [first] = model.parameters();
  first.grad = new Tensor(array(first.data, first.shape));
  const both = new nn.Sequential(model, model);
  both.double();
  expect([first.dtype, first.grad.dtype]).toEqual(['float64', 'float64']);
});
