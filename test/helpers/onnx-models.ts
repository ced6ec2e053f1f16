// Models of one function, and what their files hold.

import { ones, zeros } from '../../src/arrays/index.js';
import type { Tensor, TensorLike } from '../../src/autograd/index.js';
import * as nn from '../../src/nn/index.js';
import { encodeOnnx } from '../../src/onnx/index.js';
import { type GraphMessage, type ModelMessage, readModel } from '../../src/onnx/messages.js';
import { ProtoReader } from '../../src/onnx/proto-reader.js';

export function messageOf(bytes: Uint8Array): ModelMessage {
  return readModel(new ProtoReader({ fn: 'test', file: 'bytes' }, bytes, 'model'));
}

export function graphOf(bytes: Uint8Array): GraphMessage {
  return messageOf(bytes).graph as GraphMessage;
}

export function opTypes(bytes: Uint8Array): string[] {
  return graphOf(bytes).nodes.map(({ opType }) => opType);
}

/** A module of one function. */
export class Applied extends nn.Module {
  readonly apply_: (x: Tensor, module: Applied) => unknown;
  readonly weight = new nn.Parameter(ones([4]));
  readonly noted = new nn.Buffer(zeros([4]));

  constructor(apply: (x: Tensor, module: Applied) => unknown) {
    super();
    this.apply_ = apply;
  }

  override forward(x: TensorLike): Tensor {
    return this.apply_(x as Tensor, this) as Tensor;
  }
}

/** The file of a function of vectors of four values. */
export function encode(apply: (x: Tensor, module: Applied) => unknown, options = {}): Uint8Array {
  return encodeOnnx(new Applied(apply), { inputShape: [4], ...options });
}
