import { sizeOf, tuple } from '../../arrays/index.js';
import { F, type Tensor } from '../../autograd/index.js';
import { Integers } from '../integers.js';
import { float, int, type Operator, operator } from '../operator.js';
import { axisIn, numberOf, tensorOf } from '../values.js';

/** Layer normalization over the axes from `axis` on. */
function layerNorm(x: Tensor, scale: Tensor, bias: Tensor | null, axis: number, eps: number): Tensor {
  const sizes = x.shape.slice(axisIn(axis, x.shape.length));
  const isOfThem = (t: Tensor | null): boolean => t === null || t.shape.join() === sizes.join();
  if (isOfThem(scale) && isOfThem(bias)) return F.layerNorm(x, sizes, scale, bias, { eps });
  const scaled = F.mul(F.layerNorm(x, sizes, null, null, { eps }), scale);
  return bias === null ? scaled : F.add(scaled, bias);
}

/** Group normalization with a scale for each channel, or for each group before opset 21. */
function groupNorm(x: Tensor, scale: Tensor, bias: Tensor, groups: number, eps: number): Tensor {
  const channels = x.shape[1];
  const perChannel = (t: Tensor): Tensor => {
    if (t.size === channels) return t;
    if (t.size !== groups) throw new RangeError(`scale or bias has shape ${tuple(t.shape)}, expected (${channels},)`);
    return F.reshape(F.broadcastTo(F.reshape(t, [groups, 1]), [groups, channels / groups]), [channels]);
  };
  return F.groupNorm(x, groups, perChannel(scale), perChannel(bias), { eps });
}

export const NORMALIZATION: Readonly<Record<string, Operator>> = {
  BatchNormalization: operator({
    attributes: {
      epsilon: float(1e-5),
      momentum: { ...float(0.9), allows: (momentum: number) => momentum >= 0 && momentum <= 1 },
      training_mode: int(0, (mode) => mode === 0),
      spatial: int(1, (spatial) => spatial === 1),
    },
    inputs: [5, 5],
    statistics: [3, 4],
    run: ([x, scale, bias, mean, variance], { epsilon, momentum }, run) =>
      F.batchNorm(
        tensorOf(x, run),
        tensorOf(mean, run),
        tensorOf(variance, run),
        tensorOf(scale, run),
        tensorOf(bias, run),
        // ONNX's momentum weighs the old value, PyTorch's the new one.
        { training: run.training, momentum: 1 - momentum, eps: epsilon },
      ),
  }),
  LayerNormalization: operator({
    attributes: { axis: int(-1), epsilon: float(1e-5), stash_type: int(1) },
    inputs: [2, 3],
    since: 17,
    run: ([x, scale, bias = null], { axis, epsilon }, run) =>
      layerNorm(tensorOf(x, run), tensorOf(scale, run), bias && tensorOf(bias, run), axis, epsilon),
  }),
  InstanceNormalization: operator({
    attributes: { epsilon: float(1e-5) },
    inputs: [3, 3],
    run: ([value, scale, bias], { epsilon }, run) => {
      const x = tensorOf(value, run);
      return F.groupNorm(x, x.shape[1], tensorOf(scale, run), tensorOf(bias, run), { eps: epsilon });
    },
  }),
  GroupNormalization: operator({
    attributes: { epsilon: float(1e-5), num_groups: { ...int(1, (n) => n >= 1), required: true }, stash_type: int(1) },
    inputs: [3, 3],
    since: 18,
    run: ([x, scale, bias], { epsilon, num_groups }, run) =>
      groupNorm(tensorOf(x, run), tensorOf(scale, run), tensorOf(bias, run), num_groups, epsilon),
  }),
  Dropout: operator({
    attributes: { ratio: { ...float(0.5), allows: (p: number) => p >= 0 && p <= 1 }, seed: int(0) },
    inputs: [1, 3],
    settings: [1, 2],
    refuses: (_, { constant }) => {
      const mode = constant(2);
      if (mode === null || mode.unsupported !== null || sizeOf(mode.shape) !== 1) return null;
      const value = mode.values();
      return value instanceof Integers && value.values[0] !== 0 ? 'training_mode true' : null;
    },
    run: ([value, share = null, mode = null], { ratio }, run) => {
      const x = tensorOf(value, run);
      if (mode !== null && numberOf(mode) !== 0) throw new RangeError('training_mode is true, expected false');
      if (!run.training) return x;
      // The ratio is an attribute before opset 12, then an input.
      return F.dropout(x, share === null ? ratio : numberOf(share), { training: true });
    },
  }),
};
