import { AMOUNT, argumentError, checkPath, count, FLAG, type OptionsOf, option, settingsOf } from '../arrays/index.js';
import { attempt, makeFolder } from '../files/index.js';
import { requireBuiltin } from '../node.js';
import { AppendFile } from './append-file.js';
import { flushedAtExit } from './at-exit.js';
import type { Logger } from './logger.js';
import { type ScalarTag, scalarTag, TensorBoardEvents } from './tensorboard-events.js';

/** The table of {@link TensorBoardLoggerOptions}. */
const OPTIONS = {
  /** Iterations between two points of a curve of steps: those whose number it divides have one. Default 1. */
  every: option(1, count(1)),
  /**
   * Whether a new run may use a folder that has events already. Default false: TensorBoard would draw both as one
   * curve. A run that is resumed always goes on in its folder.
   */
  append: option(false, FLAG),
  /**
   * Seconds after which events are written to the disk at the latest, which is looked at after each step; those of an
   * epoch are at its end. Default 2.
   */
  flushSeconds: option(2, AMOUNT),
};

/** Options of {@link tensorBoardLogger}. */
export interface TensorBoardLoggerOptions extends OptionsOf<typeof OPTIONS> {}

/** Bytes that are kept before they are written. */
const MOST = 1 << 16;

const OF_STEPS = ['loss/train', 'lr'].map(scalarTag);
const OF_EPOCHS = ['accuracy/train', 'accuracy/val', 'loss/val'].map(scalarTag);

/** The names of files of events, and when they were made, in seconds since 1970. */
const FILE = /^events\.out\.tfevents\.(\d+)\./;

/**
 * A logger that writes files of events for TensorBoard: `tensorboard --logdir DIR`, also while the run goes on.
 *
 * Scalars by iteration: `loss/train` and `lr` for each step; `accuracy/train`, `accuracy/val`, `loss/val` and for each
 * metric `<name>/train` and `<name>/val` for each evaluation. Values are float32.
 *
 * A run that is resumed writes another file, which says from which iteration it continues: TensorBoard leaves out what
 * the earlier files have beyond it.
 *
 * @param dir - The folder of one run, made where it is missing.
 * @throws {Error} when a run starts, before its first step: if the folder has events already and neither the run is
 *   resumed nor `append` given, or if nothing can be written there.
 *
 * @example
 * fit(model, loader, { optimizer, valLoader, loggers: tensorBoardLogger('runs/wide-net') });
 */
export function tensorBoardLogger(dir: string, options: TensorBoardLoggerOptions = {}): Logger {
  const fn = 'tensorBoardLogger';
  checkPath(fn, 'dir', dir);
  const { every, append, flushSeconds } = settingsOf(fn, OPTIONS, options);
  const events = new TensorBoardEvents();
  let file: AppendFile | null = null;
  let metrics: readonly string[] = [];
  let epochTags: readonly ScalarTag[] = [];
  let flushedAt = 0;
  let settled = (): void => {};

  const flush = (): void => {
    if (file === null || events.size === 0) return;
    file.append(events.bytes);
    events.clear();
  };
  return {
    onStart(start) {
      if (file !== null)
        throw new Error(`${fn}: ${dir} is being written by another run; give each a logger of its own`);
      makeFolder(fn, dir);
      const newest = newestOf(fn, dir);
      if (newest !== null && !start.isResumed && !append) {
        const [found, expected] = [`${dir} has events already`, 'none for a new run'];
        const wayOut = 'delete it, or name another folder, or give { append: true }';
        throw argumentError(Error, { fn, arg: 'dir', found, expected, wayOut });
      }
      metrics = start.metrics;
      epochTags = [...OF_EPOCHS, ...metrics.flatMap((name) => [`${name}/train`, `${name}/val`]).map(scalarTag)];
      events.clear();
      events.addVersion(Date.now() / 1000);
      if (start.isResumed) events.addStart(Date.now() / 1000, start.iteration + 1);
      [file, flushedAt] = [newFile(fn, dir, newest), 0];
      try {
        flush();
      } catch (error) {
        file.close();
        file = null;
        throw error;
      }
      settled = flushedAtExit(flush);
    },
    onStep({ iteration, loss, learningRate, seconds }) {
      if (iteration % every === 0) events.addScalars(Date.now() / 1000, iteration, OF_STEPS, [loss, learningRate]);
      if (events.size < MOST && seconds - flushedAt < flushSeconds) return;
      flushedAt = seconds;
      flush();
    },
    onEpoch({ iteration, trainAcc, valAcc, valLoss, metrics: results, seconds }) {
      const numbers = metrics.flatMap((name) => [results[name]?.train ?? null, results[name]?.val ?? null]);
      events.addScalars(Date.now() / 1000, iteration, epochTags, [trainAcc, valAcc, valLoss, ...numbers]);
      flushedAt = seconds;
      flush();
    },
    flush,
    close() {
      const closing = file;
      settled();
      try {
        flush();
      } finally {
        file = null;
        events.clear();
        closing?.close();
      }
    },
  };
}

/** When the newest file of events in a folder was made; null if there is none. */
function newestOf(fn: string, dir: string): number | null {
  const names = attempt(fn, 'read', dir, () => requireBuiltin(fn, 'node:fs').readdirSync(dir));
  const times = names.flatMap((name) => FILE.exec(name)?.slice(1) ?? []).map(Number);
  return times.length === 0 ? null : Math.max(...times);
}

/** A new file of events, later than all others by its name: TensorBoard reads them in the order of their names. */
function newFile(fn: string, dir: string, newest: number | null): AppendFile {
  const path = requireBuiltin(fn, 'node:path');
  const host = requireBuiltin(fn, 'node:os')
    .hostname()
    .replace(/[^\w.-]/g, '_');
  const time = Math.max(Math.floor(Date.now() / 1000), (newest ?? 0) + 1);
  const name = `events.out.tfevents.${String(time).padStart(10, '0')}.${host}.${process.pid}`;
  return new AppendFile(fn, path.join(dir, name), true);
}
