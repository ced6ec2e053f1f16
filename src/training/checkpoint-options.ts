import {
  ANY,
  argumentError,
  checkedIn,
  count,
  describe,
  FLAG,
  isPlainObject,
  type OptionsOf,
  oneOf,
  option,
  POSITIVE,
  type Range,
  required,
  type Settings,
  settingsOf,
} from '../arrays/index.js';

/** How often a run is saved: a number of iterations, or of one of the units. */
export type CheckpointInterval =
  | number
  | { readonly iterations: number }
  | { readonly seconds: number }
  | { readonly epochs: number };

const FOLDER: Range = {
  allows: (value) => typeof value === 'string' && value !== '' && !value.includes('\0'),
  expected: 'the path of a folder',
  Kind: TypeError,
};

const CHECKPOINT = {
  /** The folder of the checkpoints of one run; it is made where it is missing. */
  dir: required<string>(FOLDER),
  /**
   * How often the run is saved: a number of iterations, `{ iterations }`, `{ seconds }`, or `{ epochs }`. Default:
   * after each epoch.
   */
  every: option<CheckpointInterval>({ epochs: 1 }, ANY),
  /** How many checkpoints are kept, the best one not counted. Default 3. */
  keep: option(3, count(1)),
  /** Whether that of the best evaluation so far is kept as `best.safetensors`. Default true. */
  best: option(true, FLAG),
  /**
   * What an error of the file system does, as on a full disk: `'throw'` ends the run, `'warn'` prints each kind of
   * error once, and the run goes on. Default `'throw'`.
   */
  onError: option<'throw' | 'warn'>('throw', oneOf('throw', 'warn')),
};

/** Where, and how often, a run of `fit` or of a Solver is saved. */
export interface CheckpointOptions extends OptionsOf<typeof CHECKPOINT> {}

/** How often a run is saved. */
export interface Interval {
  readonly unit: 'iterations' | 'seconds' | 'epochs';
  readonly n: number;
}

/** The options, defaults filled in. */
export interface CheckedCheckpoint extends Omit<Settings<typeof CHECKPOINT>, 'every'> {
  readonly every: Interval;
}

const DIR_OR_FLAG: Range = {
  allows: (value) => typeof value === 'boolean' || FOLDER.allows(value),
  expected: "the folder of a run's checkpoints; true: that of checkpoint",
  Kind: TypeError,
};

/** The entries of both loops' tables of options. */
export const CHECKPOINT_OPTIONS = {
  /**
   * Saves the run in the folder `dir` from time to time, and at its end, also when its loop is left or a signal ends
   * it: see {@link CheckpointOptions}. A worker thread writes. A folder is for one run, which another process may
   * continue, one at a time. A Solver's `step()` saves nothing. Default: nothing is saved.
   */
  checkpoint: option<CheckpointOptions | undefined>(undefined, ANY),
  /**
   * Continues the run that was saved in this folder, from its last checkpoint that is whole; `true`: that of
   * `checkpoint.dir` if there is one, else from the beginning. Model, data and options have to be those of that run,
   * but for what bounds its length, prints, callbacks and `checkpoint`. The finished run is equal to the last bit to
   * one that was never interrupted, its times excepted. Default false: from the beginning.
   */
  resume: option<string | boolean>(false, DIR_OR_FLAG),
};

/** What both options say. */
export interface Checkpointed {
  readonly checkpoint: CheckedCheckpoint | null;
  /** The folder to continue from, and whether it has to have a checkpoint. */
  readonly resume: { readonly dir: string; readonly isRequired: boolean } | null;
}

/** @throws {TypeError | RangeError} naming what does not fit. */
export function checkCheckpointed(
  fn: string,
  { checkpoint, resume }: Settings<typeof CHECKPOINT_OPTIONS>,
): Checkpointed {
  if (
    checkpoint !== undefined &&
    !(typeof checkpoint === 'object' && checkpoint !== null && isPlainObject(checkpoint))
  ) {
    const fault = { fn, arg: 'checkpoint', found: `is ${describe(checkpoint)}`, expected: 'an object' };
    throw argumentError(TypeError, { ...fault, wayOut: "such as { dir: 'run' }" });
  }
  const saving = checkpoint === undefined ? null : checkSaving(`${fn}: checkpoint`, checkpoint);
  if (resume === false) return { checkpoint: saving, resume: null };
  if (resume !== true) return { checkpoint: saving, resume: { dir: resume, isRequired: true } };
  if (saving !== null) return { checkpoint: saving, resume: { dir: saving.dir, isRequired: false } };
  const expected = 'checkpoint, whose folder it means';
  throw argumentError(TypeError, { fn, arg: 'resume', found: 'is true', expected, wayOut: 'or give it the folder' });
}

function checkSaving(fn: string, options: CheckpointOptions): CheckedCheckpoint {
  const settings = settingsOf(fn, CHECKPOINT, options);
  return { ...settings, every: checkInterval(fn, settings.every) };
}

function checkInterval(fn: string, every: CheckpointInterval): Interval {
  if (typeof every === 'number') return { unit: 'iterations', n: checkedIn(fn, 'every', every, count(1)) };
  const entries = typeof every === 'object' && every !== null ? Object.entries(every) : [];
  const [unit, n] = entries.length === 1 ? entries[0] : ['', 0];
  if (unit === 'seconds') return { unit, n: checkedIn(fn, 'every.seconds', n, POSITIVE) };
  if (unit === 'iterations' || unit === 'epochs') return { unit, n: checkedIn(fn, `every.${unit}`, n, count(1)) };
  const expected = 'a number of iterations, or one of { iterations }, { seconds } and { epochs }';
  const names = entries.map(([name]) => name).join(', ');
  const found = entries.length === 0 ? `is ${describe(every)}` : `is { ${names} }`;
  throw argumentError(TypeError, { fn, arg: 'every', found, expected });
}
