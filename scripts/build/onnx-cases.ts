// Models for the comparison with onnxruntime and for the tests: every module of nn, every function of F, every network.

import { type DType, F, models, type NDArray, nn, Random, type Tensor, type TensorLike } from '../../src/index.js';

/** A model and the shape of an example. */
export interface OnnxCase {
  readonly what: string;
  readonly model: () => nn.Module;
  readonly inputShape: readonly number[];
  /** What random inputs are drawn as. Default `'normal'`. */
  readonly values?: 'normal' | 'positive' | 'whole';
  /** Batches to compare. Default `[1, 2, 5]`. */
  readonly batches?: readonly number[];
}

/** Cases of one module or function; a text where there are none: why. */
export type OnnxCases = readonly OnnxCase[] | string;

const conv = new nn.Conv2d(3, 4, 3, { padding: 1 });
const weights = new nn.Linear(6, 5);
const slopes = new nn.PReLU({ numParameters: 4 });

/** A function of `F` as a module, with the layers whose weights the functions take. */
class Applied extends nn.Module {
  readonly layers = [conv, weights, slopes];
  readonly #apply: (x: Tensor) => Tensor;

  constructor(apply: (x: Tensor) => Tensor) {
    super();
    this.#apply = apply;
  }

  override forward(x: TensorLike): Tensor {
    return this.#apply(x as Tensor);
  }
}

const IMAGES = [3, 9, 7];

function of(model: () => nn.Module, inputShape: readonly number[] = IMAGES, what = ''): OnnxCase {
  return { what, model, inputShape };
}

/** The body of an arrow function, on one line. */
function textOf(apply: (x: Tensor) => Tensor): string {
  const [, body] = String(apply).split('=> ');
  return body.replaceAll(/\s+/g, ' ').replaceAll(/\w+\.F\./g, 'F.');
}

function fn(apply: (x: Tensor) => Tensor, inputShape: readonly number[] = [4, 6], what = ''): OnnxCase {
  return { what: what || textOf(apply), model: () => new Applied(apply), inputShape };
}

const positive = (given: OnnxCase): OnnxCase => ({ ...given, values: 'positive' });
/** Of functions that do something else with a batch of one, or that do not take it. */
const several = (given: OnnxCase): OnnxCase => ({ ...given, batches: [2, 3] });
const whole = (given: OnnxCase): OnnxCase => ({ ...given, values: 'whole' });

/** A batch normalization whose running statistics are those of no standard normal batch. */
function moved<M extends nn.Module>(norm: M): M {
  for (const buffer of norm.buffers()) nn.init.uniform_(buffer as never, 0.5, 1.5);
  for (const parameter of norm.parameters()) nn.init.uniform_(parameter as never, 0.5, 1.5);
  return norm;
}

class Twice extends nn.Module {
  readonly blocks = new nn.ModuleList([new nn.Linear(8, 8), new nn.Linear(8, 8)]);
  readonly heads = new nn.ModuleDict({ scores: new nn.Linear(8, 3) });

  override forward(x: TensorLike): Tensor {
    let h = F.flatten(x);
    // Each of them twice: shared weights.
    for (const block of [...this.blocks, ...this.blocks]) h = F.add(h, F.relu(block.forward(h)));
    return this.heads.get('scores').forward(h);
  }
}

const A_LOSS = 'a loss: it takes targets too';

/** Of every module that `nn` exports, by its name. */
export const MODULE_CASES: Readonly<Record<string, OnnxCases>> = {
  Sequential: [
    of(
      () =>
        new nn.Sequential(
          new nn.Conv2d(3, 8, 3, { padding: 1 }),
          moved(new nn.BatchNorm2d(8)),
          new nn.ReLU(),
          new nn.MaxPool2d(2),
          new nn.Flatten(),
          new nn.Linear(96, 5),
          new nn.ReLU(),
        ),
    ),
  ],
  ModuleList: [of(() => new Twice(), [2, 4])],
  ModuleDict: [of(() => new Twice(), [8])],
  Residual: [
    of(() => new nn.Residual(new nn.Conv2d(3, 3, 3, { padding: 1 }))),
    of(() => new nn.Residual(new nn.Conv2d(3, 6, 3, { padding: 1 }), { shortcut: new nn.Conv2d(3, 6, 1) })),
  ],
  DenseBlock: [of(() => new nn.DenseBlock(new nn.Conv2d(3, 4, 3, { padding: 1 }), new nn.Conv2d(7, 4, 1)))],
  Linear: [
    of(() => new nn.Linear(7, 5), [7]),
    of(() => new nn.Linear(7, 5, { bias: false }), [7], 'no bias'),
    of(() => new nn.Linear(7, 5), [3, 4, 7], 'on the last axis'),
  ],
  Conv2d: [
    of(() => new nn.Conv2d(3, 4, 3)),
    of(() => new nn.Conv2d(3, 4, 3, { padding: [2, 1], stride: [2, 1], bias: false }), IMAGES, 'stride, padding'),
    of(() => new nn.Conv2d(4, 6, 3, { groups: 2, dilation: 2 }), [4, 9, 7], 'groups, dilation'),
    of(() => new nn.Conv2d(4, 4, [2, 4], { groups: 4, padding: 'same' }), [4, 9, 7], "depthwise, 'same'"),
    of(() => new nn.Conv2d(3, 4, 4, { padding: 'valid' }), IMAGES, "'valid'"),
  ],
  MaxPool2d: [
    of(() => new nn.MaxPool2d(2)),
    of(() => new nn.MaxPool2d([3, 2], { stride: [1, 2], padding: 1 }), IMAGES, 'stride, padding'),
    of(() => new nn.MaxPool2d(2, { stride: 2, dilation: 2, ceilMode: true }), IMAGES, 'dilation, ceilMode'),
    of(
      () => new nn.MaxPool2d(3, { stride: [2, 4], padding: [1, 0], dilation: [1, 2], ceilMode: true }),
      [4, 8, 6],
      'ceilMode beyond the window',
    ),
    of(() => new nn.MaxPool2d(3, { stride: 2, padding: 1, ceilMode: true }), [2, 8, 8], 'ceilMode, padding'),
    of(() => new nn.MaxPool2d(2, { stride: 3, ceilMode: true }), [2, 8, 7], 'ceilMode, gaps'),
  ],
  AvgPool2d: [
    of(() => new nn.AvgPool2d(2)),
    of(() => new nn.AvgPool2d(3, { stride: 2, padding: 1 }), IMAGES, 'padding counts'),
    of(() => new nn.AvgPool2d(3, { stride: 2, padding: 1, countIncludePad: false }), IMAGES, 'padding does not count'),
    of(() => new nn.AvgPool2d(3, { stride: 2, padding: 1, ceilMode: true }), [2, 8, 8], 'ceilMode'),
    of(
      () => new nn.AvgPool2d(3, { stride: 2, padding: 1, ceilMode: true, countIncludePad: false }),
      [2, 8, 8],
      'ceilMode, padding does not count',
    ),
    of(() => new nn.AvgPool2d(2, { divisorOverride: 3 }), IMAGES, 'divisorOverride'),
  ],
  AdaptiveAvgPool2d: [
    of(() => new nn.AdaptiveAvgPool2d(1)),
    of(() => new nn.AdaptiveAvgPool2d([3, 7]), IMAGES, 'equal parts'),
    of(() => new nn.AdaptiveAvgPool2d([4, 3]), IMAGES, 'parts that overlap'),
    of(() => new nn.AdaptiveAvgPool2d([null, 10]), IMAGES, 'more than there are'),
  ],
  AdaptiveMaxPool2d: [
    of(() => new nn.AdaptiveMaxPool2d(1)),
    of(() => new nn.AdaptiveMaxPool2d([3, 7]), IMAGES, 'equal parts'),
    of(() => new nn.AdaptiveMaxPool2d([4, 3]), IMAGES, 'parts that overlap'),
    of(() => new nn.AdaptiveMaxPool2d([null, 10]), IMAGES, 'more than there are'),
  ],
  BatchNorm1d: [
    of(() => moved(new nn.BatchNorm1d(6)), [6]),
    of(() => moved(new nn.BatchNorm1d(6)), [6, 4], 'sequences'),
    of(() => new nn.BatchNorm1d(6, { affine: false, eps: 1e-3 }), [6], 'affine: false'),
  ],
  BatchNorm2d: [
    of(() => moved(new nn.BatchNorm2d(3))),
    of(() => new nn.BatchNorm2d(3, { trackRunningStats: false }), IMAGES, 'by the batch'),
  ],
  LayerNorm: [
    of(() => moved(new nn.LayerNorm(7)), IMAGES),
    of(() => moved(new nn.LayerNorm([9, 7])), IMAGES, 'two axes'),
    of(() => new nn.LayerNorm(6, { elementwiseAffine: false, eps: 1e-3 }), [6], 'elementwiseAffine: false'),
  ],
  GroupNorm: [
    of(() => moved(new nn.GroupNorm(2, 6)), [6, 5, 4]),
    of(() => new nn.GroupNorm(3, 6, { affine: false }), [6, 5], 'affine: false'),
  ],
  Dropout: [of(() => new nn.Sequential(new nn.Dropout(0.5), new nn.Linear(7, 3), new nn.Dropout(0.1)), [7])],
  Dropout2d: [of(() => new nn.Sequential(new nn.Dropout2d(0.5), new nn.Conv2d(3, 2, 3)))],
  ReLU: [of(() => new nn.ReLU())],
  ReLU6: [of(() => new nn.Sequential(new nn.Conv2d(3, 4, 3), new nn.ReLU6()))],
  LeakyReLU: [of(() => new nn.LeakyReLU(0.2))],
  PReLU: [
    of(() => new nn.PReLU()),
    of(() => moved(new nn.PReLU({ numParameters: 3 })), IMAGES, 'a slope a channel'),
    of(() => moved(new nn.PReLU({ numParameters: 6 })), [6], 'a slope a feature'),
  ],
  ELU: [of(() => new nn.ELU(0.7))],
  GELU: [of(() => new nn.GELU()), of(() => new nn.GELU({ approximate: 'tanh' }), IMAGES, "'tanh'")],
  SiLU: [of(() => new nn.SiLU())],
  Hardsigmoid: [of(() => new nn.Hardsigmoid())],
  Hardswish: [of(() => new nn.Hardswish())],
  Sigmoid: [of(() => new nn.Sigmoid())],
  Tanh: [of(() => new nn.Tanh())],
  Softplus: [of(() => new nn.Softplus()), of(() => new nn.Softplus({ beta: 2, threshold: 1 }), IMAGES, 'threshold')],
  Softmax: [of(() => new nn.Softmax(), [6]), of(() => new nn.Softmax({ dim: 1 }), IMAGES, 'axis 1')],
  LogSoftmax: [of(() => new nn.LogSoftmax(), [6])],
  Maxout: [of(() => new nn.Maxout(3), [12])],
  ConstantPad2d: [of(() => new nn.ConstantPad2d([1, 2, 0, 3], 0.5)), of(() => new nn.ConstantPad2d([-1, 2, 1, -2], 1))],
  ZeroPad2d: [of(() => new nn.ZeroPad2d(2))],
  ReflectionPad2d: [of(() => new nn.ReflectionPad2d([1, 2, 3, 0]))],
  ReplicationPad2d: [
    of(() => new nn.ReplicationPad2d([1, 2, 3, 0])),
    of(() => new nn.ReplicationPad2d([-1, 2, 3, -2]), IMAGES, 'fewer'),
  ],
  Flatten: [of(() => new nn.Flatten()), of(() => new nn.Flatten(2), IMAGES, 'from axis 2')],
  Identity: [of(() => new nn.Identity())],
  BCELoss: A_LOSS,
  BCEWithLogitsLoss: A_LOSS,
  CrossEntropyLoss: A_LOSS,
  HuberLoss: A_LOSS,
  KLDivLoss: A_LOSS,
  L1Loss: A_LOSS,
  MSELoss: A_LOSS,
  NLLLoss: A_LOSS,
  SmoothL1Loss: A_LOSS,
};

/** Of every function of `F`, by its name. */
export const FUNCTION_CASES: Readonly<Record<string, OnnxCases>> = {
  relu: [fn((x) => F.relu(x))],
  relu6: [fn((x) => F.relu6(F.mul(x, 5)))],
  hardswish: [fn((x) => F.hardswish(F.mul(x, 3)))],
  hardsigmoid: [fn((x) => F.hardsigmoid(F.mul(x, 3)))],
  sigmoid: [fn((x) => F.sigmoid(x))],
  silu: [fn((x) => F.silu(x))],
  tanh: [fn((x) => F.tanh(x))],
  softplus: [fn((x) => F.softplus(F.mul(x, 30)))],
  gelu: [fn((x) => F.gelu(x)), fn((x) => F.gelu(x, { approximate: 'tanh' }))],
  prelu: [fn((x) => F.prelu(x, slopes.weight))],
  maxout: [fn((x) => F.maxout(x, 2), [6])],
  leakyRelu: [fn((x) => F.leakyRelu(x, 0.3))],
  elu: [fn((x) => F.elu(x))],
  add: [fn((x) => F.add(x, 1.5)), fn((x) => F.add(x, x.mean(1, true)), [4, 6])],
  sub: [fn((x) => F.sub(2, x))],
  mul: [fn((x) => F.mul(x, x))],
  div: [positive(fn((x) => F.div(x, F.add(x, 1))))],
  maximum: [fn((x) => F.maximum(x, 0.2))],
  minimum: [fn((x) => F.minimum(x, F.neg(x)))],
  pow: [positive(fn((x) => F.pow(x, 1.5))), positive(fn((x) => F.pow(2, x))), positive(fn((x) => F.pow(x, x)))],
  exp: [fn((x) => F.exp(x))],
  log: [positive(fn((x) => F.log(x)))],
  sqrt: [positive(fn((x) => F.sqrt(x)))],
  neg: [fn((x) => F.neg(x))],
  abs: [fn((x) => F.abs(x))],
  matmul: [
    fn((x) => F.matmul(x, x.transpose(1, 2))),
    fn((x) => F.matmul(x, weights.weight.T)),
    fn((x) => F.matmul(x, x.T), [6]),
  ],
  dropout: [fn((x) => F.dropout(x, 0.5, { training: false })), fn((x) => F.dropout(x, 0))],
  dropout2d: [fn((x) => F.dropout2d(x, 0.5, { training: false }), [2, 3, 4])],
  conv2d: [
    fn((x) => F.conv2d(x, conv.weight, conv.bias), IMAGES),
    fn((x) => F.conv2d(x, x.slice([0, null]).unsqueeze(0), null), IMAGES),
  ],
  conv2dRelu: [fn((x) => F.conv2dRelu(x, conv.weight, conv.bias, { stride: 2 }), IMAGES)],
  maxPool2d: [fn((x) => F.maxPool2d(x, 2), IMAGES)],
  avgPool2d: [fn((x) => F.avgPool2d(x, [3, 2]), IMAGES)],
  adaptiveAvgPool2d: [fn((x) => F.adaptiveAvgPool2d(x, 2), IMAGES)],
  adaptiveMaxPool2d: [fn((x) => F.adaptiveMaxPool2d(x, 2), IMAGES)],
  linear: [fn((x) => F.linear(x, weights.weight, weights.bias), [6])],
  linearRelu: [fn((x) => F.linearRelu(x, weights.weight, weights.bias), [4, 6])],
  batchNorm: [several(fn((x) => F.batchNorm(x, null, null), [4]))],
  batchNormRelu: [fn((x) => F.batchNormRelu(x), IMAGES)],
  batchNormGelu: [fn((x) => F.batchNormGelu(x), IMAGES)],
  layerNorm: [fn((x) => F.layerNorm(x, 6))],
  groupNorm: [fn((x) => F.groupNorm(x, 2))],
  pad: [
    fn((x) => F.pad(x, [1, 2, 0, 1])),
    fn((x) => F.pad(x, [1, 2], { mode: 'reflect' })),
    fn((x) => F.pad(x, [1, 2, 3, 0], { mode: 'replicate' }), IMAGES),
    fn((x) => F.pad(x, [1, 2, 3, -1], { mode: 'circular' }), IMAGES),
  ],
  sum: [fn((x) => x.sum(1)), fn((x) => x.sum([1, -1], true)), fn((x) => x.sum(0)), fn((x) => x.sum())],
  mean: [fn((x) => x.mean(-1)), fn((x) => x.mean(0, true)), fn((x) => x.mean())],
  amax: [fn((x) => x.amax([1, 2]))],
  amin: [fn((x) => x.amin(2, true))],
  norm: [
    fn((x) => x.norm(2, 1)),
    fn((x) => x.norm(1, [1, 2], true)),
    fn((x) => x.norm(3, 2)),
    fn((x) => x.norm(Number.POSITIVE_INFINITY, 2)),
    fn((x) => x.norm(Number.NEGATIVE_INFINITY, 2)),
    fn((x) => F.norm(F.relu(x), 0, 2)),
  ],
  var: [fn((x) => x.var(1)), fn((x) => x.var([0, 1])), fn((x) => x.var(2, { unbiased: false, keepdims: true }))],
  std: [fn((x) => x.std(-1, { keepdims: true })), fn((x) => x.std())],
  logSoftmax: [fn((x) => x.logSoftmax(1))],
  logsumexp: [fn((x) => F.logsumexp(F.mul(x, 100), [1, 2])), fn((x) => x.logsumexp(1, true))],
  softmax: [fn((x) => F.softmax(F.mul(x, 50)))],
  reshape: [
    fn((x) => x.reshape([x.shape[0], 24])),
    fn((x) => x.reshape([-1, 3])),
    fn((x) => x.reshape([-1, 4, 2, 3]).reshape([x.shape[0], -1])),
    fn((x) => x.reshape([2, -1, 6])),
  ],
  view: [fn((x) => x.view([-1, 6]))],
  transpose: [fn((x) => x.transpose(1, 2)), fn((x) => x.T)],
  permute: [fn((x) => x.permute([2, 0, -2]))],
  squeeze: [fn((x) => x.squeeze(1), [1, 6]), several(fn((x) => x.squeeze(), [1, 6, 1])), fn((x) => x.squeeze(1), [4])],
  unsqueeze: [fn((x) => x.unsqueeze(-1)), fn((x) => x.unsqueeze(0))],
  to: [fn((x) => x.to('float64').add(1).to('float32'))],
  double: [fn((x) => x.double().float())],
  float: [fn((x) => x.float())],
  clone: [fn((x) => x.clone())],
  broadcastTo: [fn((x) => x.mean(1, true).broadcastTo([x.shape[0], 4, 6])), fn((x) => x.broadcastTo([2, ...x.shape]))],
  expand: [
    fn((x) => x.mean(1, true).expand([-1, 4, -1])),
    fn((x) => x.mean(0, true).expand([x.shape[0], -1, -1])),
    fn((x) => x.mean(0, true).expand([3 * x.shape[0], 4, 6])),
  ],
  slice: [
    fn((x) => x.slice([null, [1, 3], [null, null, 2]])),
    fn((x) => x.slice([null, -1, [-1, null, -1]])),
    fn((x) => x.slice([-1])),
    several(fn((x) => x.slice([[1, x.shape[0]], 0, 2]))),
    several(fn((x) => x.slice([x.shape[0] - 2]))),
    fn((x) =>
      x.slice([
        [null, null, -1],
        [3, 0, -2],
      ]),
    ),
  ],
  split: [fn((x) => F.mul(...(x.split(3, 2) as [Tensor, Tensor])))],
  chunk: [fn((x) => F.sub(...(x.chunk(2, 1) as [Tensor, Tensor])))],
  concat: [
    fn((x) => F.concat([x, x.mul(2)], 1)),
    fn((x) => F.concat([x, x], -1)),
    fn((x) => F.concat([x])),
    fn((x) => F.concat([x, x])),
  ],
  stack: [fn((x) => F.stack([x, x.mul(2)])), fn((x) => F.stack([x, x.neg()], -1))],
  flatten: [fn((x) => F.flatten(x)), fn((x) => F.flatten(x, 0, 1)), fn((x) => x.flatten(1, 2), [2, 3, 4])],
  argmax: [fn((x) => x.argmax(1).float()), fn((x) => x.argmax().float()), fn((x) => x.argmax(2, true).float())],
  argmin: [fn((x) => x.argmin(2).float())],
  max: [
    fn((x) => x.max()),
    fn((x) => x.max(1).values),
    fn((x) => x.max(1, true).values),
    fn((x) => x.max(-1).indices.float()),
  ],
  min: [fn((x) => x.min()), fn((x) => x.min(2).values), fn((x) => x.min(1, true).indices.float())],
  topk: [fn((x) => x.topk(2).values), fn((x) => x.topk(3, { axis: 1, largest: false }).indices.float())],
  gather: [fn((x) => x.gather(2, x.argmax(2, true)))],
  oneHot: [fn((x) => F.oneHot(x.argmax(1), 4))],
  where: [fn((x) => F.where(x.gt(0), x, x.mul(0.1))), fn((x) => F.where(x.ne(0), 1, x))],
  clamp: [fn((x) => x.clamp(-0.5, 0.5)), fn((x) => x.clamp(null, 0.5)), fn((x) => x.clamp(0))],
  eq: [whole(fn((x) => x.eq(1)))],
  ne: [whole(fn((x) => x.ne(1)))],
  lt: [whole(fn((x) => x.lt(2)))],
  le: [whole(fn((x) => x.le(2)))],
  gt: [whole(fn((x) => x.gt(1)))],
  ge: [whole(fn((x) => x.ge(x.double().mul(1)).add(x)))],
  crossEntropy: A_LOSS,
  nllLoss: A_LOSS,
  svmLoss: A_LOSS,
  mseLoss: A_LOSS,
  l1Loss: A_LOSS,
  smoothL1Loss: A_LOSS,
  huberLoss: A_LOSS,
  binaryCrossEntropy: A_LOSS,
  binaryCrossEntropyWithLogits: A_LOSS,
  klDiv: A_LOSS,
};

/** Of every network of `models`, by its name. */
export const NETWORK_CASES: Readonly<Record<string, OnnxCases>> = {
  mlp: [of(() => models.mlp([75, 20, 10], { batchNorm: true, dropout: 0.5 }), [3, 5, 5])],
  convnet6: [of(() => models.convnet6(), [3, 32, 32])],
  fastResnet: [of(() => models.fastResnet(), [3, 32, 32])],
  // Of nine million weights: one batch.
  vgg11: [{ ...of(() => models.vgg11(), [3, 32, 32]), batches: [2] }],
  resnet8: [of(() => models.resnet8(), [3, 32, 32])],
  resnet14: [of(() => models.resnet14(), [3, 32, 32])],
  resnet20: [of(() => models.resnet20(), [3, 32, 32])],
  resnet32: [of(() => models.resnet32(), [3, 32, 32])],
  mobilenetV2: [of(() => models.mobilenetV2({ width: 0.25 }), [3, 32, 32])],
};

/** The names that `nn`, `F` and `models` export and that have no cases. */
export function missingCases(...[modules, functions, networks]: readonly [object, object, object]): string[] {
  const isModule = ([, value]: [string, unknown]): boolean =>
    typeof value === 'function' && value !== nn.Module && value.prototype instanceof nn.Module;
  const missing = (prefix: string, entries: [string, unknown][], cases: object): string[] =>
    entries
      .map(([name]) => name)
      .filter((name) => !(name in cases))
      .map((name) => `${prefix}.${name}`);
  return [
    ...missing('nn', Object.entries(modules).filter(isModule), MODULE_CASES),
    ...missing('F', Object.entries(functions), FUNCTION_CASES),
    ...missing('models', Object.entries(networks), NETWORK_CASES),
  ];
}

/** A batch of random examples of a case. */
export function randomInput({ inputShape, values = 'normal' }: OnnxCase, N: number, dtype: DType): NDArray {
  const x = new Random(`batch of ${N}`).randn([N, ...inputShape], dtype);
  if (values === 'normal') return x;
  for (let i = 0; i < x.data.length; i++) {
    const size = Math.abs(x.data[i]);
    x.data[i] = values === 'positive' ? size + 0.1 : Math.floor(1.3 * size) % 4;
  }
  return x;
}
