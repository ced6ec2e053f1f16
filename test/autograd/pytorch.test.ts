import { describe, expect, test } from 'vitest';
import type { DType, NDArray } from '../../src/arrays/index.js';
import { F, Tensor } from '../../src/autograd/index.js';
import { arraysOf, DTYPES, expectGolden, type FixtureCase, labels } from '../helpers/fixtures.js';
import { useKernels } from '../helpers/kernel-sets.js';
import { casesIn } from '../helpers/normalization.js';

type Leaves = Readonly<Record<string, Tensor>>;

/** Each function of the file by `F`. The running statistics are those of the inputs, and are changed in place. */
const BY_F: Readonly<Record<string, (leaves: Leaves, c: FixtureCase, statistics: readonly NDArray[]) => Tensor>> = {
  batch_norm: ({ x, weight, bias }, { config }, [mean, variance]) => {
    const options = { training: Boolean(config.training), momentum: Number(config.momentum), eps: Number(config.eps) };
    return F.batchNorm(x, mean ?? null, variance ?? null, weight ?? null, bias ?? null, options);
  },
  cross_entropy: ({ x }, { config, inputs }) =>
    F.crossEntropy(x, labels(inputs.y), { labelSmoothing: Number(config.label_smoothing) }),
  adaptive_avg_pool2d: ({ x }, { config }) => F.adaptiveAvgPool2d(x, config.output_size as [number, number]),
  layer_norm: ({ x, weight, bias }, { config }) => F.layerNorm(x, config.normalized_shape as number[], weight, bias),
  group_norm: ({ x, weight, bias }, { config }) => F.groupNorm(x, Number(config.num_groups), weight, bias),
  mse_loss: ({ input, target }) => F.mseLoss(input, target),
  linear: ({ x, weight, bias }) => F.linear(x, weight, bias),
};

const STATISTICS = ['running_mean', 'running_var'];

function expectAsPyTorch(c: FixtureCase, dtype: DType): void {
  const { dout, y: _, ...arrays } = arraysOf(c.inputs, dtype);
  const names = Object.keys(arrays).filter((name) => !STATISTICS.includes(name));
  const leaves = Object.fromEntries(names.map((name) => [name, new Tensor(arrays[name], { requiresGrad: true })]));
  const statistics = STATISTICS.filter((name) => name in arrays);
  const out = BY_F[c.op](
    leaves,
    c,
    statistics.map((name) => arrays[name]),
  );
  out.backward(dout);
  const results: Record<string, NDArray> = { out: out.data };
  for (const name of names) results[`d${name}`] = (leaves[name].grad as Tensor).data;
  for (const name of statistics) results[name] = arrays[name];
  expectGolden(c, results, dtype);
}

test('every function of the file is run', () => {
  expect([...new Set(casesIn(['functional']).map(({ op }) => op))].sort()).toEqual(Object.keys(BY_F).sort());
});

describe.each(['reference', 'wasm'] as const)('PyTorch (%s)', (kernels) => {
  useKernels(kernels, 1);
  describe.each(DTYPES)('%s', (dtype) => {
    test.each(casesIn(['functional']))('$op: $name', (c) => expectAsPyTorch(c, dtype));
  });
});
