import type { Command, EpochRow, Insight, RunInfo, RunList, RunSummary, Snapshot, Status } from '../protocol.js';
import { bytesOf, Points } from './points.js';

/** What of a run, or of the list, is another. */
export type Change = 'list' | 'connection' | 'info' | 'status' | 'points' | 'epochs' | 'insight';

/** A run of which the page has all. */
export class Run {
  info: RunInfo;
  status: Status;
  epochs: EpochRow[];
  insight: Insight | null;
  readonly points = new Points();

  constructor({ info, status, epochs, insight }: Snapshot) {
    this.info = info;
    this.status = status;
    this.epochs = [...epochs];
    this.insight = insight;
  }
}

/** How the page stands to its server. */
export type Connected =
  /** A report: there is no server. */
  'embedded' | 'connecting' | 'connected' | 'lost';

/** Where the runs come from. */
export interface Source {
  /** Asks for all of these runs, and for what becomes of them; of others only their state is followed. */
  watch(ids: readonly string[]): void;
  /**
   * Tells a run something.
   *
   * @throws {Error} if it is refused, or there is no answer: one line to show.
   */
  command(id: string, command: Command): Promise<void>;
  /** Tries to reach the server at once. */
  retry(): void;
}

/** What the page knows, and who wants to hear of it. */
export class Store {
  source: RunList['source'] = 'training';
  title = '';
  version = '';
  connected: Connected = 'connecting';
  summaries: RunSummary[] = [];
  readonly runs = new Map<string, Run>();
  readonly #listeners = new Set<(change: Change, run: string | null) => void>();

  listen(listener: (change: Change, run: string | null) => void): void {
    this.#listeners.add(listener);
  }

  changed(change: Change, run: string | null = null): void {
    for (const listener of this.#listeners) listener(change, run);
  }

  setConnected(connected: Connected): void {
    if (this.connected === connected) return;
    this.connected = connected;
    this.changed('connection');
  }

  setList({ source, title, version, runs }: RunList): void {
    this.source = source;
    this.title = title;
    this.version = version;
    this.summaries = [...runs];
    this.changed('list');
  }

  /** Replaces all of a run but its points. */
  setSnapshot(snapshot: Snapshot): Run {
    const { id } = snapshot.info;
    let run = this.runs.get(id);
    if (run === undefined) {
      run = new Run(snapshot);
      this.runs.set(id, run);
    } else {
      Object.assign(run, { ...snapshot, points: run.points, epochs: [...snapshot.epochs] });
    }
    for (const change of ['info', 'status', 'epochs', 'insight'] as const) this.changed(change, id);
    return run;
  }

  setStatus(id: string, status: Status): void {
    const run = this.runs.get(id);
    if (run !== undefined) run.status = status;
    this.#summarize(id, (summary) => ({ ...summary, status }));
    this.changed('status', id);
  }

  setEpoch(id: string, place: number, row: EpochRow): void {
    const run = this.runs.get(id);
    if (run !== undefined && place <= run.epochs.length) run.epochs[place] = row;
    this.#summarize(id, (summary) => ({ ...summary, last: row, best: better(row, summary.best) ? row : summary.best }));
    this.changed('epochs', id);
  }

  setInsight(id: string, insight: Insight): void {
    const run = this.runs.get(id);
    if (run === undefined) return;
    run.insight = insight;
    this.changed('insight', id);
  }

  /** Drops a run that is no longer there. */
  drop(id: string): void {
    this.runs.delete(id);
    this.summaries = this.summaries.filter(({ info }) => info.id !== id);
    this.changed('list');
  }

  #summarize(id: string, change: (summary: RunSummary) => RunSummary): void {
    this.summaries = this.summaries.map((summary) => (summary.info.id === id ? change(summary) : summary));
  }
}

/** Whether an evaluation is better: by validation accuracy, without by validation loss. */
export function better(row: EpochRow, than: EpochRow | null): boolean {
  if (than === null) return true;
  if (row.valAcc !== null || than.valAcc !== null) return (row.valAcc ?? -1) > (than.valAcc ?? -1);
  return (row.valLoss ?? Infinity) < (than.valLoss ?? Infinity);
}

/** Fills a store from a report, which has all of its runs in it. */
export function embed(store: Store, snapshots: readonly Snapshot[]): Source {
  store.setList({
    source: 'folder',
    title: snapshots.length === 1 ? snapshots[0]!.info.title : `${snapshots.length} runs`,
    version: '',
    runs: snapshots.map(({ info, status, epochs }) => ({
      info,
      status,
      last: epochs.at(-1) ?? null,
      best: epochs.reduce<EpochRow | null>((best, row) => (better(row, best) ? row : best), null),
    })),
  });
  for (const snapshot of snapshots) {
    const { points } = store.setSnapshot(snapshot);
    if (snapshot.points !== null) points.append(bytesOf(snapshot.points).buffer);
  }
  store.setConnected('embedded');
  return {
    watch: () => {},
    retry: () => {},
    command: async () => {
      throw new Error('This is a report: its run takes no commands.');
    },
  };
}
