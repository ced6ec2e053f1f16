import type { HOOKS, LoggedCommand, LoggedEpoch, LoggedStep, Logger, RunStart } from './logger.js';

type Hook = (typeof HOOKS)[number];

/** The loggers of one run, as its loop calls them. */
export class Loggers {
  readonly #fn: string;
  readonly #given: readonly Logger[];
  /** Whether the option was a list. */
  readonly #areListed: boolean;
  /** Those that get events: started, and without an error so far. */
  #active: Logger[] = [];
  /** Those that the run has had a warning of. */
  readonly #failed = new Set<Logger>();
  #iteration = 0;
  #since = 0;

  /** @param fn - The function that trains, for warnings. */
  constructor(fn: string, loggers: Logger | readonly Logger[]) {
    this.#fn = fn;
    this.#areListed = Array.isArray(loggers);
    this.#given = Array.isArray(loggers) ? [...loggers] : [loggers as Logger];
  }

  /** Whether somebody listens: a loop need not make events otherwise. */
  get isActive(): boolean {
    return this.#active.length > 0;
  }

  /** To be called before the first step. @throws what a logger throws; those that have been started are closed then. */
  start(start: Omit<RunStart, 'fn'>): void {
    this.#iteration = start.iteration;
    this.#since = performance.now();
    this.#failed.clear();
    try {
      for (const logger of this.#given) {
        this.#watched(logger, 'onStart', logger.onStart?.({ fn: this.#fn, ...start }));
        this.#active.push(logger);
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  step(iteration: number, epoch: number, loss: number, learningRate: number | null): void {
    this.#iteration = iteration;
    const event: LoggedStep = { kind: 'step', iteration, epoch, loss, learningRate, seconds: this.#seconds };
    this.#each('onStep', event);
  }

  epoch(event: Omit<LoggedEpoch, 'kind' | 'seconds'>): void {
    this.#iteration = event.iteration;
    this.#each('onEpoch', { kind: 'epoch', ...event, seconds: this.#seconds });
  }

  command(event: Omit<LoggedCommand, 'kind' | 'seconds'>): void {
    this.#each('onCommand', { kind: 'command', ...event, seconds: this.#seconds });
  }

  /**
   * To be called before a state of the run is saved: a run that continues from it does not log again what was
   * before it.
   */
  flush(): void {
    this.#each('flush');
  }

  /** To be called at the end of the run, however it ended. */
  close(): void {
    this.#each('close');
    this.#active = [];
  }

  get #seconds(): number {
    return (performance.now() - this.#since) / 1000;
  }

  #each(hook: Hook, event?: LoggedStep | LoggedEpoch | LoggedCommand): void {
    for (const logger of this.#active) {
      try {
        const answer = (logger[hook] as ((event: unknown) => unknown) | undefined)?.call(logger, event);
        if (answer !== undefined) this.#watched(logger, hook, answer);
      } catch (error) {
        this.#drop(logger, hook, error);
      }
    }
  }

  /** What a hook returned may be a promise. */
  #watched(logger: Logger, hook: Hook, answer: unknown): void {
    // One of another realm or library is none of ours: whatever has `then`.
    if (typeof (answer as Partial<PromiseLike<unknown>> | null | undefined)?.then !== 'function') return;
    (answer as PromiseLike<unknown>).then(undefined, (error) => this.#drop(logger, hook, error));
  }

  /** A logger that has failed gets no more events, and the training goes on. */
  #drop(logger: Logger, hook: Hook, error: unknown): void {
    if (this.#failed.has(logger)) return;
    this.#failed.add(logger);
    const isOpen = hook !== 'close' && this.#active.includes(logger);
    this.#active = this.#active.filter((other) => other !== logger);
    if (isOpen) {
      try {
        logger.close?.();
      } catch {
        // What it failed with first is said below.
      }
    }
    const said = error instanceof Error ? error.message : String(error);
    const rest = isOpen ? ' It gets no more events; the training goes on.' : '';
    const name = this.#areListed ? `loggers[${this.#given.indexOf(logger)}]` : 'loggers';
    // biome-ignore lint/suspicious/noConsole: a warning that does not change the result
    console.warn(`${this.#fn}: ${name}.${hook} failed after iteration ${this.#iteration}: ${said}.${rest}`);
  }
}
