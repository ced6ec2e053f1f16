import type { RandomState } from '../../arrays/index.js';
import type { PortableDataset } from '../portable.js';
import type { Cut, Wanted } from '../share.js';
import type { Recipe } from '../transforms/transform.js';

/** What a worker is started with: everything that is the same for all batches. */
export interface Job {
  readonly dataset: PortableDataset;
  /** What is applied to each batch, one after the other. */
  readonly recipes: readonly Recipe[];
  /** Where a share is cut out of a batch, if that is not behind the last of them. */
  readonly cut: Cut;
}

/** A batch to make. */
export interface Task extends Wanted {
  /** A number of the batch's own. */
  readonly id: number;
  /** Which of the pool's epochs it is of: see {@link OLDEST}. */
  readonly run: number;
  /** Of the batch's generator; null where nothing draws. */
  readonly seed: string | null;
}

/** The answer to a task. */
export type Answer =
  | { readonly id: number; readonly batch: readonly unknown[]; readonly random: RandomState | null }
  | { readonly id: number; readonly error: SentError };

/** An error on its way from a worker. */
export interface SentError {
  /** The class: of others than these, `Error`. */
  readonly kind: 'Error' | 'RangeError' | 'TypeError' | 'ShapeError';
  /** What it calls itself. */
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its `code`, `syscall` and `path`, as errors of the system have them. */
  readonly details: Readonly<Record<string, string | number>>;
  readonly cause: SentError | undefined;
}

/** What a worker is started with. */
export interface ThreadData {
  readonly job: Job;
  /** Takes tasks and gives answers; a null is a question whether it is open. */
  readonly port: import('node:worker_threads').MessagePort;
  /** Shared numbers: see {@link ANSWERS} and {@link OLDEST}. */
  readonly signals: Int32Array;
}

/** Place in the shared numbers of the count of answers, by which a thread that waits is woken. */
export const ANSWERS = 0;

/** Place in the shared numbers of the oldest of the pool's epochs that is wanted: tasks of earlier ones are dropped. */
export const OLDEST = 1;
