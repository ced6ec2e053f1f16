import type { ServerResponse } from 'node:http';
import type { Update } from '../protocol.js';

/** Bytes that may wait for a reader. One that lags behind further misses updates until it has read them. */
const MOST_WAITING = 1 << 18;

/** Milliseconds between two signs of life, without which a broken connection would not be noticed. */
const HEARTBEAT = 10_000;

/** Milliseconds after which a page connects again. */
const RETRY = 1000;

/** One page that listens. */
interface Stream {
  readonly response: ServerResponse;
  /** The runs of which it has missed something; null while it keeps up. */
  missed: Set<string> | null;
}

/** The event streams of a server. What waits for a reader is bounded, however slowly it reads. */
export class EventStreams {
  readonly #streams = new Set<Stream>();
  readonly #timer: NodeJS.Timeout;
  #id = 0;

  constructor() {
    this.#timer = setInterval(() => this.#beat(), HEARTBEAT);
    this.#timer.unref();
  }

  /** How many pages listen. */
  get size(): number {
    return this.#streams.size;
  }

  /** Begins a stream: it ends when the reader leaves, or with {@link EventStreams.close}. */
  open(response: ServerResponse): void {
    const stream: Stream = { response, missed: null };
    this.#streams.add(stream);
    response.on('close', () => this.#streams.delete(stream));
    response.on('drain', () => this.#drained(stream));
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
    response.write(`retry: ${RETRY}\n\n`);
  }

  /** Sends an update to every page. */
  send(update: Update): void {
    this.#id++;
    if (this.#streams.size === 0) return;
    const text = `id: ${this.#id}\ndata: ${JSON.stringify(update)}\n\n`;
    for (const stream of this.#streams) {
      if (stream.missed === null && stream.response.writableLength < MOST_WAITING) stream.response.write(text);
      else {
        stream.missed ??= new Set();
        stream.missed.add(update.run);
      }
    }
  }

  /** Ends all streams. */
  close(): void {
    clearInterval(this.#timer);
    for (const { response } of this.#streams) response.end();
  }

  #drained(stream: Stream): void {
    const { missed, response } = stream;
    stream.missed = null;
    for (const run of missed ?? []) {
      response.write(`id: ${this.#id}\ndata: ${JSON.stringify({ kind: 'reload', run } satisfies Update)}\n\n`);
    }
  }

  #beat(): void {
    for (const { response, missed } of this.#streams) if (missed === null) response.write(': alive\n\n');
  }
}
