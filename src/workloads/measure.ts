import { kernelInfo } from '../kernels/index.js';

/** Times of the steps of a workload. */
export interface Measurement {
  readonly workload: string;
  /** Median, milliseconds. */
  readonly ms: number;
  /** Fastest, milliseconds. */
  readonly min: number;
  /** Steps that were timed. */
  readonly n: number;
  readonly threads: number;
}

/** The fewest steps that are run to warm up, and that are timed. */
const [FEWEST_WARM, FEWEST] = [3, 5];

/** Times a step for some seconds, after a quarter of that to warm up the optimizing compiler. */
export function measure(workload: string, step: () => void, seconds: number): Measurement {
  timesOf(step, seconds / 4, FEWEST_WARM);
  const times = timesOf(step, seconds, FEWEST).sort((a, b) => a - b);
  const middle = (times.length - 1) / 2;
  const median = (times[Math.floor(middle)] + times[Math.ceil(middle)]) / 2;
  return { workload, ms: round(median), min: round(times[0]), n: times.length, threads: kernelInfo().threads };
}

/** Milliseconds of each step of as many as take so many seconds together, and of at least `fewest`. */
function timesOf(step: () => void, seconds: number, fewest: number): number[] {
  const times: number[] = [];
  for (let total = 0; total < 1000 * seconds || times.length < fewest; ) {
    const begun = performance.now();
    step();
    const time = performance.now() - begun;
    times.push(time);
    total += time;
  }
  return times;
}

/** The fastest time of a function, in milliseconds, of as many runs as fit into `seconds`. */
export function fastest(fn: () => void, seconds: number): number {
  return measure('', fn, seconds).min;
}

/** Five digits of a number. */
export function round(ms: number): number {
  return Number(ms.toPrecision(5));
}
