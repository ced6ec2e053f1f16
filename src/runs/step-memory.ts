// About how much memory a step of training takes, before the first.

import { argumentError, sizeOf } from '../arrays/index.js';
import { defaultGenerator } from '../autograd/index.js';
import type { Model } from '../classifiers/index.js';
import { engineMemory, kernelInfo } from '../kernels/index.js';
import { Module } from '../nn/index.js';
import { memory } from '../table.js';

/** What the kernels' memory can hold: beyond it arrays are made elsewhere, and steps become many times slower. */
const KERNELS = 2 ** 32;

/** No network keeps as many times its input: a batch of which so much fits is not looked at. */
const MOST_KEPT = 1000;

/** What a step takes, in bytes. */
interface StepMemory {
  /** For each example of the batch. */
  readonly each: number;
  /** Whatever the batch. */
  readonly fixed: number;
}

/** A batch, and where it was asked for. */
interface Asked {
  readonly fn: string;
  /** The argument that says how many examples a batch has. */
  readonly arg: string;
  readonly batchSize: number;
  /** Examples of a batch that this process computes, where they are not `batchSize`. */
  readonly examples?: number;
  /** Of one example. */
  readonly inputShape: readonly number[];
  readonly wayOut?: string;
}

/**
 * @param available - Bytes that there are. Default: what the operating system gives, and the kernels can hold.
 * @throws {RangeError} if a step would take more, with what it would take, and the largest batch that fits.
 */
export function checkStepMemory(model: Module | Model, asked: Asked, available = availableBytes()): void {
  const { fn, arg, batchSize, examples = batchSize, inputShape, wayOut } = asked;
  if (MOST_KEPT * examples * 4 * sizeOf(inputShape) < available) return;
  const needs = stepMemory(model, inputShape);
  if (needs === null) return;
  const bytes = needs.fixed + examples * needs.each;
  if (bytes <= available) return;
  const most = Math.floor((available - needs.fixed) / needs.each);
  const room = `${memory(available)} that there are for it`;
  const share = examples === batchSize ? '' : ` (${examples} examples here)`;
  const found = `is ${batchSize}${share}: a step would take about ${memory(bytes)}`;
  const expected =
    most < 1 ? `a smaller model: one example does not fit in the ${room}` : `at most ${most}, for the ${room}`;
  throw argumentError(RangeError, { fn, arg, found, expected, ...(wayOut !== undefined && most >= 1 && { wayOut }) });
}

/**
 * An estimate: the batch before and after its preparation, the outputs of all layers, which are kept for the backward
 * pass while gradients take the place of those that have been used, and parameters, gradients, optimizer's state.
 *
 * @returns Null for a model that cannot be asked: its first step says why.
 */
function stepMemory(model: Module | Model, inputShape: readonly number[]): StepMemory | null {
  const input = 2 * 4 * sizeOf(inputShape);
  if (model instanceof Module) {
    // A model of the user's may draw in its forward pass, and nothing of the run may depend on this one.
    const drawn = defaultGenerator().stateDict();
    try {
      const { rows, parameterBytes } = model.summary(inputShape);
      // What comes before the first layer that is trained is not kept.
      const names = model.namedParameters().filter(([, { requiresGrad }]) => requiresGrad);
      const isTrained = (layer: string): boolean =>
        names.some(([name]) => layer === '' || name.startsWith(`${layer}.`));
      const first = rows.findIndex(({ name }) => isTrained(name));
      const kept = first < 0 ? [] : rows.slice(first);
      const outputs = kept.reduce((sum, { outputBytes }) => sum + outputBytes, 0);
      return { each: input + outputs, fixed: 4 * parameterBytes };
    } catch {
      return null;
    } finally {
      defaultGenerator().loadStateDict(drawn);
    }
  }
  const { layers, params } = model as Partial<Classifier>;
  if (typeof layers !== 'function' || params === undefined) return null;
  // A layer of a classifier is several: affine, normalization, ReLU.
  const outputs = layers.call(model).reduce((sum, { outputShape }) => sum + 3 * 4 * sizeOf(outputShape), 0);
  const parameters = Object.values(params).reduce((sum, { size }) => sum + 4 * size, 0);
  return { each: input + outputs, fixed: 4 * parameters };
}

/** What a model of the library's has beside its loss. */
interface Classifier {
  readonly params: Readonly<Record<string, { readonly size: number }>>;
  layers(): readonly { readonly outputShape: readonly number[] }[];
}

function availableBytes(): number {
  const own = engineMemory();
  if (kernelInfo().kernels !== 'wasm' || own === null) return process.availableMemory();
  // What the kernels' memory has grown to and does not use, they use again.
  const unused = own.raw.buffer.byteLength - own.used;
  return Math.min(process.availableMemory() + unused, KERNELS - own.used);
}
