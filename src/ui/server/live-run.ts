import type { MessagePort } from 'node:worker_threads';
import { HttpError } from '../../http/index.js';
import type { Opening, Progress, Report } from '../messages.js';
import type {
  Command,
  EpochRow,
  Insight,
  RunInfo,
  RunState,
  RunSummary,
  Snapshot,
  Status,
  Update,
} from '../protocol.js';
import { bestOf, isOver } from './epochs.js';
import { Points } from './points.js';

/** Seconds over which the speed is measured. */
const WINDOW = 5;

/** A run of the thread that trains, as its reports tell of it. */
export class LiveRun {
  readonly #opening: Opening;
  readonly #hear: (update: Update) => void;
  readonly #points = new Points();
  readonly #epochs: EpochRow[] = [];
  #info: RunInfo;
  #insight: Insight | null = null;
  #state: RunState = 'running';
  #message: string | null = null;
  /** Where it was at first, and lately. */
  #first: Progress | null = null;
  #recent: Progress[] = [];
  #loss = Number.NaN;
  #learningRate = Number.NaN;
  /** Whether the status has changed since it was sent. */
  #isNews = false;

  /** @param hear - Called with the run's updates. */
  constructor(opening: Opening, hear: (update: Update) => void) {
    this.#opening = opening;
    this.#info = opening.info;
    this.#hear = hear;
    opening.port.on('message', (report: Report) => this.#take(report));
    // The server alone keeps the thread.
    opening.port.unref();
  }

  get id(): string {
    return this.#opening.id;
  }

  get isOver(): boolean {
    return isOver(this.#state);
  }

  snapshot(): Snapshot {
    return { info: this.#info, status: this.#status(), epochs: this.#epochs, insight: this.#insight, points: null };
  }

  summary(): RunSummary {
    const info = { ...this.#info, layers: [] };
    return { info, status: this.#status(), last: this.#epochs.at(-1) ?? null, best: bestOf(this.#epochs) };
  }

  bytes(from: number): Uint8Array {
    return this.#points.bytes(from);
  }

  /** @throws {HttpError} 409 if the run has ended. */
  command(command: Command): void {
    if (this.isOver) throw new HttpError(409, 'the run has ended, so it takes no commands');
    const { port, control } = this.#opening;
    if (command.command === 'stop') this.#setState('stopping', null);
    port.postMessage(command);
    Atomics.add(control, 0, 1);
    Atomics.notify(control, 0);
    this.sendNews();
  }

  /** Sends the status, if it has changed. */
  sendNews(): void {
    if (!this.#isNews) return;
    this.#isNews = false;
    this.#hear({ kind: 'status', run: this.id, status: this.#status() });
  }

  /** Frees what the run has here. */
  close(): void {
    (this.#opening.port as MessagePort).close();
  }

  #take(report: Report): void {
    switch (report.kind) {
      case 'points':
        this.#takePoints(report.values);
        this.#moved(report.progress);
        break;
      case 'epoch':
        this.#epochs.push(report.row);
        this.#moved(report.progress);
        this.#hear({ kind: 'epoch', run: this.id, place: this.#epochs.length - 1, row: report.row });
        break;
      case 'insight':
        this.#insight = report.insight;
        this.#hear({ kind: 'insight', run: this.id, insight: report.insight });
        break;
      case 'layers':
        this.#info = { ...this.#info, layers: report.layers };
        this.#hear({ kind: 'reload', run: this.id });
        break;
      case 'state':
        this.#moved(report.progress);
        // A run that was told to stop says so itself once it has.
        if (!(this.#state === 'stopping' && !isOver(report.state))) this.#setState(report.state, report.message);
        this.sendNews();
        break;
    }
  }

  #takePoints(values: Float64Array): void {
    this.#points.append(values);
    const count = values.length / 3;
    this.#loss = values[2 * count - 1];
    this.#learningRate = values[3 * count - 1];
  }

  #setState(state: RunState, message: string | null): void {
    this.#state = state;
    this.#message = message;
    this.#isNews = true;
  }

  #moved(progress: Progress): void {
    this.#first ??= progress;
    this.#recent.push(progress);
    while (this.#recent.length > 2 && progress.seconds - this.#recent[1].seconds > WINDOW) this.#recent.shift();
    this.#isNews = true;
  }

  #status(): Status {
    const last = this.#recent.at(-1);
    const { totalIterations } = this.#info;
    const isGoingOn = !this.isOver && last !== undefined;
    return {
      state: this.#state,
      iteration: last?.iteration ?? 0,
      epoch: last?.epoch ?? 0,
      loss: finite(this.#loss),
      learningRate: finite(this.#learningRate),
      imagesPerSecond: isGoingOn ? this.#speed(last) : null,
      secondsLeft: isGoingOn && totalIterations !== null ? this.#secondsLeft(last, totalIterations) : null,
      seconds: last?.seconds ?? 0,
      points: this.#points.length,
      message: this.#message,
    };
  }

  /** Examples a second, of the last seconds. */
  #speed(last: Progress): number | null {
    const [first] = this.#recent;
    const seconds = last.seconds - first.seconds;
    return seconds > 0 ? (last.examples - first.examples) / seconds : null;
  }

  /** Evaluations count: they will come again. */
  #secondsLeft(last: Progress, total: number): number | null {
    const first = this.#first as Progress;
    const made = last.iteration - first.iteration;
    if (made <= 0) return null;
    return (Math.max(0, total - last.iteration) * (last.seconds - first.seconds)) / made;
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
