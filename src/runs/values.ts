// `key=value`, and values of a config: parsed, and checked against their ranges.

import { argumentError, describe, type Range } from '../arrays/index.js';
import type { ConfigValue } from './types.js';

/** A setting as it was given: on the command line, in a config, or by a user's file. */
export interface Given {
  /** Its dotted key, `training.lr`; as it was given until it is resolved. */
  readonly key: string;
  readonly value: ConfigValue;
  /** What errors call it: `--set lr=abc`, `config: training.lr`. */
  readonly arg: string;
  /** Where it is from: what is nearer to the user wins, and may make what is further away meaningless. */
  readonly from: 'set' | 'config' | 'file';
}

/** `key=value`. The value is JSON where it parses, else a text. @throws {TypeError} if there is no key or no `=`. */
export function parseSet(fn: string, text: string): Given {
  const at = text.indexOf('=');
  if (at < 1) {
    const [arg, found] = [`--set ${text}`, `: it has no ${at < 0 ? 'value' : 'key'}`];
    throw argumentError(TypeError, { fn, arg, found, expected: 'key=value, such as lr=0.1' });
  }
  const value = text.slice(at + 1);
  return { key: text.slice(0, at).trim(), value: parsed(value), arg: `--set ${text}`, from: 'set' };
}

function parsed(text: string): ConfigValue {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A value in its range: a text with commas may stand for a list, and one entry for a list of one. */
export function checkedValue(fn: string, { value, arg, from }: Given, range: Range): ConfigValue {
  if (range.allows(value)) return value;
  if (from === 'set') {
    const list = typeof value === 'string' ? value.split(',').map((text) => parsed(text.trim())) : [value];
    if (range.allows(list)) return list;
    throw argumentError(range.Kind, { fn, arg, found: `: expected ${range.expected}` });
  }
  throw argumentError(range.Kind, { fn, arg, found: `is ${describe(value)}`, expected: range.expected });
}
