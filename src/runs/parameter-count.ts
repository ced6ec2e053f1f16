import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { sizeOf } from '../arrays/index.js';
import { namesIn } from '../checkpoints/folder.js';
import { statOf } from '../files/index.js';

/** Weights of modules, and of classifiers, in a checkpoint: see `FitState` and `SolverState`. */
const WEIGHTS = /^state\.(model|current\.params)\./;

/** What is beside the parameters in a state dict. */
const STATISTICS = /(^|\.)(running_(mean|var)|num_batches_tracked|running(Mean|Var)\d+)$/;

/** The longest header that is read, in bytes. */
const MOST = 2 ** 24;

/** What is needed of a run's folder. */
interface Place {
  /** The file of the finished model's weights. */
  readonly model: string;
  /** The folder of the checkpoints. */
  readonly checkpoints: string;
}

/**
 * How many values the parameters of a run have, by the header of its weights, or of a checkpoint.
 *
 * @returns Null before there is a file of either, and where it cannot be read.
 */
export function parameterCount(fn: string, { model, checkpoints }: Place): number | null {
  if (statOf(fn, model) !== undefined) return countIn(model, () => true);
  const [latest] = namesIn(fn, checkpoints);
  return latest === undefined ? null : countIn(join(checkpoints, latest), (name) => WEIGHTS.test(name));
}

function countIn(file: string, isWeight: (name: string) => boolean): number | null {
  const shapes = shapesIn(file);
  if (shapes === null) return null;
  const counted = Object.entries(shapes).filter(([name]) => isWeight(name) && !STATISTICS.test(name));
  return counted.reduce((sum, [, { shape }]) => sum + (Array.isArray(shape) ? sizeOf(shape) : 0), 0);
}

/** The header of a safetensors file without its texts. Null where there is none: the run may be writing it anew. */
function shapesIn(file: string): Record<string, { readonly shape?: number[] }> | null {
  try {
    const fd = openSync(file, 'r');
    try {
      const head = Buffer.alloc(8);
      readSync(fd, head, 0, 8, 0);
      const length = Number(head.readBigUInt64LE());
      if (length > MOST) return null;
      const text = Buffer.alloc(length);
      readSync(fd, text, 0, length, 8);
      const { __metadata__: _, ...shapes } = JSON.parse(text.toString('utf8'));
      return shapes;
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}
