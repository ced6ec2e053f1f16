import { type Measurement, measure, peakMemory, workloads } from '../src/workloads/index.js';
import type { Torch } from './torch.js';

/** A workload here and in PyTorch. */
export interface Comparison {
  readonly workload: string;
  /** Fastest step, milliseconds. */
  readonly ours: number;
  readonly theirs: number;
  /** ours / theirs. */
  readonly ratio: number;
  /** The least and the largest ratio of the fastest steps of one round. */
  readonly spread: readonly [number, number];
  /** Peak memory of a step in bytes; for PyTorch, of its allocator. */
  readonly memory: number;
  readonly theirMemory: number;
}

/** Runs a workload here and in PyTorch by turns, so that both see the same load of the machine. */
export async function compare(workload: string, torch: Torch, rounds: number, seconds: number): Promise<Comparison> {
  const step = workloads[workload]();
  const [ours, theirs]: [Measurement[], Measurement[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    ours.push(measure(workload, step, seconds));
    theirs.push(await torch.measure(workload, seconds));
  }
  const ratios = ours.map(({ min }, round) => min / theirs[round].min);
  const [least, theirLeast] = [ours, theirs].map((times) => Math.min(...times.map(({ min }) => min)));
  return {
    workload,
    ours: least,
    theirs: theirLeast,
    ratio: least / theirLeast,
    spread: [Math.min(...ratios), Math.max(...ratios)],
    memory: peakMemory(workload),
    theirMemory: (await torch.memory(workload)).peak,
  };
}
