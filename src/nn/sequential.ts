import { Tensor, type TensorLike } from '../autograd/index.js';
import { ReLU } from './activations.js';
import { BatchNorm1d, BatchNorm2d } from './batchnorm.js';
import { Conv2d } from './conv2d.js';
import { LayerList } from './layer-list.js';
import { Linear } from './linear.js';
import type { Module } from './module.js';

/**
 * Modules one after another: each takes what the one before it returns.
 *
 * A ReLU behind a `Conv2d`, `Linear` or batch normalization runs in one pass with it; the results are the same.
 *
 * @example
 * const model = new nn.Sequential(
 *   new nn.Conv2d(3, 32, 3, { padding: 1 }),
 *   new nn.ReLU(),
 *   new nn.MaxPool2d(2),
 *   new nn.Flatten(),
 *   new nn.Linear(32 * 16 * 16, 10),
 * );
 * const scores = model.forward(images);
 */
export class Sequential extends LayerList {
  override forward(x: TensorLike): Tensor {
    let value = x;
    for (let i = 0; i < this.length; i++) {
      const [layer, next] = [this.at(i), i + 1 < this.length ? this.at(i + 1) : null];
      const input = value;
      if (isFusable(layer) && next !== null && isOriginal(next, ReLU)) {
        value = this.inChild(String(i), layer, () => layer.forwardRelu(input));
        i++;
      } else {
        value = this.runChild(String(i), layer, input);
      }
    }
    return value instanceof Tensor ? value : new Tensor(value);
  }
}

/** Those that can take in the ReLU behind them. */
const FUSABLE = [Conv2d, Linear, BatchNorm2d, BatchNorm1d] as const;
type Fusable = InstanceType<(typeof FUSABLE)[number]>;

/** The forward functions as they are here, by their classes. */
const FORWARD = new Map<unknown, unknown>([...FUSABLE, ReLU].map((kind) => [kind, kind.prototype.forward]));

function isFusable(module: Module): module is Fusable {
  return FUSABLE.some((kind) => isOriginal(module, kind));
}

/** Whether a module is of this very class, and nobody has replaced its forward. */
function isOriginal(module: Module, kind: unknown): boolean {
  return module.constructor === kind && module.forward === FORWARD.get(kind);
}
