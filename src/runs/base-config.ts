// A config that another one starts from: that of a run, or one that a user has written, complete or not.

import { argumentError, describe, isPlainObject } from '../arrays/index.js';
import { nearest } from '../terminal/index.js';
import { allKeys } from './context.js';
import { DATA_KINDS } from './data-sources.js';
import type { ConfigSection, DataKind } from './types.js';
import type { Given } from './values.js';

/** A config, of which any part may be missing. */
export interface BaseConfig {
  readonly model: { readonly name?: string; readonly file?: string; readonly options: ConfigSection };
  readonly data: ConfigSection & { readonly kind?: DataKind; readonly path?: string | null };
  readonly training: ConfigSection;
  readonly seed?: number | string;
}

const PARTS = ['layerwise', 'model', 'data', 'training', 'seed'];
const OF_MODEL = ['name', 'file', 'sha256', 'options'];

/** @throws {TypeError | RangeError} naming a part that is unknown or of the wrong kind. */
export function baseOf(fn: string, base: unknown): BaseConfig {
  const {
    layerwise,
    model = {},
    data = {},
    training = {},
    seed,
  } = base === undefined ? {} : partOf(fn, 'config', base, PARTS);
  const { name, file, options = {} } = partOf(fn, 'config: model', model, OF_MODEL);
  const text = (arg: string, value: unknown): string | undefined => {
    if (value === undefined || (typeof value === 'string' && value !== '')) return value as string | undefined;
    throw argumentError(TypeError, { fn, arg: `config: ${arg}`, found: `is ${describe(value)}`, expected: 'a text' });
  };
  text('layerwise', layerwise);
  const { path = null, kind, ...rest } = partOf(fn, 'config: data', data);
  if (kind !== undefined && !DATA_KINDS.includes(kind as DataKind)) {
    const found = `is ${describe(kind)}`;
    throw argumentError(RangeError, { fn, arg: 'config: data.kind', found, expected: DATA_KINDS.join(', ') });
  }
  const checkedPath = path === null ? null : text('data.path', path);
  return {
    model: {
      ...{ name: text('model.name', name), file: text('model.file', file) },
      options: partOf(fn, 'config: model.options', options),
    },
    data: { ...rest, kind, path: checkedPath },
    training: partOf(fn, 'config: training', training),
    seed,
  } as BaseConfig;
}

/** The settings of a section. @throws {RangeError} naming one that there is for no run, with the nearest. */
export function givenIn(
  fn: string,
  section: 'model' | 'data' | 'training',
  values: ConfigSection,
  from: Given['from'],
  of = 'config: ',
): Given[] {
  const keys = allKeys();
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const key = `${section}.${name}`;
      const arg = `${of}${key}`;
      if (keys.includes(key)) return { key, value, arg, from };
      const here = keys.flatMap((one) => (one.startsWith(`${section}.`) ? [one.slice(section.length + 1)] : []));
      const like = nearest(name, here);
      const wayOut = like === undefined ? undefined : `did you mean ${section}.${like}?`;
      throw argumentError(RangeError, { fn, arg, found: ': there is no such setting', wayOut });
    });
}

function partOf(fn: string, arg: string, value: unknown, names?: readonly string[]): Record<string, never> {
  if (typeof value !== 'object' || value === null || !isPlainObject(value)) {
    throw argumentError(TypeError, { fn, arg, found: `is ${describe(value)}`, expected: 'an object' });
  }
  const odd = names && Object.keys(value).find((name) => !names.includes(name));
  if (odd === undefined) return value as Record<string, never>;
  const like = nearest(odd, names ?? []);
  const wayOut = like === undefined ? undefined : `did you mean ${like}?`;
  throw argumentError(RangeError, { fn, arg, found: `has ${describe(odd)}`, expected: names?.join(', '), wayOut });
}
