import { ShapeError, tuple } from '../arrays/index.js';
import { F, Tensor, type TensorLike } from '../autograd/index.js';
import { keepsNothing } from '../kernels/index.js';
import { fault } from './failure.js';
import { LayerList } from './layer-list.js';

/**
 * Modules each of which takes the block's input and the outputs of all modules before it, concatenated along the
 * channels. The block returns all of them, concatenated likewise.
 *
 * With C channels of input and modules of k outputs, module i takes C + i·k channels, and the block returns C + n·k.
 *
 * @see Huang et al. 2017, Densely Connected Convolutional Networks, https://arxiv.org/abs/1608.06993
 *
 * @example
 * const block = new nn.DenseBlock(
 *   new nn.Conv2d(16, 12, 3, { padding: 1 }),
 *   new nn.Conv2d(28, 12, 3, { padding: 1 }),
 * ); // 16 channels in, 40 out
 */
export class DenseBlock extends LayerList {
  /**
   * @param x - Shape (N, C), (N, C, H, W) or, one image, (C, H, W).
   * @returns The shape of x, with C + the channels of all modules.
   * @throws {ShapeError} if a module changes an axis other than the channels.
   */
  override forward(x: TensorLike): Tensor {
    let features = x instanceof Tensor ? x : new Tensor(x);
    const axis = features.shape.length === 3 ? 0 : 1;
    for (let i = 0; i < this.length; i++) {
      const grown = this.runChild(String(i), this.at(i), features);
      const expected = [...features.shape.slice(0, axis), 'C', ...features.shape.slice(axis + 1)];
      if (grown.shape.length < 2 || tuple(grown.shape.with(axis, 0)) !== tuple(expected.with(axis, 0))) {
        throw fault(ShapeError, this, {
          arg: `module ${i}`,
          found: `returned shape ${tuple(grown.shape)}`,
          expected: `${tuple(expected)}, that of the input but for the channels`,
        });
      }
      features = F.concat([features, grown], axis);
    }
    return features;
  }
}

keepsNothing(DenseBlock.prototype.forward);
