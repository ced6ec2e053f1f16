import { type NDArray, Random } from '../arrays/index.js';
import { F, manualSeed, noGrad, Tensor } from '../autograd/index.js';
import { type Classifier, FullyConnectedNet, ThreeLayerConvNet, TwoLayerNet } from '../classifiers/index.js';
import { engineMemory, kernels } from '../kernels/index.js';
import { resident } from '../kernels/resident.js';
import { workspace } from '../kernels/workspace.js';
import { convBackward, convForward, maxPoolBackward, maxPoolForward } from '../layers/index.js';
import { convnet6 } from '../models/index.js';
import * as nn from '../nn/index.js';
import * as optim from '../optim/index.js';
import { airbench } from './airbench.js';

/** Sets up a workload and returns a function that runs one step of it. */
type Workload = () => () => void;

/** Shape of the random images that nets are trained on. */
const IMAGE = [3, 32, 32];

/**
 * The workloads by name. A training step is forward, backward and update, on float32 unless the name says otherwise;
 * scoring is the forward pass alone.
 */
export const workloads: Readonly<Record<string, Workload>> = {
  two_layer_100_b100_sgd: () => trainingStep(new TwoLayerNet({ seed: 0 }), 100, optim.sgd),
  fc_5x100_b200_adam: () => trainingStep(fiveLayers('float32'), 200, optim.adam),
  fc_5x100_b200_adam_f64: () => trainingStep(fiveLayers('float64'), 200, optim.adam),
  fc_5x100_bn_b50_adam: () => trainingStep(fiveLayers('float32', 'batchnorm'), 50, optim.adam),
  convnet3_b50_adam: () => trainingStep(new ThreeLayerConvNet({ hiddenDim: 500, seed: 0 }), 50, optim.adam),
  two_layer_4000_b64_nesterov: () => moduleStep(twoLayers, 64),
  conv2_b64_nesterov: () => moduleStep(twoConvolutions, 64),
  part5_b64_nesterov: () => part5Step(64),
  airbench_b512_nesterov: () => moduleStep(airbench, 512),
  airbench_b1024_nesterov: () => moduleStep(airbench, 1024),
  two_layer_10_b10_sgd: () => trainingStep(smallNet(), 10, optim.sgd, [10]),
  two_layer_10_b10_nesterov: () => moduleStep(smallModule, 10, [10]),
  convnet3_b500_score: () => scoring(new ThreeLayerConvNet({ hiddenDim: 500, seed: 0 }), 500),
  part5_b500_score: () => moduleScoring(convnet6, 500),
  layer_conv_fwd_f64: () => convolution('float64').forward,
  layer_conv_bwd_f64: () => convolution('float64').backward,
  layer_conv_fwd_f32: () => convolution('float32').forward,
  layer_conv_bwd_f32: () => convolution('float32').backward,
  layer_pool_fwd_f64: () => pooling('float64').forward,
  layer_pool_bwd_f64: () => pooling('float64').backward,
  layer_pool_fwd_f32: () => pooling('float32').forward,
  layer_pool_bwd_f32: () => pooling('float32').backward,
  depthwise_fwd_f32: () => depthwise().forward,
  depthwise_bwd_f32: () => depthwise().backward,
  mobilenet_block_b64_sgd: () => mobilenetStep(64),
  gemm_256_f32: () => product(256, 'float32'),
  gemm_512_f32: () => product(512, 'float32'),
  gemm_1024_f32: () => product(1024, 'float32'),
  gemm_2048_f32: () => product(2048, 'float32'),
  gemm_1024_f64: () => product(1024, 'float64'),
};

/** Floating-point operations of the workloads that are one product, for a rate beside the time. */
export function productFlops(name: string): number | null {
  const size = /^gemm_(\d+)_/.exec(name)?.[1];
  return size === undefined ? null : 2 * Number(size) ** 3;
}

/** Images that a step of a scoring workload scores, for a rate beside the time. */
export function imagesScored(name: string): number | null {
  const images = /_b(\d+)_score$/.exec(name)?.[1];
  return images === undefined ? null : Number(images);
}

export function fiveLayers(dtype: 'float32' | 'float64', normalization: 'batchnorm' | null = null): Classifier {
  return new FullyConnectedNet([100, 100, 100, 100, 100], { weightScale: 5e-2, normalization, dtype, seed: 0 });
}

/** An iteration of a Solver without drawing the minibatch. */
export function trainingStep(
  model: Classifier,
  batch: number,
  rule: optim.UpdateRule<optim.OptimConfig>,
  shape = IMAGE,
): () => void {
  const random = new Random(1);
  const X = resident(random.randn([batch, ...shape], dtype(model)));
  const y = random.randint(0, 10, batch);
  const configs: Record<string, optim.OptimConfig> = {};
  return () =>
    workspace(() => {
      const { grads } = model.loss(X, y);
      for (const name of Object.keys(model.params)) {
        [, configs[name]] = rule(model.params[name], grads[name], configs[name]);
      }
    });
}

/** A step of `fit` without drawing the minibatch and counting correct scores. */
export function moduleStep(build: () => nn.Module, batch: number, shape = IMAGE): () => void {
  manualSeed(0);
  const model = build();
  const optimizer = new optim.SGD(model.parameters(), { lr: 1e-3, momentum: 0.9, nesterov: true });
  const random = new Random(1);
  const X = resident(random.randn([batch, ...shape]));
  const y = random.randint(0, 10, batch);
  return () =>
    workspace(() => {
      const loss = F.crossEntropy(model.forward(X), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      optimizer.zeroGrad();
    });
}

/** A training step of the notebook's three-block network. */
export function part5Step(batch: number): () => void {
  return moduleStep(convnet6, batch);
}

/** Scores of a batch of images, the forward pass alone. */
function scoring(model: Classifier, batch: number): () => void {
  const X = resident(new Random(1).randn([batch, ...IMAGE]));
  return () => workspace(() => void model.loss(X));
}

function moduleScoring(build: () => nn.Module, batch: number): () => void {
  manualSeed(0);
  const model = build().eval();
  const X = resident(new Random(1).randn([batch, ...IMAGE]));
  return () => workspace(() => noGrad(() => void model.forward(X)));
}

/** A net so small that its step measures fixed costs. */
function smallNet(): Classifier {
  return new TwoLayerNet({ inputDim: 10, hiddenDim: 10, weightScale: 0.1, seed: 0 });
}

function smallModule(): nn.Module {
  return new nn.Sequential(new nn.Linear(10, 10), new nn.ReLU(), new nn.Linear(10, 10));
}

export function twoLayers(): nn.Module {
  return new nn.Sequential(new nn.Flatten(), new nn.Linear(3072, 4000), new nn.ReLU(), new nn.Linear(4000, 10));
}

export function twoConvolutions(): nn.Module {
  return new nn.Sequential(
    new nn.Conv2d(3, 32, 5, { padding: 2 }),
    new nn.ReLU(),
    new nn.Conv2d(32, 16, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Linear(16 * 32 * 32, 10),
  );
}

function dtype(model: Classifier): 'float32' | 'float64' {
  return model.params.W1.dtype as 'float32' | 'float64';
}

function product(size: number, format: 'float32' | 'float64'): () => void {
  const random = new Random(1);
  const [a, b, out] = [0, 1, 2].map((): NDArray => resident(random.randn([size, size], format)));
  return () => kernels().gemm({ form: 'NN', a: a.data, b: b.data, out: out.data, N: size, K: size, M: size });
}

/** One layer's forward and backward pass. */
interface LayerSteps {
  readonly forward: () => void;
  readonly backward: () => void;
}

/** A convolution of x (100, 3, 31, 31) with w (25, 3, 3, 3), stride 2, pad 1. */
function convolution(format: 'float32' | 'float64'): LayerSteps {
  const random = new Random(1);
  const some = (...shape: number[]): NDArray => resident(random.randn(shape, format));
  const [x, w, b, dout] = [some(100, 3, 31, 31), some(25, 3, 3, 3), some(25), some(100, 25, 16, 16)];
  const [, cache] = convForward(x, w, b, { stride: 2, pad: 1 });
  return {
    forward: () => workspace(() => void convForward(x, w, b, { stride: 2, pad: 1 })),
    backward: () => workspace(() => void convBackward(dout, cache)),
  };
}

/** A depthwise convolution of x (64, 64, 32, 32) with w (64, 1, 3, 3), pad 1. */
function depthwise(): LayerSteps {
  const random = new Random(1);
  const some = (...shape: number[]): NDArray => resident(random.randn(shape));
  const [x, w, b, dout] = [some(64, 64, 32, 32), some(64, 1, 3, 3), some(64), some(64, 64, 32, 32)];
  const param = { pad: 1, groups: 64 };
  const [, cache] = convForward(x, w, b, param);
  return {
    forward: () => workspace(() => void convForward(x, w, b, param)),
    backward: () => workspace(() => void convBackward(dout, cache)),
  };
}

/** A training step of an inverted residual block of MobileNetV2, 24 channels of 32 × 32, as inside of a net. */
function mobilenetStep(batch: number): () => void {
  manualSeed(0);
  const [outside, inside] = [24, 144];
  const block = new nn.Residual(
    new nn.Sequential(
      new nn.Conv2d(outside, inside, 1, { bias: false }),
      new nn.BatchNorm2d(inside),
      new nn.ReLU6(),
      new nn.Conv2d(inside, inside, 3, { padding: 1, groups: inside, bias: false }),
      new nn.BatchNorm2d(inside),
      new nn.ReLU6(),
      new nn.Conv2d(inside, outside, 1, { bias: false }),
      new nn.BatchNorm2d(outside),
    ),
  );
  const optimizer = new optim.SGD(block.parameters(), { lr: 1e-3, momentum: 0.9 });
  const random = new Random(1);
  const x = new Tensor(resident(random.randn([batch, outside, 32, 32])), { requiresGrad: true });
  const dout = resident(random.randn(x.shape));
  return () =>
    workspace(() => {
      block.forward(x).backward(dout);
      optimizer.step();
      optimizer.zeroGrad();
      x.grad = null;
    });
}

/** Max pooling of x (100, 3, 32, 32) by windows of 2 x 2. */
function pooling(format: 'float32' | 'float64'): LayerSteps {
  const random = new Random(1);
  const x = resident(random.randn([100, 3, 32, 32], format));
  const dout = resident(random.randn([100, 3, 16, 16], format));
  const param = { poolHeight: 2, poolWidth: 2, stride: 2 };
  const [, cache] = maxPoolForward(x, param);
  return {
    forward: () => workspace(() => void maxPoolForward(x, param)),
    backward: () => workspace(() => void maxPoolBackward(dout, cache)),
  };
}

/** The scratch memory of a convolution in bytes, without its operands and results. */
export function convolutionMemory(format: 'float32' | 'float64'): { working: number; operands: number } {
  const memory = engineMemory();
  if (memory === null) return { working: 0, operands: 0 };
  const { forward, backward } = convolution(format);
  const bytes = format === 'float32' ? 4 : 8;
  const [input, output, weights] = [100 * 3 * 31 * 31, 100 * 25 * 16 * 16, 25 * 3 * 3 * 3].map((n) => n * bytes);
  const beside = [forward, backward].map((pass, i) => {
    const before = memory.used;
    memory.resetPeak();
    pass();
    return memory.peak - before - (i === 0 ? output : input + weights);
  });
  return { working: Math.max(...beside), operands: input + output + weights };
}

/**
 * The most bytes of WebAssembly memory in use during a step: images, parameters, state of the optimizer, and what the
 * step makes. Garbage is not collected in between, so leftovers of earlier workloads do not count.
 */
export function peakMemory(workload: string): number {
  const memory = engineMemory();
  if (memory === null) return Number.NaN;
  const before = memory.used;
  const step = workloads[workload]();
  step(); // makes the optimizer's state
  memory.resetPeak();
  step();
  return memory.peak - before;
}
