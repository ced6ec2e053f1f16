import { ProgressBar } from '../terminal/progress-bar.js';

/** What a training run prints: lines of loss and accuracy, and on a terminal a progress bar below them. */
export class Journal {
  readonly #verbose: boolean;
  readonly #printEvery: number;
  readonly #bar: ProgressBar | null;

  /**
   * A journal of one run.
   *
   * @param total - Iterations of the whole run; null where that is not known: there is no bar then.
   */
  constructor({ verbose, printEvery }: { verbose: boolean; printEvery: number }, total: number | null) {
    this.#verbose = verbose;
    this.#printEvery = printEvery;
    this.#bar = verbose && total !== null ? new ProgressBar(total, 'it') : null;
  }

  /** Notes a step. @param iteration - Its number, from 1. */
  step(iteration: number, total: number | null, loss: number): void {
    if (!this.#verbose) return;
    if ((iteration - 1) % this.#printEvery === 0) {
      this.#print(`(Iteration ${iteration}${total === null ? '' : ` / ${total}`}) loss: ${loss.toFixed(6)}`);
    }
    this.#bar?.update(iteration);
  }

  /**
   * Notes an evaluation.
   *
   * @param numbers - What it found, with their names; null for what is not known.
   * @param rate - The learning rate, where it has been lowered.
   */
  epoch(
    epoch: number,
    epochs: number,
    iteration: number,
    numbers: Readonly<Record<string, number | null>>,
    rate: number | null = null,
  ): void {
    if (!this.#verbose) return;
    const known = Object.entries(numbers).filter((entry): entry is [string, number] => entry[1] !== null);
    const texts = known.map(([name, value]) => `${name}: ${value.toFixed(6)}`);
    if (rate !== null) texts.push(`learning rate: ${Number(rate.toPrecision(6))}`);
    this.#print(`(Epoch ${epoch} / ${epochs}) ${texts.join('; ')}`);
    this.#bar?.update(iteration);
  }

  /** Prints a line, as of the end of a run. */
  note(line: string): void {
    if (this.#verbose) this.#print(line);
  }

  /** Removes the progress bar. */
  clear(): void {
    this.#bar?.clear();
  }

  #print(line: string): void {
    this.#bar?.clear();
    console.log(line);
  }
}
