import type { Redis } from 'ioredis';
import { argumentError, printable } from '../../arrays/index.js';
import { loadQueues } from '../peers.js';
import { shownAddress } from './options.js';

/** Milliseconds within which a Redis has to answer when a search or a worker starts. */
const PATIENCE = 10_000;

/** What a Redis that refuses says, and the way out. */
const REFUSALS: readonly (readonly [pattern: RegExp, found: string, wayOut: string])[] = [
  [/ECONNREFUSED/, 'nothing listens there', 'start one with `redis-server --appendonly yes`, or mend the address'],
  [/ENOTFOUND|EAI_AGAIN/, 'its host is not known', 'mend the address'],
  [/EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/, 'its host cannot be reached', 'mend the address, or open the port'],
  [/NOAUTH/, 'it asks for a password', 'put it into the address: redis://:PASSWORD@HOST'],
  [/WRONGPASS|invalid password|without any password/, 'it refuses the user or the password', 'mend the address'],
  [/DENIED/, 'it takes no connections of other machines (protected mode)', 'give it a password, and bind it'],
  [/Connection is closed|ECONNRESET|max number of clients/, 'it ends the connection', 'see what its log says'],
  [/unknown command|RESP type|Protocol error/, 'what answers is no Redis', 'mend the address'],
  [/DB index/, 'it has no database of that number', 'mend the end of the address: redis://HOST/0'],
  [/NOPERM/, 'its user may not do that', 'let the user do what a queue needs: ~bull:* +@all'],
];

/** A connection, and those that BullMQ makes of it for commands that wait. */
export interface Connection {
  readonly client: Redis;
  /** Gives them up at once, be the server there or away. */
  end(): void;
}

/**
 * A connection that waits, and connects again, whenever the server is away later.
 *
 * @param fn - What errors call the function.
 * @throws {Error} if there is no Redis at the address now, or it refuses: one line, with the way out.
 */
export async function connectRedis(fn: string, url: string): Promise<Connection> {
  const { ioredis } = await loadQueues(fn);
  let isFirst = true;
  const client = new ioredis.Redis(url, {
    lazyConnect: true,
    // What is asked while the server is away is answered when it is back.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => (isFirst ? null : Math.min(100 * times, 2000)),
  });
  let reason: unknown = null;
  client.on('error', (error) => {
    reason ??= error;
  });
  const timer = setTimeout(() => {
    reason ??= new Error('it does not answer');
    client.disconnect();
  }, PATIENCE);
  try {
    await client.connect();
    await client.ping();
    if (reason !== null) throw reason;
    isFirst = false;
    return connectionOf(client);
  } catch (error) {
    client.disconnect();
    throw refusal(fn, url, reason ?? error);
  } finally {
    clearTimeout(timer);
  }
}

function connectionOf(client: Redis): Connection {
  const all = [client];
  const duplicate = client.duplicate.bind(client);
  client.duplicate = (options) => {
    const another = duplicate(options);
    all.push(another);
    return another;
  };
  return {
    client,
    end() {
      for (const each of all) each.disconnect();
    },
  };
}

/** The error of a Redis that refuses, in words. */
function refusal(fn: string, url: string, cause: unknown): Error {
  const { message = '', code = '' } = Object(cause) as { message?: string; code?: string };
  const said = `${code} ${message}`;
  const known = REFUSALS.find(([pattern]) => pattern.test(said));
  const [, found, wayOut] = known ?? ['', printable(message.split('\n')[0]), 'see what its log says'];
  return argumentError(Error, { fn, arg: 'redis', found: `: ${shownAddress(url)}: ${found}`, wayOut }, { cause });
}
