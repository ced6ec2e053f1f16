import { argumentError, type OptionsOf, option, type Range, required, settingsOf } from '../../arrays/index.js';

const ADDRESS: Range = {
  allows: (value) => typeof value === 'string' && isAddress(value),
  expected: "the address of a Redis, such as 'redis://localhost:6379' (rediss:// with TLS; % as %25)",
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

/** The options of a search that go together with a queue, or not. */
interface Shared {
  readonly redis: RedisOptions | null;
  readonly trial: unknown;
  readonly folder: string | null;
  readonly workers: number;
}

/**
 * The queue of a search; null where it has none.
 *
 * @throws {TypeError | RangeError} if its options do not fit, or do not go together with others.
 */
export function checkShared(fn: string, { redis, trial, folder, workers }: Shared): CheckedRedis | null {
  if (redis === null) return null;
  const checked = checkRedis(fn, redis);
  if (typeof trial !== 'string') {
    const [found, wayOut] = ['is a function, which workers do not have', 'export it from a file: `export default …`'];
    throw argumentError(TypeError, { fn, arg: 'trial', found, wayOut });
  }
  if (folder === null) {
    const expected = 'the folder of the search, which its workers see too';
    throw argumentError(TypeError, { fn, arg: 'folder', found: 'is missing', expected });
  }
  if (workers > 0) {
    const wayOut = 'leave it out, and start workers: `layerwise search worker`';
    throw argumentError(RangeError, { fn, arg: 'workers', found: `is ${workers}, and there is redis`, wayOut });
  }
  return checked;
}

/** An address as it is shown: without the password. */
export function shownAddress(address: string): string {
  const url = new URL(address);
  if (url.password !== '') url.password = '…';
  return decodeURI(url.href);
}

function isAddress(text: string): boolean {
  if (!/^rediss?:\/\//.test(text) || !URL.canParse(text)) return false;
  try {
    // Where a password has a percent sign of its own, nobody knows what it is.
    decodeURIComponent(text);
  } catch {
    return false;
  }
  return new URL(text).hostname !== '';
}
