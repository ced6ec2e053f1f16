import type { Tell } from '../protocol.js';

/** Milliseconds between two reports of steps. */
const PAUSE = 100;

/** The steps of a run, reported some at a time. */
export class Points {
  readonly #tell: Tell;
  #rows: (readonly [iteration: number, loss: number, learningRate: number])[] = [];
  #epoch = 0;
  #reported = 0;
  #perSecond = 0;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  add(iteration: number, loss: number, learningRate: number, epoch: number): void {
    this.#rows.push([iteration, loss, learningRate]);
    this.#epoch = epoch;
    if (performance.now() - this.#reported > PAUSE) this.flush();
  }

  /** Reports what there is. */
  flush(): void {
    if (this.#rows.length === 0) return;
    const now = performance.now();
    const rate = (1000 * this.#rows.length) / (now - this.#reported);
    // Of the first steps the time is not known: they began before.
    this.#perSecond = this.#perSecond === 0 ? rate : 0.8 * this.#perSecond + 0.2 * rate;
    this.#reported = now;
    const columns = Float64Array.from([0, 1, 2].flatMap((column) => this.#rows.map((row) => row[column]!)));
    this.#rows = [];
    this.#tell({ kind: 'points', columns: columns.buffer, epoch: this.#epoch, perSecond: this.#perSecond });
  }

  clear(): void {
    this.#rows = [];
    this.#perSecond = 0;
    this.#reported = performance.now();
  }
}
