// Keys of settings: short where they are unique, dotted, or with `options` in between as config.json has them.

import { argumentError, printable } from '../arrays/index.js';
import { nearest } from '../terminal/index.js';
import { allKeys } from './context.js';
import type { Given } from './values.js';

/** What others call a setting. */
const OTHER_KEYS: Readonly<Record<string, string>> = {
  learningRate: 'lr',
  learning_rate: 'lr',
  maxLr: 'lr',
  numEpochs: 'epochs',
  updateRule: 'optimizer',
  scheduler: 'schedule',
  eta_min: 'etaMin',
  hidden: 'hiddenDim',
  normalise: 'normalize',
};

/** A setting with its whole key. @throws {RangeError} if there is none, with the nearest; or if it may be several. */
export function withFullKey(fn: string, given: Given): Given {
  const key = given.key.replace(/^model\.options\./, 'model.');
  const keys = allKeys();
  if (key === 'data.path' || key === 'path') {
    throw argumentError(RangeError, { fn, arg: given.arg, found: ': a path', expected: '--data with it' });
  }
  if (keys.includes(key)) return { ...given, key };
  const whole = key.includes('.') ? [] : keys.filter((one) => one.endsWith(`.${key}`));
  if (whole.length === 1) return { ...given, key: whole[0] };
  if (whole.length > 1) {
    throw argumentError(RangeError, {
      fn,
      arg: given.arg,
      found: ': the key may be several',
      expected: whole.join(' or '),
    });
  }
  const [found, like] = [`: there is no setting ${printable(key, 60)}`, suggestion(key, keys)];
  throw argumentError(RangeError, {
    fn,
    arg: given.arg,
    found,
    wayOut: like === undefined ? undefined : `did you mean ${like}?`,
  });
}

function suggestion(key: string, keys: readonly string[]): string | undefined {
  const short = key.slice(key.indexOf('.') + 1);
  if (Object.hasOwn(OTHER_KEYS, short)) return OTHER_KEYS[short];
  if (!key.includes('.')) return nearest(key, new Set(keys.map((one) => one.slice(one.indexOf('.') + 1))));
  // The section may be the wrong one.
  return keys.find((one) => one.endsWith(`.${short}`)) ?? nearest(key, keys);
}
