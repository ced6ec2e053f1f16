import fs from 'node:fs';
import path from 'node:path';
import { array, type DType, type NDArray } from '../../src/arrays/index.js';
import { Adagrad, Adam, AdamW, RMSprop, SGD, type Trainable } from '../../src/optim/index.js';

/** The optimizers by name. */
export const CLASSES = { SGD, Adam, AdamW, RMSprop, Adagrad };

/** What PyTorch's optimizers, schedules and clipping do, as `scripts/golden/optimizers.py` wrote it. */
interface Golden {
  readonly shapes: readonly number[][];
  readonly initial: readonly number[][];
  /** By step, then by parameter. */
  readonly grads: readonly number[][][];
  readonly optimizers: readonly {
    readonly optimizer: keyof typeof CLASSES;
    readonly options: object;
    /** By parameter, then by step. */
    readonly steps: readonly number[][][];
  }[];
  readonly groups: { readonly options: object; readonly own: object; readonly steps: readonly number[][][] };
  readonly schedules: readonly {
    readonly schedule: 'StepLR' | 'CosineAnnealingLR' | 'OneCycleLR';
    readonly options: object;
    readonly optimizer: 'SGD' | 'Adam';
    readonly optimizerOptions: object;
    readonly rates: readonly number[];
    readonly momenta: readonly number[];
  }[];
  readonly chained: { readonly lr: number; readonly rates: readonly number[] };
  readonly clips: readonly {
    readonly kind: 'norm' | 'value';
    readonly bound: number;
    readonly normType: 1 | 2 | 'Infinity';
    readonly norm: number | null;
    readonly clipped: readonly number[][];
  }[];
}

export const golden: Golden = JSON.parse(
  fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'optimizers.json'), 'utf8'),
);

/** A parameter, without a gradient if none is given. */
export function trainable(data: NDArray, grad: NDArray | null = null): Trainable {
  return { data, grad: grad === null ? null : { data: grad } };
}

/** A parameter of one value in float64, and its gradient. */
export function scalar(value: number, grad: number | null = null): Trainable {
  return trainable(array([value], [1], 'float64'), grad === null ? null : array([grad], [1], 'float64'));
}

/** The golden parameters before the first step. */
export function goldenParams(dtype: DType = 'float64', place: (a: NDArray) => NDArray = (a) => a): Trainable[] {
  return golden.initial.map((values, i) => trainable(place(array(values, golden.shapes[i], dtype))));
}

/** Gives the golden parameters their gradients of step `t`. */
export function setGrads(params: readonly Trainable[], t: number, dtype: DType = 'float64'): void {
  params.forEach((param, i) => {
    param.grad = { data: array(golden.grads[t][i], golden.shapes[i], dtype) };
  });
}
