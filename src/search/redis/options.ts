import { type OptionsOf, option, type Range, required, settingsOf } from '../../arrays/index.js';

const ADDRESS: Range = {
  allows: (value) => typeof value === 'string' && isAddress(value),
  expected: "the address of a Redis, such as 'redis://localhost:6379' (rediss:// with TLS)",
  Kind: TypeError,
};

const NAME: Range = {
  allows: (value) => typeof value === 'string' && /^[\w.-]{1,100}$/.test(value),
  expected: 'letters, digits and any of . _ -',
  Kind: RangeError,
};

const REDIS = {
  /** Where Redis is: `redis://user:password@host:6379/0`, of which the host is enough; `rediss://` with TLS. */
  url: required<string>(ADDRESS),
  /** The queue that searches and workers share; workers take trials of all searches on it. Default `'layerwise'`. */
  queue: option('layerwise', NAME),
};

/** The Redis, and the queue on it, over which a search reaches its workers. */
export interface RedisOptions extends OptionsOf<typeof REDIS> {}

/** The options, defaults filled in. */
export type CheckedRedis = ReturnType<typeof settingsOf<typeof REDIS>>;

/** @throws {TypeError | RangeError} naming what does not fit. */
export function checkRedis(fn: string, redis: RedisOptions): CheckedRedis {
  return settingsOf(`${fn}: redis`, REDIS, redis);
}

/** An address as it is shown: without the password. */
export function shownAddress(address: string): string {
  const url = new URL(address);
  if (url.password !== '') url.password = '…';
  return decodeURI(url.href);
}

function isAddress(text: string): boolean {
  return /^rediss?:\/\//.test(text) && URL.canParse(text) && new URL(text).hostname !== '';
}
