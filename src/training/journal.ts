import { ProgressBar } from './progress.js';

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

  /** Notes an evaluation. */
  epoch(epoch: number, epochs: number, iteration: number, trainAcc: number, valAcc: number | null): void {
    if (!this.#verbose) return;
    const validation = valAcc === null ? '' : `; val_acc: ${valAcc.toFixed(6)}`;
    this.#print(`(Epoch ${epoch} / ${epochs}) train acc: ${trainAcc.toFixed(6)}${validation}`);
    this.#bar?.update(iteration);
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
