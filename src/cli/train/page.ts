import type { LoggedCommand, Logger } from '../../loggers/index.js';
import type { RunFolder, Task } from '../../runs/index.js';
import type { Io } from '../io.js';
import type { Interruption } from './interruption.js';

/** Where a page is served; what is left out is for the page to choose. */
export interface PagePlace {
  readonly port?: number;
  readonly host?: string;
}

/** The live page of a run, where it has one. */
export class LivePage {
  readonly #io: Io;
  readonly #where: PagePlace | null;
  readonly #interruption: Interruption;
  #address: string | null = null;

  /** @param where - Null: there is no page. */
  constructor(io: Io, where: PagePlace | null, interruption: Interruption) {
    [this.#io, this.#where, this.#interruption] = [io, where, interruption];
  }

  /** @throws {Error} if nothing can listen at the place that was asked for; to be called before there is a run. */
  async check(fn: string): Promise<void> {
    if (this.#where === null) return;
    const { DATA_POLICY, HttpServer, isLoopback, newToken } = await import('../../http/index.js');
    const { host = '127.0.0.1', port = 0 } = this.#where;
    const token = isLoopback(host) ? null : newToken();
    const place = { fn, host, port, firstPort: port, token, routes: [], policy: DATA_POLICY, timeout: 1 };
    const server = new HttpServer({ ...place, onError: () => {} });
    await server.listen();
    await server.close(0);
  }

  /** Hears of what people do on the page: to stop there is to press Ctrl-C here. */
  get logger(): Logger {
    return {
      onCommand: ({ command }: LoggedCommand) => {
        if (command === 'stop') this.#interruption.stop();
      },
    };
  }

  /** The loop's option `ui`. */
  optionsFor(run: RunFolder, { config, data }: Task): object | false {
    if (this.#where === null) return false;
    const onListen = (address: string): void => {
      this.#address = address;
      if (this.#io.isJson) this.#io.json({ kind: 'page', address });
      else this.#io.print(`${this.#io.style.bold('page'.padEnd(8))}  ${address}`);
    };
    return {
      ...this.#where,
      title: run.name,
      config,
      ...(data.classes !== null && { classes: data.classes }),
      onListen,
    };
  }

  /** On a terminal the page stays after the end, until Ctrl-C; where a program waits for the command it does not. */
  async stay(): Promise<void> {
    if (this.#address === null || !this.#io.isTerminal) return;
    this.#io.print(`The page stays at ${this.#address} until Ctrl-C`);
    const { signal } = this.#interruption;
    const awake = setInterval(() => {}, 1 << 30);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    clearInterval(awake);
  }
}
