import {
  DATA_POLICY,
  type Exchange,
  HttpServer,
  mediaType,
  Room,
  type Route,
  readBody,
  send,
  sendError,
  sendJson,
} from '../http/index.js';
import { AnswerWriter, topOf } from './answers.js';
import type { Batcher } from './batcher.js';
import { checkMediaType, inputsOf } from './inputs.js';
import { usageText } from './page.js';
import type { ServiceSettings, Spec } from './spec.js';

/** Bytes of the bodies of all requests together, at least, and as a number of the largest. */
const [ROOM, ROOM_BODIES] = [2 ** 26, 8];

/** The port that is tried first. */
const FIRST_PORT = 8080;

/** The server of a service: reads requests, gives their examples to the batcher, and writes the answers. */
export class Endpoint {
  readonly server: HttpServer;
  readonly #spec: Spec;
  readonly #settings: ServiceSettings;
  readonly #batcher: Batcher;
  readonly #writer: AnswerWriter;
  readonly #room: Room;
  readonly #begun = performance.now();
  #answered = 0;
  #isEnding = false;

  constructor(spec: Spec, settings: ServiceSettings, batcher: Batcher, onError: (error: unknown) => void) {
    this.#spec = spec;
    this.#settings = settings;
    this.#batcher = batcher;
    this.#writer = new AnswerWriter(spec);
    this.#room = new Room(Math.max(ROOM, ROOM_BODIES * settings.maxBody));
    const { host, port, token, timeout } = settings;
    const routes: Route[] = [
      { path: '/', get: (exchange) => this.#usage(exchange) },
      { path: '/health', get: ({ response }) => sendJson(response, this.#health()), isPublic: true },
      { path: '/model', get: ({ response }) => sendJson(response, this.#model()) },
      { path: '/predict', post: (exchange) => this.#predict(exchange), isReadOnly: true },
    ];
    const limits = { host, port, token, timeout, firstPort: FIRST_PORT };
    this.server = new HttpServer({ fn: 'serve', routes, policy: DATA_POLICY, ...limits, onError });
  }

  /** Ends: see {@link HttpServer.close}. */
  close(deadline: number): Promise<boolean> {
    this.#isEnding = true;
    return this.server.close(deadline);
  }

  #usage({ request, response }: Exchange): void {
    const host = request.headers.host ?? 'localhost';
    send(response, 200, 'text/plain; charset=utf-8', usageText(this.#spec, this.#settings, host));
  }

  #health(): object {
    const { queued, predicting, reading, batches, examples } = this.#batcher;
    return {
      state: this.#isEnding ? 'ending' : 'ready',
      uptime: (performance.now() - this.#begun) / 1000,
      requests: { answered: this.#answered, reading },
      examples: { predicted: examples, predicting, waiting: queued },
      batches,
    };
  }

  #model(): object {
    const { name, inputShape, takes, classes, outputs, preprocessing } = this.#spec;
    return { name, takes, inputShape, classes, outputs, preprocessing };
  }

  async #predict({ request, response, query }: Exchange): Promise<void> {
    const type = mediaType(request);
    checkMediaType(type, this.#spec);
    const top = topOf(query, this.#spec);
    const batcher = this.#batcher;
    batcher.checkRoom(1);
    batcher.reading++;
    try {
      const bytes = await readBody(request, response, this.#settings.maxBody, this.#room);
      const { values, count } = inputsOf(type, bytes, this.#spec, query);
      batcher.add({
        values,
        count,
        arrived: performance.now(),
        done: (results) => this.#answer({ request, response }, results, top),
        fail: (error) => sendError(request, response, error),
        isGone: () => response.closed || response.destroyed,
      });
    } finally {
      batcher.reading--;
      batcher.consider();
    }
  }

  #answer(
    { request, response }: Pick<Exchange, 'request' | 'response'>,
    results: Float32Array,
    top: number | null,
  ): void {
    try {
      send(response, 200, 'application/json; charset=utf-8', this.#writer.write(results, top));
      this.#answered++;
    } catch (error) {
      sendError(request, response, error as Parameters<typeof sendError>[2]);
    }
  }
}
