// Functions of `F` as methods of a tensor: `x.mul(w).add(b).relu()` is `F.relu(F.add(F.mul(x, w), b))`.

import { Tensor } from '../tensor.js';
import * as activations from './activations.js';
import * as arithmetic from './arithmetic.js';
import type { Value } from './layer-op.js';
import * as reductions from './reductions.js';
import * as reshaping from './reshaping.js';
import * as selecting from './selecting.js';

/** The functions whose first argument becomes the tensor that the method belongs to. */
const METHODS = {
  add: arithmetic.add,
  sub: arithmetic.sub,
  mul: arithmetic.mul,
  div: arithmetic.div,
  maximum: arithmetic.maximum,
  minimum: arithmetic.minimum,
  pow: arithmetic.pow,
  exp: arithmetic.exp,
  log: arithmetic.log,
  sqrt: arithmetic.sqrt,
  neg: arithmetic.neg,
  abs: arithmetic.abs,
  matmul: arithmetic.matmul,

  relu: activations.relu,
  sigmoid: activations.sigmoid,
  tanh: activations.tanh,

  sum: reductions.sum,
  mean: reductions.mean,
  var: reductions.var,
  std: reductions.std,
  norm: reductions.norm,
  amax: reductions.amax,
  amin: reductions.amin,
  softmax: reductions.softmax,
  logSoftmax: reductions.logSoftmax,
  logsumexp: reductions.logsumexp,

  reshape: reshaping.reshape,
  view: reshaping.view,
  flatten: reshaping.flatten,
  transpose: reshaping.transpose,
  permute: reshaping.permute,
  squeeze: reshaping.squeeze,
  unsqueeze: reshaping.unsqueeze,
  broadcastTo: reshaping.broadcastTo,
  expand: reshaping.expand,
  slice: reshaping.slice,
  split: reshaping.split,
  chunk: reshaping.chunk,
  to: reshaping.to,
  double: reshaping.double,
  float: reshaping.float,
  clone: reshaping.clone,

  max: selecting.max,
  min: selecting.min,
  argmax: selecting.argmax,
  argmin: selecting.argmin,
  topk: selecting.topk,
  gather: selecting.gather,
  oneHot: selecting.oneHot,
  clamp: selecting.clamp,
  eq: selecting.eq,
  ne: selecting.ne,
  lt: selecting.lt,
  le: selecting.le,
  gt: selecting.gt,
  ge: selecting.ge,
};

type Functions = typeof activations & typeof arithmetic & typeof reductions & typeof reshaping & typeof selecting;

/** A function without its first argument. */
type Method<Fn> = Fn extends (x: never, ...rest: infer A) => infer R ? (...rest: A) => R : never;

/** The same for a function with two signatures. */
type Overloaded<Fn> = Fn extends { (x: never, ...rest: infer A): infer R; (x: never, ...rest: infer B): infer S }
  ? { (...rest: A): R; (...rest: B): S }
  : never;

/** A mapped type over names of functions: an editor and TypeDoc then show their documentation. */
type MethodsOf<All, Names extends keyof All> = {
  readonly [Name in Names]: Name extends 'max' | 'min' | 'transpose' ? Overloaded<All[Name]> : Method<All[Name]>;
};

/** Functions of `F` as methods of a tensor, which is their first argument then. */
export type TensorMethods = MethodsOf<Functions, keyof typeof METHODS>;

declare module '../tensor.js' {
  interface Tensor extends TensorMethods {
    /** The axes in reverse order: a matrix, transposed. It shares the memory of the tensor. */
    readonly T: Tensor;

    /** The values where the condition is not 0, else those of `other`: `F.where(condition, this, other)`. */
    where(condition: Value, other: Value): Tensor;
  }
}

function define(name: string, property: PropertyDescriptor): void {
  Object.defineProperty(Tensor.prototype, name, { ...property, configurable: true });
}

for (const [name, fn] of Object.entries(METHODS)) {
  const apply = fn as (...args: unknown[]) => unknown;
  const value = function (this: Tensor, ...rest: unknown[]): unknown {
    return apply(this, ...rest);
  };
  define(name, { value, writable: true });
}

define('T', {
  get(this: Tensor): Tensor {
    return reshaping.transpose(this);
  },
});

define('where', {
  value(this: Tensor, condition: Value, other: Value): Tensor {
    return selecting.where(condition, this, other);
  },
  writable: true,
});
