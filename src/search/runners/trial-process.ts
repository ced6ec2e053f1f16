import { type ChildProcess, fork, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Program, programOf } from '../../data/workers/program.js';
import { makeFolder } from '../../files/index.js';
import type { SearchFolder } from '../folder.js';
import type { Answer, Request } from '../protocol.js';
import type { Job, Metrics, Outcome } from '../types.js';

const FN = 'search';

/** Options of Node that say where a program comes from, or listen at a port. */
const NOT_FOR_CHILDREN = /^--(input-type|inspect|watch|test)/;

/** The process of a trial has ended in the middle of it. */
export class ProcessEnded extends Error {}

/** Where trials run. */
export interface Place {
  readonly folder: SearchFolder;
  /** The file of the trial, `FILE#NAME` if it has several. */
  readonly trial: string;
  /** How many threads the kernels of the process may use. */
  readonly threads: number;
}

/**
 * A process of this machine that runs jobs, one at a time. What it prints is appended to `log.txt` in the folder of the
 * trial. It starts with the first job, and ends with this process.
 */
export class TrialProcess {
  readonly #place: Place;
  #child: ChildProcess | null = null;
  readonly #kill = (): void => this.kill();

  constructor(place: Place) {
    this.#place = place;
  }

  /**
   * Runs a job, as `runJob` does.
   *
   * @throws {ProcessEnded} if the process dies in the middle: the next call starts another.
   */
  async run(job: Job, hears: (epoch: number, metrics: Metrics) => void): Promise<Outcome> {
    const { folder, trial, threads } = this.#place;
    this.#child ??= this.#start();
    const child = this.#child;
    makeFolder(FN, folder.trial(job));
    const log = join(folder.trial(job), 'log.txt');
    const write = (text: Buffer): void => appendFileSync(log, text);
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', write);
    try {
      await answered(child, { folder: folder.dir, trial, job, threads }, hears);
    } finally {
      for (const stream of [child.stdout, child.stderr]) stream?.off('data', write);
    }
    const outcome = folder.outcome(job);
    if (outcome === null) throw new Error(`${FN}: ${folder.trial(job)} has lost rung ${job.rung}`);
    return outcome;
  }

  /** Ends the process, whatever it does. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  #start(): ChildProcess {
    const child = started(this.#place.threads);
    process.on('exit', this.#kill);
    child.on('exit', () => {
      process.off('exit', this.#kill);
      if (this.#child === child) this.#child = null;
    });
    // Nobody reads what is printed between two jobs, and an idle process does not keep this one.
    for (const stream of [child.stdout, child.stderr]) stream?.resume();
    return child;
  }
}

/** Resolves when the process has run a job. */
function answered(
  child: ChildProcess,
  request: Request,
  hears: (epoch: number, metrics: Metrics) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
      // In a moment: what the trial has printed before is read by then.
      setImmediate(act);
    };
    const onMessage = (message: unknown): void => {
      const answer = message as Answer;
      if (answer.kind === 'report') hears(answer.epoch, answer.metrics);
      else settle(() => (answer.kind === 'done' ? resolve() : reject(new Error(answer.message))));
    };
    // Its streams may stay open: other processes that it has started may have them.
    const onExit = (code: number | null, signal: string | null): void => {
      const how = signal === null ? `with code ${code}` : `by ${signal}`;
      settle(() => reject(new ProcessEnded(`its process was ended ${how}`)));
    };
    const onError = (error: Error): void => settle(() => reject(error));
    child.on('message', onMessage).on('exit', onExit).on('error', onError);
    // One that is ending refuses: its end says why.
    child.send(request, () => {});
  });
}

let program: Program | undefined;

/** A process that runs worker.ts. */
function started(threads: number): ChildProcess {
  const env = { ...process.env, LAYERWISE_THREADS: String(threads) };
  program ??= programOf(FN, join(__dirname, '..', basename(__filename)), 'worker', true);
  const { code, isText } = program;
  if (!isText) {
    const execArgv = process.execArgv.filter((option) => !NOT_FOR_CHILDREN.test(option));
    return fork(code, { env, execArgv, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  }
  const child = spawn(process.execPath, ['-'], { env, stdio: ['pipe', 'pipe', 'pipe', 'ipc'] });
  // One that ends before it has read all says so by its end.
  child.stdin?.on('error', () => {}).end(code);
  return child;
}
