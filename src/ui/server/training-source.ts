import { HttpError } from '../../http/index.js';
import type { Opening } from '../messages.js';
import type { Command, RunList, Snapshot, Update } from '../protocol.js';
import { LiveRun } from './live-run.js';
import type { Source } from './source.js';

/** Runs that are kept: of older ones, those that have ended go. */
const MOST_RUNS = 20;

/** Milliseconds between two statuses of a run. */
const INTERVAL = 250;

/** The runs of one process, as the thread that trains reports them. */
export class TrainingSource implements Source {
  readonly #title: string;
  readonly #runs = new Map<string, LiveRun>();
  readonly #listeners = new Set<(update: Update) => void>();

  constructor(title: string) {
    this.#title = title;
    setInterval(() => {
      for (const run of this.#runs.values()) run.sendNews();
    }, INTERVAL).unref();
  }

  /** A run has begun. */
  open(opening: Opening): void {
    this.#runs.set(opening.id, new LiveRun(opening, (update) => this.#hear(update)));
    for (const run of [...this.#runs.values()].slice(0, -MOST_RUNS)) if (run.isOver) this.#forget(run);
    this.#hear({ kind: 'run', run: opening.id });
  }

  list(): RunList {
    const runs = [...this.#runs.values()].reverse().map((run) => run.summary());
    return { source: 'training', title: this.#title, version: '', runs };
  }

  snapshot(id: string): Snapshot | null {
    return this.#runs.get(id)?.snapshot() ?? null;
  }

  points(id: string, from: number): Uint8Array | null {
    return this.#runs.get(id)?.bytes(from) ?? null;
  }

  command(id: string, command: Command): void {
    const run = this.#runs.get(id);
    if (run === undefined) throw new HttpError(404, 'there is no such run');
    run.command(command);
  }

  subscribe(hear: (update: Update) => void): () => void {
    this.#listeners.add(hear);
    return () => this.#listeners.delete(hear);
  }

  #forget(run: LiveRun): void {
    this.#runs.delete(run.id);
    run.close();
    this.#hear({ kind: 'gone', run: run.id });
  }

  #hear(update: Update): void {
    for (const hear of this.#listeners) hear(update);
  }
}
