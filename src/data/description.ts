import {
  dtypeOf,
  fingerprint,
  heap,
  hostValues,
  isNDArray,
  type NDArray,
  tuple,
  withStorage,
} from '../arrays/index.js';
import { ByteDataset } from './byte-dataset.js';
import { type AnyDataset, TensorDataset } from './dataset.js';
import { type Sampler, SubsetRandomSampler, WeightedRandomSampler } from './samplers.js';
import type { Source } from './source.js';
import { isRecord, isTuple } from './structure.js';
import { Subset } from './subset.js';
import type { Step } from './transforms/steps.js';

/** What tells two loaders or datasets apart, as plain values by name. */
export type Description = { readonly [name: string]: string | number | boolean | null | Description };

/** How many examples of a dataset are looked at. */
const EXAMPLES = 64;

/** How many values of an array are looked at. */
const VALUES = 65_536;

/** Shape and dtype of an array, and a hash of a sample of its values. */
export function describeArray(a: NDArray): Description {
  return { shape: `${tuple(a.shape)} ${dtypeOf(a)}`, values: fingerprint(hostValues(a), VALUES) };
}

/** How many labels there are, and a hash of all. */
export function describeLabels(y: ArrayLike<number>): Description {
  return { shape: `${tuple([y.length])} labels`, values: fingerprint(y) };
}

/**
 * A list of batches `[X, y]`: the first one's parts, and a hash of others at even distances.
 */
export function describeBatches(batches: readonly (readonly unknown[])[]): Description {
  const described = ([X, y]: readonly unknown[]): Description => {
    const isLabels = Array.isArray(y) && typeof y[0] === 'number';
    return { X: describeParts(X), y: isLabels ? describeLabels(y) : describeParts(y) };
  };
  const count = Math.min(EXAMPLES, batches.length);
  const some = Array.from({ length: count }, (_, i) => batches[Math.floor((i * batches.length) / count)]);
  const all = JSON.stringify(some.map((batch) => (Array.isArray(batch) ? described(batch) : null)));
  return { ...described(batches[0]), laterBatches: { values: fingerprint(Array.from(all, codeOf)) } };
}

/** A sampler of the library: what it chooses from. */
export function describeSampler(sampler: Sampler): Description {
  const own = { class: sampler.constructor.name };
  if (sampler instanceof WeightedRandomSampler) {
    const { weights, length, replacement } = sampler;
    return { ...own, numSamples: length, replacement, weights: placesOf(weights) };
  }
  return sampler instanceof SubsetRandomSampler ? { ...own, indices: placesOf(sampler.indices) } : own;
}

function placesOf(list: ArrayLike<number>): Description {
  return { shape: tuple([list.length]), values: fingerprint(list) };
}

/** A text, or the beginning of a long one and a hash of it. */
export function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}… ${fingerprint(Array.from(text, codeOf))}` : text;
}

/** Arrays and labels in any structure, each under its name. */
export function describeParts(parts: unknown): Description {
  if (isNDArray(parts)) return describeArray(parts);
  if (ArrayBuffer.isView(parts)) return describeLabels(parts as unknown as ArrayLike<number>);
  if (!isTuple(parts) && !isRecord(parts)) return {};
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, describeParts(part)]));
}

/**
 * A dataset: how many examples it has, its labels, and some of its examples where they are in memory. Those that a
 * `get` of the user's, or of files, would have to make are not asked for.
 */
export function describeDataset(dataset: AnyDataset, source: Source): Description {
  const { labels } = dataset as { labels?: unknown };
  const described: Record<string, Description[string]> = { examples: source.length };
  if (ArrayBuffer.isView(labels)) described.labels = fingerprint(labels as unknown as ArrayLike<number>);
  if ('y' in dataset && ArrayBuffer.isView(dataset.y)) {
    described.labels = fingerprint(dataset.y as unknown as ArrayLike<number>);
  }
  if (!isInMemory(dataset)) return described;
  const count = Math.min(EXAMPLES, source.length);
  const places = Int32Array.from({ length: count }, (_, i) => Math.floor((i * source.length) / count));
  const [X, y] = withStorage(heap, () => source.gather(places));
  return { ...described, X: describeParts(X), y: describeParts(y) };
}

/** Whether a dataset of the library's has its examples in memory, so that reading them changes nothing. */
function isInMemory(dataset: AnyDataset): boolean {
  if (dataset instanceof Subset) return dataset.get === Subset.prototype.get && isInMemory(dataset.dataset);
  if (dataset instanceof ByteDataset) return dataset.get === ByteDataset.prototype.get;
  if (dataset instanceof TensorDataset) return dataset.get === TensorDataset.prototype.get;
  return !('get' in dataset);
}

/** The transforms of a loader, a line each: the library's as they were called. */
export function describeSteps(steps: readonly Step[]): string | null {
  const lines = steps.map(({ recipe }) => {
    if (recipe === undefined) return 'a function';
    return `${recipe.name}(${shortened(JSON.stringify(recipe.args).slice(1, -1))})`;
  });
  return lines.length === 0 ? null : lines.join(', ');
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}
