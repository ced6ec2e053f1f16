import type { Memory } from './memory.js';
import type { Compiled, Exports } from './module.js';
import { GENERATION, WORKERS } from './protocol.js';
import { startWorkerFile } from './worker-file.js';
import { BROWSER_PROGRAM } from './worker-program.js';
import { PATIENCE, until, type WorkerThreads } from './worker-threads.js';

/** A place that a worker's program may come from. */
interface Source {
  /** What it is called in notes. */
  readonly name: string;
  /** What is the matter where a worker does not load, of which its event says nothing. */
  readonly remedy: string;
  start(): Worker;
}

const NAMED = { name: 'layerwise' };

/**
 * The threads that help in a browser, on an isolated page or in one of its workers.
 *
 * A worker comes up only when whoever started it has returned to its event loop, so threads start by {@link whenUp}
 * alone, never in the middle of a job. For the same reason they do not leave when there is nothing to do: they sleep
 * until they are dismissed or the page goes.
 */
export class BrowserWorkers implements WorkerThreads {
  readonly #memory: Memory;
  readonly #compiled: Compiled;
  readonly #exports: Exports;
  readonly #wanted: number;
  readonly #sources: readonly Source[];
  readonly #up: Int32Array;
  #starting: Promise<void> | null = null;
  #isWaiting = true;
  #problem: string | null = null;

  /**
   * @param wanted - Threads beside the calling one.
   * @param url - Where `layerwise-worker.js` is; null for a Blob and, where that is refused, the package's file.
   */
  constructor(memory: Memory, compiled: Compiled, exports: Exports, wanted: number, url: string | URL | null) {
    this.#memory = memory;
    this.#compiled = compiled;
    this.#exports = exports;
    this.#wanted = wanted;
    this.#sources = url === null ? ownSources() : [file(String(url), () => new Worker(url, NAMED))];
    this.#up = memory.integers(WORKERS, 1);
  }

  get count(): number {
    return Atomics.load(this.#up, 0);
  }

  get problem(): string | null {
    if (this.#starting === null) return 'they start with await ready()';
    return this.#isWaiting ? 'ready() was not awaited' : this.#problem;
  }

  /** Nothing: see the class. */
  start(): void {}

  ready(): number {
    return this.count;
  }

  whenUp(): Promise<void> {
    this.#starting ??= this.#startAll();
    return this.#starting;
  }

  async #startAll(): Promise<void> {
    const generation = this.#memory.integers(GENERATION, 1)[0];
    const started = this.#wanted === 0 ? 0 : await this.#startFrom(this.#sources, generation);
    await until(() => this.count === started || this.#memory.integers(GENERATION, 1)[0] !== generation);
    this.#isWaiting = false;
  }

  /** Starts them from the first source that works, which the first worker shows. Returns how many have started. */
  async #startFrom(sources: readonly Source[], generation: number): Promise<number> {
    const problems: string[] = [];
    for (const source of sources) {
      const problem = await this.#startOne(source, 1, generation);
      if (problem === null) {
        if (sources.length > 1) proven = source;
        const others = Array.from({ length: this.#wanted - 1 }, (_, i) => this.#startOne(source, i + 2, generation));
        const failed = (await Promise.all(others)).filter((reason) => reason !== null);
        if (failed.length > 0) this.#problem = `${source.name} ${failed[0]}`;
        return this.#wanted - failed.length;
      }
      problems.push(`${source.name} ${problem}`);
    }
    // A bundler may have left the file where it was, or know no address at all.
    const wayOut = sources.length > 1 ? '; configureKernels({ workerUrl }) says where the file is' : '';
    this.#problem = problems.join('; ') + wayOut;
    return 0;
  }

  /**
   * Resolves with null when the worker is up, otherwise with the reason. One that is only late is not given up: it has
   * its number and helps from then on.
   */
  #startOne(source: Source, thread: number, generation: number): Promise<string | null> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#problem = `${source.name} gave no answer for ${PATIENCE / 1000} s`;
        resolve(null);
      }, PATIENCE);
      const end = (problem: string | null): void => {
        clearTimeout(timer);
        resolve(problem);
      };
      try {
        const worker = source.start();
        worker.onmessage = () => {
          worker.onerror = null;
          end(null);
        };
        worker.onerror = (event) => {
          event.preventDefault();
          // A program that could not be read leaves an idle thread behind.
          worker.terminate();
          end(event.message ? `failed: ${event.message}` : `did not load: ${source.remedy}`);
        };
        worker.postMessage({ module: this.#compiled.module, memory: this.#memory.raw, thread, generation });
      } catch (error) {
        end(`is refused: ${(error as Error).message}`);
      }
    });
  }

  dismiss(): void {
    if (this.#starting !== null) this.#exports.dismiss();
  }
}

/** The one of them that has worked. A policy reports each attempt at another. */
let proven: Source | null = null;

/** Where programs come from if users name no place. The Blob is first: it needs no file at an address. */
function ownSources(): readonly Source[] {
  if (proven !== null) return [proven];
  return startWorkerFile === null ? [BLOB] : [BLOB, file('layerwise-worker.js', startWorkerFile)];
}

let blobUrl: string | undefined;

const BLOB: Source = {
  name: 'a Blob',
  remedy: "worker-src of the page's policy has no blob:",
  start() {
    blobUrl ??= URL.createObjectURL(new Blob([BROWSER_PROGRAM], { type: 'text/javascript' }));
    return new Worker(blobUrl, NAMED);
  },
};

function file(name: string, start: () => Worker): Source {
  const remedy = 'it has to be there, with the header Cross-Origin-Embedder-Policy of the page, and in its worker-src';
  return { name, remedy, start };
}
