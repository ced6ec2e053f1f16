// The history of a run, written to a file while it trains, so that an interrupted run leaves one.

import { dirname } from 'node:path';
import { makeFolder, writeAtomically } from '../src/files/index.js';

/** Milliseconds between two writes. */
const INTERVAL = 2000;

/**
 * A JSON file with the history of a run. Training blocks the thread, so nothing can be done once Ctrl-C is pressed: the
 * file is written every two seconds instead, and whatever ends the run finds it there, whole, with `"finished": false`.
 */
export class KeptHistory {
  readonly file: string;
  readonly #interval: number;
  #written = 0;

  /** Makes the file's folder, and prints where the history goes. */
  constructor(file: string, interval = INTERVAL) {
    this.file = file;
    this.#interval = interval;
    makeFolder('--out', dirname(file));
    console.log(`The history is kept in ${file} while it trains: Ctrl-C leaves what there is`);
  }

  /**
   * Writes what `record` returns if it is time to. Ends the process where its output has no reader any more (`| head`).
   */
  keep(record: () => object): void {
    const unheard = isUnheard();
    if (performance.now() - this.#written < this.#interval && !unheard) return;
    this.#write({ finished: false, ...record() });
    this.#written = performance.now();
    if (unheard) process.exit(0);
  }

  /** Writes the history of a run that has ended. */
  finish(record: object): void {
    this.#write({ finished: true, ...record });
  }

  #write(record: object): void {
    writeAtomically('--out', this.file, `${JSON.stringify(record)}\n`);
  }
}

/** Whether the reader of what is printed has gone. */
function isUnheard(): boolean {
  return (process.stdout.errored as NodeJS.ErrnoException | null)?.code === 'EPIPE';
}
