import { requireBuiltin } from '../node.js';
import { PAGE, PAGE_CSP, SERVER } from './assets.generated.js';
import type { Listening, Opening, ThreadData } from './messages.js';
import type { CheckedUi } from './options.js';
import type { RunInfo } from './protocol.js';
import { RunChannel } from './run-channel.js';

type MessagePort = import('node:worker_threads').MessagePort;

/** Milliseconds that the thread has to listen. */
const PATIENCE = 30_000;

/** The threads of this process. */
const threads: PageThread[] = [];

/** How many runs there have been: their ids. */
let runs = 0;

/** Where a page is asked for. */
type Place = Pick<CheckedUi, 'host' | 'port' | 'token'>;

/** A thread that serves the page, until the process ends. */
export class PageThread {
  readonly address: string;
  readonly #port: MessagePort;
  readonly #asked: Place;

  /** @throws {Error} if the port is taken, or no thread can be started. */
  constructor(fn: string, asked: Place) {
    const { host, port: wantedPort, token } = asked;
    this.#asked = asked;
    const { Worker, MessageChannel, receiveMessageOnPort } = requireBuiltin(fn, 'node:worker_threads');
    const { basename } = requireBuiltin(fn, 'node:path');
    const { port1, port2 } = new MessageChannel();
    const ready = new Int32Array(new SharedArrayBuffer(4));
    const workerData: ThreadData = {
      ...{ port: port2, ready, fn, page: PAGE, policy: PAGE_CSP, host, wantedPort: wantedPort ?? null },
      token: tokenOf(fn, host, token),
      title: basename(process.argv[1] ?? 'node'),
    };
    // Flags and environment are for the program that was started.
    const worker = new Worker(SERVER, { eval: true, workerData, transferList: [port2], execArgv: [], env: {} });
    this.#port = port1;
    worker.unref();
    port1.unref();
    Atomics.wait(ready, 0, 0, PATIENCE);
    const answer = receiveMessageOnPort(port1)?.message as Listening | undefined;
    if (answer !== undefined && 'address' in answer) {
      this.address = answer.address;
      return;
    }
    void worker.terminate();
    throw new Error(answer?.error ?? `${fn}: the thread of the live page did not start`);
  }

  /** Whether its page is where another is asked for; a port that is left out may be any. */
  isAt({ host, port, token }: Place): boolean {
    const asked = this.#asked;
    if (host !== asked.host || token !== asked.token) return false;
    return port === undefined || port === asked.port || port === portOf(this.address);
  }

  /** A new run on the page. */
  begin(fn: string, info: Omit<RunInfo, 'id'>, at: { iteration: number; epoch: number }): RunChannel {
    const { MessageChannel } = requireBuiltin(fn, 'node:worker_threads');
    const { port1, port2 } = new MessageChannel();
    const control = new Int32Array(new SharedArrayBuffer(4));
    const id = String(++runs);
    this.#port.postMessage({ id, info: { id, ...info }, port: port2, control } satisfies Opening, [port2]);
    return new RunChannel(fn, port1, control, at);
  }
}

/**
 * The thread that serves the page, which is started where there is none yet; then its address is printed.
 *
 * @throws {Error} if the port is taken, or no thread can be started.
 */
export function openPage(fn: string, settings: CheckedUi): PageThread {
  const { host, port, token, onListen } = settings;
  const place = { host, port, token };
  const known = threads.find((thread) => thread.isAt(place));
  const thread = known ?? new PageThread(fn, place);
  if (known === undefined) threads.push(thread);
  if (onListen !== undefined) onListen(thread.address);
  // biome-ignore lint/suspicious/noConsole: where the page is has to be said
  else if (known === undefined) console.log(`Live page: ${thread.address}`);
  return thread;
}

/** The port in an address; that of HTTP where there is none. */
function portOf(address: string): number {
  return Number(new URL(address).port || 80);
}

/** What requests have to know: nothing where this machine alone can send any. */
function tokenOf(fn: string, host: string, token: string | undefined): string | null {
  if (token !== undefined) return token;
  if (/^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host)) return null;
  return requireBuiltin(fn, 'node:crypto').randomBytes(24).toString('base64url');
}
