import { Bench } from 'tinybench';
import { kernelInfo } from '../src/index.js';

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

/** Times a step for some seconds, after a quarter of that to warm up the optimizing compiler. */
export function measure(workload: string, step: () => void, seconds: number): Measurement {
  const bench = new Bench({ time: seconds * 1000, iterations: 5, warmupTime: seconds * 250, warmupIterations: 3 });
  bench.add(workload, step);
  const [task] = bench.runSync();
  const { result } = task;
  if (result.state !== 'completed') throw new Error(`${workload}: ${result.state}`);
  const { min, p50, samplesCount } = result.latency;
  return { workload, ms: round(p50), min: round(min), n: samplesCount, threads: kernelInfo().threads };
}

/** The fastest time of a function, in milliseconds, of as many runs as fit into `seconds`. */
export function fastest(fn: () => void, seconds: number): number {
  return measure('', fn, seconds).min;
}

export function round(ms: number): number {
  return Number(ms.toPrecision(5));
}
