/** A value of an option that JSON can say; a number that is not finite stands as text: `'-Infinity'`. */
export type OptionValue = number | string | boolean | null | readonly OptionValue[];

/**
 * What a model is made of, without its numbers: what `model.architecture()` returns, and `save` writes as JSON into the
 * metadata of a safetensors file under `layerwise`, as the entry `model` beside `version`, which is 1.
 *
 * Of a module, `class` is the name of its class, `options` its own properties (`inFeatures`, `kernelSize`, …), with
 * null in the place of parameters that it does without (`bias: null`), and `children` the modules in it, in their
 * order. Of a classifier, `options` are those of its constructor, `hiddenDims` among them, and `batchnormEps`, a list,
 * where `eps` of its `bnParams` was set.
 *
 * @example
 * { "version": 1, "model": { "class": "Sequential", "options": {}, "children": [
 *   { "name": "0", "class": "Linear", "options": { "inFeatures": 4, "outFeatures": 3, "bias": null }, "children": [] },
 *   { "name": "1", "class": "LeakyReLU", "options": { "negativeSlope": 0.01 }, "children": [] }
 * ] } }
 */
export interface Architecture {
  readonly class: string;
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly children: readonly NamedArchitecture[];
}

/** A part of an {@link Architecture}, and what the module around it calls it: state names begin with it and a dot. */
export interface NamedArchitecture extends Architecture {
  readonly name: string;
}

/** The entries whose values JSON can say. */
export function plainOptions(entries: Iterable<readonly [name: string, value: unknown]>): Architecture['options'] {
  const plain = [...entries].map(([name, value]) => [name, plainValue(value)] as const);
  return Object.fromEntries(plain.filter((entry): entry is [string, OptionValue] => entry[1] !== undefined));
}

function plainValue(value: unknown): OptionValue | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (!Array.isArray(value)) return undefined;
  const list = value.map(plainValue);
  return list.includes(undefined) ? undefined : (list as OptionValue[]);
}
