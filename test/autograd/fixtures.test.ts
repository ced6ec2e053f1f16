import { describe, expect, test } from 'vitest';
import { array, type DType, type Labels, type NDArray, zeros } from '../../src/arrays/index.js';
import { F, op, Tensor, type TensorLike } from '../../src/autograd/index.js';
import { dropoutBackward, dropoutForward } from '../../src/layers/index.js';
import { arraysOf, casesOf, DTYPES, expectGolden, type FixtureCase, labels } from '../helpers/fixtures.js';
import { useKernels } from '../helpers/kernel-sets.js';
import { casesIn, type NormalizationCase } from '../helpers/normalization.js';

/** The tensors that a case names, which collect their gradients. */
type Leaves = Readonly<Record<string, Tensor>>;

type Results = Record<string, NDArray | number>;

/** Tensors over all inputs and parameters of a case, but for the upstream gradient; `dout` as it is. */
function tensorsOf(c: FixtureCase, dtype: DType): { leaves: Leaves; dout: NDArray | undefined } {
  const { dout, ...inputs } = arraysOf({ ...c.inputs, ...c.params }, dtype);
  const leaves = Object.fromEntries(
    Object.entries(inputs).map(([name, values]) => [name, new Tensor(values, { requiresGrad: true })]),
  );
  return { leaves, dout };
}

/**
 * The output of an operation on the leaves of a case, and the gradients of those that it used, named as the fixtures
 * do.
 */
function run(c: FixtureCase, dtype: DType, apply: (leaves: Leaves) => Tensor): Results {
  const { leaves, dout } = tensorsOf(c, dtype);
  const out = apply(leaves);
  if (dout === undefined) return { out: out.data };
  out.backward(dout);
  const results: Results = { out: out.data };
  for (const [name, { grad }] of Object.entries(leaves)) if (grad !== null) results[`d${name}`] = grad.data;
  return results;
}

/** (in, out) weights of a fixture as `F.linear` takes them. The gradient goes back through the transpose. */
function outByIn(w: Tensor): Tensor {
  return F.transpose(w);
}

/** A number of a case's configuration. */
function config(c: FixtureCase, name: string): number {
  expect(c.config).toHaveProperty(name);
  return Number(c.config[name]);
}

function convolution(c: FixtureCase) {
  return { stride: config(c, 'stride'), padding: config(c, 'pad') };
}

function kernelSize(c: FixtureCase): [number, number] {
  return [config(c, 'pool_height'), config(c, 'pool_width')];
}

/** Dropout by a given mask is no function of `F`, but of the layer. */
const dropoutByMask = op(dropoutForward, dropoutBackward);

/** Cross-entropy in pieces. */
function viaLogSoftmax(x: TensorLike, y: Labels): Tensor {
  const rows = Array.from(y as ArrayLike<number>, (label, n) => F.slice(F.logSoftmax(x), [n, label]));
  return F.neg(F.mean(F.stack(rows)));
}

/** What each op of the fixtures is by `F`; several where there are several ways to it. */
const BY_F: Readonly<Record<string, (c: FixtureCase) => readonly ((leaves: Leaves) => Tensor)[]>> = {
  affine: () => [
    ({ x, w, b }) => F.linear(F.flatten(x), outByIn(w), b),
    ({ x, w, b }) => F.add(F.matmul(F.flatten(x), w), b),
  ],
  affine_relu: () => [
    ({ x, w, b }) => F.linearRelu(F.flatten(x), outByIn(w), b),
    ({ x, w, b }) => F.relu(F.linear(F.flatten(x), outByIn(w), b)),
  ],
  relu: () => [({ x }) => F.relu(x)],
  leaky_relu: (c) => [
    ({ x }) => F.leakyRelu(x, config(c, 'negative_slope')),
    ({ x }) => F.prelu(x, array([config(c, 'negative_slope')], [1], x.dtype)),
  ],
  sigmoid: () => [({ x }) => F.sigmoid(x)],
  tanh: () => [({ x }) => F.tanh(x)],
  elu: (c) => [({ x }) => F.elu(x, config(c, 'alpha'))],
  gelu: () => [({ x }) => F.gelu(x)],
  gelu_tanh: () => [({ x }) => F.gelu(x, { approximate: 'tanh' })],
  hardswish: () => [({ x }) => F.hardswish(x), ({ x }) => F.mul(x, F.hardsigmoid(x))],
  hardsigmoid: () => [({ x }) => F.hardsigmoid(x)],
  softmax: (c) => [({ x }) => F.softmax(x, config(c, 'dim')), ({ x }) => F.exp(F.logSoftmax(x, config(c, 'dim')))],
  log_softmax: (c) => [({ x }) => F.logSoftmax(x, config(c, 'dim'))],
  softplus: ({ config: options }) => [({ x }) => F.softplus(x, options)],
  relu6: () => [({ x }) => F.relu6(x)],
  silu: () => [({ x }) => F.silu(x), ({ x }) => F.mul(x, F.sigmoid(x))],
  layernorm: (c) => [
    ({ x, gamma, beta }) => F.layerNorm(x, x.shape[1], gamma, beta, { eps: config(c, 'eps') }),
    ({ x, gamma, beta }) =>
      F.add(F.mul(F.layerNorm(x, [x.shape[1]], null, null, { eps: config(c, 'eps') }), gamma), beta),
  ],
  spatial_groupnorm: (c) => [
    ({ x, gamma, beta }) =>
      F.groupNorm(x, config(c, 'G'), F.reshape(gamma, [-1]), F.reshape(beta, [-1]), { eps: config(c, 'eps') }),
  ],
  conv2d: (c) => [
    ({ x, w, b }) => F.conv2d(x, w, b, convolution(c)),
    ({ x, w, b }) => F.add(F.conv2d(x, w, null, convolution(c)), F.reshape(b, [-1, 1, 1])),
  ],
  conv_relu: (c) => [
    ({ x, w, b }) => F.conv2dRelu(x, w, b, convolution(c)),
    ({ x, w, b }) => F.relu(F.conv2d(x, w, b, convolution(c))),
  ],
  conv_relu_pool: (c) => [
    ({ x, w, b }) =>
      F.maxPool2d(F.conv2dRelu(x, w, b, convolution(c)), kernelSize(c), { stride: config(c, 'pool_stride') }),
  ],
  maxpool: (c) => [({ x }) => F.maxPool2d(x, kernelSize(c), { stride: config(c, 'stride') })],
  avgpool: (c) => [({ x }) => F.avgPool2d(x, kernelSize(c), { stride: config(c, 'stride') })],
  dropout: (c) => [
    ({ x, keep_mask: kept }) => {
      const p = config(c, 'p');
      if (c.config.mode === 'test') return F.dropout(x, 1 - p, { training: false });
      return F.mul(x, F.div(kept.detach(), p));
    },
    ({ x, keep_mask: kept }) => {
      const mask = F.div(kept.detach(), config(c, 'p')).data;
      return dropoutByMask(x, { mode: c.config.mode === 'test' ? 'test' : 'train', p: config(c, 'p'), mask });
    },
  ],
  global_avgpool: () => [({ x }) => F.flatten(F.adaptiveAvgPool2d(x, 1)), ({ x }) => F.mean(x, [2, 3])],
};

const FILES = [
  ...['affine', 'activations', 'more_activations', 'layernorm', 'spatial_groupnorm', 'conv2d', 'maxpool', 'avgpool'],
  ...['sandwich', 'dropout', 'notebook_dropout'],
  ...['notebook_fully_connected', 'notebook_normalization', 'notebook_convnets'],
];
const BATCH = ['batchnorm', 'spatial_batchnorm', 'notebook_normalization'];

/** A case that expects all of its results, and a running variance made of the unbiased variance of a batch. */
function asPyTorch(c: NormalizationCase): FixtureCase {
  const expected = { ...c.expected, ...c.expected_optional };
  const { running_var: after } = c.expected;
  const { running_var: before, x } = c.inputs;
  if (typeof after !== 'object') return { ...c, expected };
  if (typeof x !== 'object') throw new TypeError(`${c.name} has no x`);
  const [N, , H = 1, W = 1] = x.shape;
  const count = N * H * W;
  const kept = (i: number): number => (typeof before === 'object' ? before.data[i] * config(c, 'momentum') : 0);
  const data = after.data.map((value, i) => kept(i) + ((value - kept(i)) * count) / (count - 1));
  return { ...c, expected: { ...expected, running_var: { ...after, data } } };
}

/** A batch normalization by `F`, whose momentum is the complement of the fixtures'. */
function batchNorm(c: NormalizationCase, dtype: DType): Results {
  const { leaves, dout } = tensorsOf(c, dtype);
  const { x, gamma, beta } = leaves;
  const channels = gamma.shape;
  const [mean, variance] = ['running_mean', 'running_var'].map((name) => leaves[name]?.data ?? zeros(channels, dtype));
  const training = c.config.mode === 'train';
  const options = { training, eps: config(c, 'eps'), momentum: 1 - config(c, 'momentum') };
  const out = F.batchNorm(x, mean, variance, gamma, beta, options);
  const results: Results = { out: out.data, ...(training ? { running_mean: mean, running_var: variance } : {}) };
  if (dout === undefined) return results;
  out.backward(dout);
  const grads = { dx: x.grad, dgamma: gamma.grad, dbeta: beta.grad };
  for (const [name, grad] of Object.entries(grads)) results[name] = (grad as Tensor).data;
  return results;
}

/** Cross-entropy or hinge loss by `F`, and the gradient of the scores. */
function loss(c: FixtureCase, dtype: DType, lossOf: (x: TensorLike, y: Labels) => Tensor): Results {
  const { x } = arraysOf({ x: c.inputs.x }, dtype);
  const scores = new Tensor(x, { requiresGrad: true });
  const out = lossOf(scores, labels(c.inputs.y));
  out.backward();
  return { loss: out.item(), dx: (scores.grad as Tensor).data };
}

describe.each([
  ['reference', 1],
  ['wasm', 1],
  ['wasm', 3],
] as const)('fixtures by F (%s, %i threads)', (kernels, threads) => {
  useKernels(kernels, threads);

  describe.each(DTYPES)('%s', (dtype) => {
    describe.each(Object.entries(BY_F))('%s', (op, ways) => {
      test.each(casesIn(FILES, op))('$name', (c) => {
        for (const way of ways(c)) expectGolden(c, run(c, dtype, way), dtype);
      });
    });

    describe.each(['batchnorm', 'spatial_batchnorm'])('%s', (op) => {
      test.each(casesIn(BATCH, op))('$name', (c) => {
        expectGolden(asPyTorch(c), batchNorm(c, dtype), dtype);
      });
    });

    describe.each([
      ['softmax_loss', [F.crossEntropy, viaLogSoftmax]],
      ['svm_loss', [F.svmLoss]],
    ] as const)('%s', (op, losses) => {
      test.each(casesOf(op))('$name', (c) => {
        for (const lossOf of losses) expectGolden(c, loss(c, dtype, lossOf), dtype);
      });
    });
  });
});

test('every op of the files is run', () => {
  const others = ['batchnorm', 'spatial_batchnorm', 'batchnorm_sequence', 'softmax_loss', 'svm_loss'];
  const nets = ['two_layer_net', 'three_layer_conv_net', 'fully_connected_net', 'loss_sanity_check'];
  const ops = new Set(casesIn([...FILES, ...BATCH]).map(({ op }) => op));
  const rest = ['dropout_statistics', ...nets, ...others];
  expect([...ops].filter((op) => !rest.includes(op)).sort()).toEqual(Object.keys(BY_F).sort());
});
