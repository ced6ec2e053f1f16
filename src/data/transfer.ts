import { printable } from '../arrays/index.js';
import { attempt, checkRegular, LockLost, linkStatOf, noFollow, openRegular } from '../files/index.js';
import { requireBuiltin } from '../node.js';
import { printed } from './cifar10-files.js';

/** The arguments of {@link transfer}. */
export interface Transfer {
  /** The function to name in errors. */
  readonly fn: string;
  readonly url: string;
  /** The file to write; what is in it already is taken for the beginning. */
  readonly file: string;
  /** The most bytes to write: a server may send without end. */
  readonly maxBytes: number;
  /** Called before each change of the file. Throws LockLost where it has become another's. */
  readonly confirm: () => void;
  /** Connections to try. */
  readonly attempts: number;
  /** Milliseconds to wait before the second attempt; doubles with each. */
  readonly retryDelay: number;
  /** Milliseconds without a byte after which a connection counts as lost. */
  readonly stallTimeout: number;
  readonly signal: AbortSignal | undefined;
  readonly onBytes: (received: number, total: number | null) => void;
}

/** A fault that may be gone at the next attempt. */
class ConnectionFault extends Error {}

/** What is known of a server. */
interface Server {
  /** Whether it can send the rest of a file; true until it shows otherwise. */
  ranges: boolean;
}

/** Statuses that may pass: timeout, too early, too many requests. So may those from 500 on. */
const PASSING = [408, 425, 429];

/**
 * Downloads a url to a file, over as many connections as it takes within the attempts allowed: each continues where the
 * one before was lost.
 *
 * When it fails, the file stays if it can be continued later, and is gone otherwise.
 *
 * @returns Whether the file was put together from more than one connection.
 * @throws {Error} naming url, fault and what is kept; the reason of `signal` where that was aborted.
 */
export async function transfer(t: Transfer): Promise<boolean> {
  const server: Server = { ranges: true };
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        return await receive(t, server);
      } catch (error) {
        if (!(error instanceof ConnectionFault)) throw error;
        if (attempt === t.attempts) throw givenUp(t, server, error);
      }
      await pause(t.retryDelay * 2 ** (attempt - 1), t.signal);
    }
  } catch (error) {
    if (!(error instanceof LockLost) && !resumable(t, server)) discard(t);
    throw error;
  }
}

/** Whether a later call can continue the file. */
function resumable(t: Transfer, server: Server): boolean {
  return sizeOf(t) > 0 && server.ranges;
}

function givenUp(t: Transfer, server: Server, { message, cause }: ConnectionFault): Error {
  const tries = t.attempts === 1 ? '1 attempt' : `${t.attempts} attempts`;
  const kept = resumable(t, server)
    ? `${printed(sizeOf(t))} bytes are kept in ${t.file}, and the next call goes on from there`
    : 'nothing is kept';
  return new Error(`${t.fn}: ${t.url}: ${message}, after ${tries}; ${kept}`, { cause });
}

/** One connection. Returns whether it continued the file. */
async function receive(t: Transfer, server: Server): Promise<boolean> {
  const fs = requireBuiltin(t.fn, 'node:fs');
  const { stallTimeout, signal } = t;
  signal?.throwIfAborted();
  const connection = new AbortController();
  const hangUp = (): void => connection.abort();
  signal?.addEventListener('abort', hangUp, { once: true });

  const waitFor = async <R>(promise: Promise<R>): Promise<R> => {
    const stalled = new ConnectionFault(`no bytes for ${stallTimeout} ms`);
    const timer = setTimeout(() => connection.abort(stalled), stallTimeout);
    try {
      return await promise;
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof ConnectionFault ? error : new ConnectionFault(reasonOf(error), { cause: error });
    } finally {
      clearTimeout(timer);
    }
  };

  try {
    const have = sizeOf(t);
    // `identity`, as the checksum is that of the archive and not of what is in it.
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (have > 0) headers.range = `bytes=${have}-`;
    const response = await waitFor(fetch(t.url, { headers, signal: connection.signal }));
    const start = startOf(t, response, have, server);
    if (start === null) return true;

    const total = totalOf(response, start);
    if (total !== null && total > t.maxBytes) throw tooLarge(t, `has ${printed(total)} bytes`);
    let received = start;
    t.confirm();
    const fd = openPart(t, start === 0);
    try {
      t.onBytes(received, total);
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      for (;;) {
        const { done, value } = await waitFor(reader.read());
        if (done) break;
        const sent = received + value.length;
        if (total !== null && sent > total) {
          discard(t);
          throw new ConnectionFault(`the server sent more than the ${printed(total)} bytes that it announced`);
        }
        if (sent > t.maxBytes) {
          discard(t);
          throw tooLarge(t, `goes on after ${printed(t.maxBytes)} bytes`);
        }
        t.confirm();
        attempt(t.fn, 'write', t.file, () => {
          for (let written = 0; written < value.length; ) {
            written += fs.writeSync(fd, value, written, value.length - written, received + written);
          }
        });
        received = sent;
        t.onBytes(received, total);
      }
    } finally {
      fs.closeSync(fd);
    }
    if (total !== null && received !== total) {
      throw new ConnectionFault(
        `the server sent ${printed(received)} bytes of the ${printed(total)} that it announced`,
      );
    }
    return start > 0;
  } finally {
    signal?.removeEventListener('abort', hangUp);
    connection.abort();
  }
}

/**
 * The byte of the file that the answer begins with, or null if the file is complete as it is.
 *
 * @throws {Error} if the response brings no bytes: a fault that may pass, or one that stays.
 */
function startOf(t: Transfer, response: Response, have: number, server: Server): number | null {
  const { status, statusText, headers } = response;
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity') {
    throw new Error(
      `${t.fn}: ${t.url}: the server sends the archive in another encoding (${encoding}), which changes its bytes; ` +
        'pass { url } of another copy',
    );
  }
  if (headers.get('accept-ranges') === 'none') server.ranges = false;
  if (status === 200) {
    if (have > 0) server.ranges = false;
    // The file seems complete: the checksum decides.
    return have > 0 && Number(headers.get('content-length')) === have ? null : 0;
  }
  if (status === 206) {
    const start = Number(/^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1] ?? Number.NaN);
    if (start === have) return start;
    discard(t);
    throw new ConnectionFault(`the server sent another part of the file than byte ${have} on`);
  }
  // The range began at the end of the file or beyond: the checksum decides which.
  if (status === 416 && have > 0) return null;
  const what = `HTTP ${status} ${printable(statusText)}`.trim();
  if (status >= 500 || PASSING.includes(status)) throw new ConnectionFault(what);
  throw new Error(`${t.fn}: ${t.url}: ${what}; pass { url } of another copy of the archive`);
}

/** The size of the whole file, as far as the answer tells. */
function totalOf({ status, headers }: Response, start: number): number | null {
  const told =
    status === 206 ? /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1] : headers.get('content-length');
  if (told !== null && told !== undefined) return Number(told);
  const rest = headers.get('content-length');
  return rest === null ? null : start + Number(rest);
}

function tooLarge(t: Transfer, what: string): Error {
  const limit = `expected at most ${printed(t.maxBytes)}`;
  return new Error(`${t.fn}: ${t.url}: what the server sends ${what}, ${limit}; pass { url } of another copy`);
}

/**
 * The bytes of the file that are there.
 *
 * @throws {Error} if something else than a regular file has its name.
 */
function sizeOf({ fn, file }: Transfer): number {
  const stat = linkStatOf(fn, file);
  if (stat === undefined) return 0;
  checkRegular(fn, file, stat, 'delete it, then call again');
  return stat.size;
}

/** Opens the file to write at any place of it, empty if it is to be written anew. */
function openPart({ fn, file }: Transfer, anew: boolean): number {
  const fs = requireBuiltin(fn, 'node:fs');
  const { O_RDWR, O_CREAT } = fs.constants;
  const flags = O_RDWR | noFollow(fn) | (anew ? O_CREAT : 0);
  const fd = openRegular(fn, file, 'delete it, then call again', flags);
  if (anew) attempt(fn, 'write', file, () => fs.ftruncateSync(fd));
  return fd;
}

/** Deletes the file. */
function discard({ fn, file, confirm }: Transfer): void {
  confirm();
  attempt(fn, 'remove', file, () => requireBuiltin(fn, 'node:fs').rmSync(file, { force: true }));
}

/** What `fetch` leaves in the causes of its "fetch failed". */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  const { message: inner, code } = (cause ?? {}) as NodeJS.ErrnoException;
  const detail = inner || code;
  return detail ? `${message} (${detail})` : message;
}

/** Waits, or throws the signal's reason as soon as it is aborted. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
    if (signal?.aborted) done();
  });
  signal?.throwIfAborted();
}
