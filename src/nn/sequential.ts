import { isRecording, overlap } from '../arrays/index.js';
import { arrayOf, isTracing, Tensor, type TensorLike } from '../autograd/index.js';
import { keepsNothing } from '../kernels/index.js';
import { GELU, ReLU } from './activations.js';
import { LayerList } from './layer-list.js';
import type { Foldable, Module } from './module.js';

/**
 * Modules one after another: each takes the output of the one before it.
 *
 * A ReLU after a `Conv2d`, `Linear` or batch normalization runs in one pass with it; the results are the same. So does
 * a GELU without approximation after a batch normalization, and under `noGrad` a batch normalization in evaluation mode
 * is folded into the `Conv2d` or `Linear` before it; the results are the same to rounding. Modules of your own offer
 * the same by `forwardRelu`, `forwardGelu`, `forwardWith` and `foldInto`, see {@link Module}.
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
    // The tensor that owns the memory of `value`, if only modules that keep no arrays have seen it.
    let source: Tensor | null = null;
    for (let i = 0; i < this.length; ) {
      const layer = this.at(i);
      const input = value;
      const folded = this.#folded(i, input);
      const normalized = folded === null ? i : i + 1;
      const joined = this.#joinable(normalized + 1, folded === null ? layer : null);
      value = this.inChild(String(i), layer, () => {
        if (folded !== null) return folded(joined !== null);
        return layer[joined ?? 'forward']!(input);
      });
      if (!layer.keepsNothing()) {
        source = null;
      } else if (!overlap(arrayOf(value), arrayOf(input))) {
        source?.leaveToGraph(value);
        source = value;
      }
      i = normalized + (joined === null ? 1 : 2);
    }
    return value instanceof Tensor ? value : new Tensor(value);
  }

  /**
   * The method of `layer` that runs activation `i` in one pass with it; null if there is none. Without a `layer`, what
   * has been folded runs, which takes a ReLU. The activation is of just its class, and nobody has replaced its forward.
   */
  #joinable(i: number, layer: Module | null): 'forwardRelu' | 'forwardGelu' | null {
    if (i >= this.length) return null;
    const activation = this.at(i);
    const { constructor: Kind, forward } = activation;
    const isRelu = Kind === ReLU && forward === ReLU.prototype.forward;
    if (isRelu) return layer === null || offers(layer, 'forwardRelu') ? 'forwardRelu' : null;
    const isGelu = Kind === GELU && forward === GELU.prototype.forward && (activation as GELU).approximate === 'none';
    return isGelu && layer !== null && offers(layer, 'forwardGelu') ? 'forwardGelu' : null;
  }

  /** Runs module `i` and the normalization after it in one; null if that is impossible. */
  #folded(i: number, x: TensorLike): ((relu: boolean) => Tensor) | null {
    if (isRecording() || i + 1 >= this.length) return null;
    const [layer, norm] = [this.at(i), this.at(i + 1)];
    if (!offers(layer, 'forwardWith') || !offers(norm, 'foldInto')) return null;
    const weights = norm.foldInto!(layer as Foldable, x);
    return weights === null ? null : (relu) => layer.forwardWith!(x, weights, relu);
  }
}

/**
 * Whether a module has the method `name` and this method stands for its `forward`: no subclass of the class with the
 * method overrides `forward`, and nobody has assigned another one to the module. While operations are traced each
 * module runs by itself.
 */
function offers(module: Module, name: 'forwardRelu' | 'forwardGelu' | 'forwardWith' | 'foldInto'): boolean {
  if (module[name] === undefined || isTracing()) return false;
  let at: object = module;
  while (!Object.hasOwn(at, name)) {
    if (Object.hasOwn(at, 'forward')) return false;
    at = Object.getPrototypeOf(at);
  }
  return true;
}

keepsNothing(Sequential.prototype.forward);
