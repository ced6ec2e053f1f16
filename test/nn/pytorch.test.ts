import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type DType, type NDArray, Random } from '../../src/arrays/index.js';
import { F, type Tensor, type TensorLike, tensor } from '../../src/autograd/index.js';
import * as nn from '../../src/nn/index.js';
import { arraysOf, DTYPES, expectGolden, type FixtureCase, labels, stored } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { casesIn } from '../helpers/normalization.js';

interface StoredArray {
  readonly shape: number[];
  readonly data: number[];
}

/** A module of PyTorch, before and after a training step. */
interface ModuleCase {
  readonly module: string;
  readonly args: readonly unknown[];
  readonly initial?: Record<string, StoredArray>;
  readonly state: Record<string, StoredArray>;
  readonly x: StoredArray;
  readonly dout: StoredArray;
  readonly out: StoredArray;
  readonly dx: StoredArray;
  readonly grads: Record<string, StoredArray>;
  readonly after: Record<string, StoredArray>;
  readonly evalOut: StoredArray;
}

function fixture<T>(file: string): T {
  return JSON.parse(fs.readFileSync(path.join(__dirname, '..', 'fixtures', file), 'utf8')) as T;
}

const MODULES = [
  ...fixture<{ cases: ModuleCase[] }>('modules.json').cases,
  ...fixture<{ modules: ModuleCase[] }>('more_activations.json').modules,
];

const MADE_WITH_DTYPE = ['Linear', 'Conv2d', 'BatchNorm1d', 'BatchNorm2d', 'LayerNorm', 'GroupNorm', 'PReLU'];

/** The module of a case, in the format. */
function make({ module, args }: ModuleCase, dtype: DType): nn.Module {
  const Kind = (nn as unknown as Record<string, new (...args: unknown[]) => nn.Module>)[module];
  if (!MADE_WITH_DTYPE.includes(module)) return new Kind(...args);
  const last = args.at(-1);
  const isOptions = typeof last === 'object' && !Array.isArray(last);
  return new Kind(...(isOptions ? args.slice(0, -1) : args), { ...(isOptions ? (last as object) : {}), dtype });
}

function expectState(actual: Record<string, NDArray>, expected: Record<string, StoredArray>, tolerance: object): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, value] of Object.entries(expected)) {
    expect(actual[name], name).toBeAllClose(stored(value, 'float64'), tolerance);
  }
}

describeKernelSets("the modules are PyTorch's", () => {
  describe.each(DTYPES)('%s', (dtype) => {
    const tolerance = dtype === 'float64' ? { rtol: 1e-12, atol: 1e-13 } : { rtol: 1e-5, atol: 2e-6 };

    test.each(
      MODULES.map((c) => [`${c.module}(${JSON.stringify(c.args).slice(1, -1)}) of (${c.x.shape})`, c] as const),
    )('%s', (_, c) => {
      const module = make(c, dtype);
      if (c.initial !== undefined) expectState(module.stateDict(), c.initial, { rtol: 1e-7 });
      module.loadStateDict(arraysOf(c.state, dtype));
      const x = tensor(stored(c.x, dtype), { requiresGrad: true });

      const out = module.forward(x);
      out.backward(stored(c.dout, dtype));

      expect(out.dtype).toBe(dtype);
      expect(out.data).toBeAllClose(stored(c.out, dtype), tolerance);
      expect((x.grad as Tensor).data).toBeAllClose(stored(c.dx, dtype), tolerance);
      const grads = module.namedParameters().map(([name, { grad }]) => [name, (grad as Tensor).data] as const);
      expectState(Object.fromEntries(grads), c.grads, tolerance);
      expectState(module.stateDict(), c.after, tolerance);
      expect(module.eval().forward(x).data).toBeAllClose(stored(c.evalOut, dtype), tolerance);
    });
  });
});

test('the golden modules are all modules that PyTorch has and that are not random', () => {
  const others = [
    'Module',
    'Sequential',
    'Residual',
    'DenseBlock',
    'Dropout',
    'Dropout2d',
    'Maxout',
    'ModuleDict',
    'ModuleList',
    'Parameter',
    'Buffer',
    'init',
    // Those have goldens of their own, in losses.test.ts.
    ...Object.keys(nn).filter((name) => name.endsWith('Loss')),
  ];
  const named = new Set([...MODULES.map((c) => c.module), ...others]);
  expect([...named].sort()).toEqual(Object.keys(nn).sort());
});

/** Conv (padding 2), ReLU, conv (padding 1), ReLU, linear, with the weights of a case. */
function convConvFc({ params }: FixtureCase, dtype: DType): nn.Module {
  const [F1, C] = (params.conv_w1 as StoredArray).shape;
  const [F2] = (params.conv_w2 as StoredArray).shape;
  const [D, classes] = (params.fc_w as StoredArray).shape;
  return new nn.Sequential(
    new nn.Conv2d(C, F1, 5, { padding: 2, dtype }),
    new nn.ReLU(),
    new nn.Conv2d(F1, F2, 3, { padding: 1, dtype }),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Linear(D, classes, { dtype }),
  );
}

/** Where the parameters of that net are in the fixture. */
const CONV_CONV_FC = {
  '0.weight': 'conv_w1',
  '0.bias': 'conv_b1',
  '2.weight': 'conv_w2',
  '2.bias': 'conv_b2',
  '5.weight': 'fc_w',
  '5.bias': 'fc_b',
};

/** Three blocks of two convolutions with batch normalization and ReLU, and a pooling; two linear layers. */
function bnConvNet({ params, config }: FixtureCase, dtype: DType): nn.Module {
  const blocks = [1, 3, 5].flatMap((first) => [
    ...[first, first + 1].flatMap((i) => {
      const [filters, channels] = (params[`conv${i}_w`] as StoredArray).shape;
      return [
        new nn.Conv2d(channels, filters, 3, { padding: 1, dtype }),
        new nn.BatchNorm2d(filters, { eps: config.eps as number, momentum: 1 - (config.momentum as number), dtype }),
        new nn.ReLU(),
      ];
    }),
    new nn.MaxPool2d(2),
  ]);
  const [D, hidden] = (params.fc1_w as StoredArray).shape;
  const [, classes] = (params.fc2_w as StoredArray).shape;
  return new nn.Sequential(
    ...blocks,
    new nn.Flatten(),
    new nn.Linear(D, hidden, { dtype }),
    new nn.ReLU(),
    new nn.Dropout(0),
    new nn.Linear(hidden, classes, { dtype }),
  );
}

/** Convolution i of that net is module CONVOLUTIONS[i − 1], its normalization the next one. */
const CONVOLUTIONS = [0, 3, 7, 10, 14, 17];

const BN_CONV_NET: Record<string, string> = {
  ...Object.fromEntries(
    CONVOLUTIONS.flatMap((at, i) => [
      [`${at}.weight`, `conv${i + 1}_w`],
      [`${at}.bias`, `conv${i + 1}_b`],
      [`${at + 1}.weight`, `bn${i + 1}_gamma`],
      [`${at + 1}.bias`, `bn${i + 1}_beta`],
    ]),
  ),
  '22.weight': 'fc1_w',
  '22.bias': 'fc1_b',
  '25.weight': 'fc2_w',
  '25.bias': 'fc2_b',
};

/** Affine weights are (D, M) in the fixtures. */
function inLayout(name: string, value: NDArray): NDArray {
  return name.startsWith('fc') && name.includes('w') ? value.transpose(1, 0) : value;
}

/** The state dict of a model with the parameters of a case. */
function stateOf(names: Record<string, string>, params: Record<string, NDArray>): Record<string, NDArray> {
  return Object.fromEntries(Object.entries(names).map(([key, name]) => [key, inLayout(name, params[name])]));
}

/** Scores, loss and the gradients of the parameters, by the names of the fixture. */
function step(model: nn.Module, names: Record<string, string>, x: TensorLike, y: Int32Array) {
  const scores = model.forward(x);
  const loss = F.crossEntropy(scores, y);
  loss.backward();
  const grads = model.namedParameters().map(([key, { grad }]) => {
    const name = names[key];
    return [`d${name}`, inLayout(name, (grad as Tensor).data)] as const;
  });
  return { scores: scores.data, loss: loss.item(), ...Object.fromEntries(grads) };
}

describeKernelSets("the networks of the notebook's PyTorch part", () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each(casesIn<FixtureCase>(['pytorch_convnets'], 'conv_conv_fc'))('$name', (c) => {
      const model = convConvFc(c, dtype);
      model.loadStateDict(stateOf(CONV_CONV_FC, arraysOf(c.params, dtype)));
      expectGolden(c, step(model, CONV_CONV_FC, stored(c.inputs.X, dtype), labels(c.inputs.y)), dtype);
    });

    test.each(casesIn<FixtureCase>(['pytorch_convnets'], 'bn_conv_net'))('$name', (c) => {
      const { X, y, ...running } = c.inputs;
      const before = arraysOf(running, dtype);
      const model = bnConvNet(c, dtype);
      const buffers = CONVOLUTIONS.flatMap((at, i) => [
        [`${at + 1}.running_mean`, before[`running_mean${i + 1}`]],
        [`${at + 1}.running_var`, before[`running_var${i + 1}`]],
        [`${at + 1}.num_batches_tracked`, new Random(0).rand([], dtype)],
      ]);
      model.loadStateDict({ ...stateOf(BN_CONV_NET, arraysOf(c.params, dtype)), ...Object.fromEntries(buffers) });
      model.train(c.config.mode === 'train');
      const x = tensor(stored(X, dtype), { requiresGrad: true });

      const results = step(model, BN_CONV_NET, x, labels(y));

      const after = model.stateDict();
      const statistics =
        c.config.mode === 'train'
          ? CONVOLUTIONS.flatMap((at, i) => [
              [`running_mean${i + 1}`, after[`${at + 1}.running_mean`]],
              [
                `running_var${i + 1}`,
                asBiased(after[`${at + 1}.running_var`], before[`running_var${i + 1}`], 4 * 16 ** 2 * 4 ** -(i >> 1)),
              ],
            ])
          : [];
      const dX = (x.grad as Tensor).data;
      expectGolden(c, { ...results, dX, ...Object.fromEntries(statistics) }, dtype);
    });
  });
});

/** The running variance that takes the biased variance of `count` values, for one that took the unbiased one. */
function asBiased(running: NDArray, before: NDArray, count: number): NDArray {
  const out = F.mul(F.sub(running, F.mul(before, 0.9)), (count - 1) / count);
  return F.add(out, F.mul(before, 0.9)).data;
}
