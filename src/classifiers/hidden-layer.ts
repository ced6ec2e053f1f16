import type { NDArray } from '../arrays/index.js';
import {
  type AffineBatchnormReluCache,
  type AffineLayernormReluCache,
  type AffineReluCache,
  affineBatchnormReluBackward,
  affineBatchnormReluForward,
  affineLayernormReluBackward,
  affineLayernormReluForward,
  affineReluBackward,
  affineReluForward,
  type BatchnormParam,
  type DropoutCache,
  type DropoutParam,
  dropoutBackward,
  dropoutForward,
} from '../layers/index.js';

/** The parameters of a hidden layer; gamma and beta where it is normalized. */
export interface HiddenParams {
  readonly w: NDArray;
  readonly b: NDArray;
  readonly gamma?: NDArray;
  readonly beta?: NDArray;
}

/** The gradients of a hidden layer; `dx` where it was asked for. */
export interface HiddenGrads {
  readonly dx: NDArray | null;
  readonly dw: NDArray;
  readonly db: NDArray;
  readonly dgamma?: NDArray;
  readonly dbeta?: NDArray;
}

/** What the backward pass of a hidden layer needs. */
export interface HiddenCache {
  readonly sandwich: AffineReluCache | AffineBatchnormReluCache | AffineLayernormReluCache;
  readonly dropout: DropoutCache | null;
}

/** Affine – [normalization] – ReLU – [dropout]. With gamma and beta it is batch normalization where `bn` is given. */
export function hiddenForward(
  x: NDArray,
  { w, b, gamma, beta }: HiddenParams,
  bn: BatchnormParam | undefined,
  drop: DropoutParam | undefined,
): [out: NDArray, cache: HiddenCache] {
  const [h, sandwich] =
    gamma === undefined || beta === undefined
      ? affineReluForward(x, w, b)
      : bn !== undefined
        ? affineBatchnormReluForward(x, w, b, gamma, beta, bn)
        : affineLayernormReluForward(x, w, b, gamma, beta);
  if (drop === undefined) return [h, { sandwich, dropout: null }];
  const [out, dropout] = dropoutForward(h, drop);
  return [out, { sandwich, dropout }];
}

/** @param needsDx - False for the first layer of a network: its input is data. */
export function hiddenBackward(dout: NDArray, { sandwich, dropout }: HiddenCache, needsDx: boolean): HiddenGrads {
  const dh = dropout === null ? dout : dropoutBackward(dout, dropout);
  const needs = { x: needsDx };
  switch (sandwich.layer) {
    case 'affine-relu':
      return affineReluBackward(dh, sandwich, needs);
    case 'affine-batchnorm-relu':
      return affineBatchnormReluBackward(dh, sandwich, needs);
    case 'affine-layernorm-relu':
      return affineLayernormReluBackward(dh, sandwich, needs);
  }
}
