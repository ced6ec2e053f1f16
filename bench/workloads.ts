import {
  type Classifier,
  FullyConnectedNet,
  type NDArray,
  optim,
  Random,
  resident,
  TwoLayerNet,
  workspace,
} from '../src/index.js';
import { kernels } from '../src/kernels/index.js';

/** Makes what a workload needs and returns one step of it. */
type Workload = () => () => void;

/** Shape of the random images that nets are trained on. */
const IMAGE = [3, 32, 32];

/** The workloads by name. A training step is forward, backward and update, on float32 unless the name says otherwise. */
export const workloads: Readonly<Record<string, Workload>> = {
  two_layer_100_b100_sgd: () => trainingStep(new TwoLayerNet({ seed: 0 }), 100, optim.sgd),
  fc_5x100_b200_adam: () => trainingStep(fiveLayers('float32'), 200, optim.adam),
  fc_5x100_b200_adam_f64: () => trainingStep(fiveLayers('float64'), 200, optim.adam),
  fc_5x100_bn_b50_adam: () => trainingStep(fiveLayers('float32', 'batchnorm'), 50, optim.adam),
  two_layer_4000_b64_nesterov: () => trainingStep(new TwoLayerNet({ hiddenDim: 4000, seed: 0 }), 64, optim.nesterov),
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

function fiveLayers(dtype: 'float32' | 'float64', normalization: 'batchnorm' | null = null): Classifier {
  return new FullyConnectedNet([100, 100, 100, 100, 100], { weightScale: 5e-2, normalization, dtype, seed: 0 });
}

/** What a Solver does in an iteration, but for drawing the minibatch. */
function trainingStep(model: Classifier, batch: number, rule: optim.UpdateRule<optim.OptimConfig>): () => void {
  const random = new Random(1);
  const X = resident(random.randn([batch, ...IMAGE], dtype(model)));
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

function dtype(model: Classifier): 'float32' | 'float64' {
  return model.params.W1.dtype as 'float32' | 'float64';
}

function product(size: number, format: 'float32' | 'float64'): () => void {
  const random = new Random(1);
  const [a, b, out] = [0, 1, 2].map((): NDArray => resident(random.randn([size, size], format)));
  return () => kernels().gemm('NN', a.data, b.data, out.data, size, size, size);
}
