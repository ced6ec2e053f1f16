import { argumentError, describe } from '../arrays/index.js';
import { checkNumbers } from './checks.js';

/** What {@link plotHistory} draws of a run: a Solver has it. */
export interface TrainingHistory {
  /** The loss of each iteration. */
  readonly lossHistory: ArrayLike<number>;
  /** Training accuracy, in [0, 1], at each evaluation. */
  readonly trainAccHistory: ArrayLike<number>;
  /** Validation accuracy, in [0, 1], at each evaluation. */
  readonly valAccHistory: ArrayLike<number>;
  /** Epochs that are complete, where that is known. */
  readonly epoch?: number;
}

/** A run, checked and copied. */
export interface Run {
  readonly name: string;
  readonly losses: readonly number[];
  /** The epoch of each evaluation. */
  readonly epochs: readonly number[];
  readonly trainAcc: readonly number[];
  readonly valAcc: readonly number[];
}

const HISTORIES = ['lossHistory', 'trainAccHistory', 'valAccHistory'] as const;

/**
 * The runs that were given, one or several, named or not.
 *
 * @throws {TypeError | RangeError} naming what is no run, or has nothing to draw.
 */
export function runsOf(fn: string, solvers: unknown): Run[] {
  if (typeof solvers !== 'object' || solvers === null) {
    const [found, expected] = [`is ${describe(solvers)}`, 'a Solver, a list of them, or { name: Solver }'];
    throw argumentError(TypeError, { fn, arg: 'solvers', found, expected });
  }
  if (HISTORIES.some((history) => history in solvers)) return [runOf(fn, 'solvers', 'run', solvers)];
  const runs = Array.isArray(solvers)
    ? solvers.map((solver, i) => runOf(fn, `solvers[${i}]`, `run ${i + 1}`, solver))
    : Object.entries(solvers).map(([name, solver]) => runOf(fn, `solvers['${name}']`, name, solver));
  if (runs.length > 0) return runs;
  throw argumentError(RangeError, { fn, arg: 'solvers', found: 'is empty', expected: 'at least one Solver' });
}

function runOf(fn: string, arg: string, name: string, solver: unknown): Run {
  if (typeof solver !== 'object' || solver === null) {
    throw argumentError(TypeError, { fn, arg, found: `is ${describe(solver)}`, expected: 'a Solver' });
  }
  const given = solver as Partial<Record<keyof TrainingHistory, unknown>>;
  const [losses, trainAcc, valAcc] = HISTORIES.map((history) => checkNumbers(fn, `${arg}.${history}`, given[history]));
  if (!losses.some(Number.isFinite)) {
    const found = losses.length === 0 ? 'is empty: call train() first' : 'has no finite number';
    throw argumentError(RangeError, { fn, arg: `${arg}.lossHistory`, found });
  }
  const count = Math.max(trainAcc.length, valAcc.length);
  return { name, losses, trainAcc, valAcc, epochs: epochsOf(count, given.epoch) };
}

/**
 * A Solver evaluates after its first iteration, which belongs to no complete epoch, and at the end of each epoch; where
 * an epoch is one iteration, these are one.
 */
function epochsOf(count: number, epoch: unknown): number[] {
  const first = epoch === count ? 1 : 0;
  return Array.from({ length: count }, (_, i) => first + i);
}

/** Share of a run, to either side of an iteration, that its running mean is over. */
const REACH = 0.02;

/** Vertices of a line in a picture: more are not seen, and make large files. */
const VERTICES = 1000;

/** A line's points. */
export interface Points {
  readonly x: number[];
  readonly y: number[];
}

/** How many iterations to either side the running mean of `n` is over. */
export function reachOf(n: number): number {
  return Math.floor(n * REACH);
}

/**
 * The running mean of the losses, over as many iterations to either side as there are up to {@link reachOf}; of those
 * that are finite. Iterations count from 1.
 */
export function smoothed(losses: readonly number[]): Points {
  const n = losses.length;
  const reach = reachOf(n);
  const points: Points = { x: [], y: [] };
  for (const i of spread(n, VERTICES / 2)) {
    const window = losses.slice(Math.max(0, i - reach), i + reach + 1).filter(Number.isFinite);
    points.x.push(i + 1);
    points.y.push(Number.isFinite(losses[i]) ? window.reduce((sum, loss) => sum + loss) / window.length : Number.NaN);
  }
  return points;
}

/** Up to `most` of the whole numbers 0 … n − 1, evenly spread, the first and the last among them. */
function spread(n: number, most: number): number[] {
  if (n <= most) return Array.from({ length: n }, (_, i) => i);
  return Array.from({ length: most }, (_, k) => Math.round((k * (n - 1)) / (most - 1)));
}

/**
 * The losses themselves; where there are too many, the least and the greatest of each of many equal parts, in the order
 * they came in, so that the line covers what it would have covered. Iterations count from 1.
 */
export function thinned(losses: readonly number[]): Points {
  const n = losses.length;
  const parts = n <= VERTICES ? n : VERTICES / 2;
  const points: Points = { x: [], y: [] };
  for (let part = 0; part < parts; part++) {
    const from = Math.floor((part * n) / parts);
    const to = Math.floor(((part + 1) * n) / parts);
    let least = from;
    let greatest = from;
    for (let i = from + 1; i < to; i++) {
      // What is not finite stands for its part: a gap is never hidden.
      if (!Number.isFinite(losses[least])) break;
      if (!(losses[i] >= losses[least])) least = i;
      if (!(losses[i] <= losses[greatest])) greatest = i;
    }
    for (const i of new Set([Math.min(least, greatest), Math.max(least, greatest)])) {
      points.x.push(i + 1);
      points.y.push(losses[i]);
    }
  }
  return points;
}
