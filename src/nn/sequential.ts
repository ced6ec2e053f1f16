import { isNDArray, isRecording, overlap } from '../arrays/index.js';
import { arrayOf, Tensor, type TensorLike } from '../autograd/index.js';
import { keepsNothing } from '../kernels/index.js';
import { ReLU } from './activations.js';
import { BatchNorm1d, BatchNorm2d } from './batchnorm.js';
import { Conv2d } from './conv2d.js';
import { LayerList } from './layer-list.js';
import { Linear } from './linear.js';
import type { Module } from './module.js';

/**
 * Modules one after another: each takes what the one before it returns.
 *
 * A ReLU behind a `Conv2d`, `Linear` or batch normalization runs in one pass with it; the results are the same. Under
 * `noGrad`, a batch normalization in evaluation mode is folded into the `Conv2d` or `Linear` before it; the results are the
 * same to rounding.
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
    let value: TensorLike = x;
    // The result in whose memory `value` lies, if none but modules that keep nothing have had it.
    let source: Tensor | null = null;
    for (let i = 0; i < this.length; ) {
      const layer = this.at(i);
      const input = value;
      const folded = this.#folded(i, input);
      const normalized = folded === null ? i : i + 1;
      const relu = isFusable(layer) && this.#isRelu(normalized + 1);
      value = this.inChild(String(i), layer, () => {
        if (folded !== null) return folded(relu);
        return relu ? layer.forwardRelu(input) : layer.forward(input);
      });
      if (!layer.keepsNothing()) {
        source = null;
      } else if (!overlap(arrayOf(value), arrayOf(input))) {
        source?.leaveToGraph(value);
        source = value;
      }
      i = normalized + (relu ? 2 : 1);
    }
    return value instanceof Tensor ? value : new Tensor(value);
  }

  #isRelu(i: number): boolean {
    return i < this.length && isOriginal(this.at(i), ReLU);
  }

  /** Runs module `i` and the normalization behind it in one; null where that cannot be. */
  #folded(i: number, x: TensorLike): ((relu: boolean) => Tensor) | null {
    if (isRecording() || i + 1 >= this.length) return null;
    const [layer, norm] = [this.at(i), this.at(i + 1)];
    // The second axis of a sequence, which is normalized, is not that of the features.
    const fits =
      (isOriginal(layer, Conv2d) && isOriginal(norm, BatchNorm2d)) ||
      (isOriginal(layer, Linear) && isOriginal(norm, BatchNorm1d) && isMatrix(x));
    if (!fits) return null;
    const product = layer as Conv2d | Linear;
    const folded = (norm as BatchNorm2d | BatchNorm1d).folded(product.weight, product.bias);
    return folded === null ? null : (relu) => product.forwardFolded(x, folded, relu);
  }
}

/** Whether it has two axes. */
function isMatrix(x: TensorLike): boolean {
  return (x instanceof Tensor || isNDArray(x)) && x.shape.length === 2;
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

keepsNothing(Sequential.prototype.forward);
