import { availableParallelism } from 'node:os';

/** The threads that trials may use together where nobody says: `LAYERWISE_THREADS`, or as many as there are cores. */
export function allThreads(): number {
  return Number(process.env.LAYERWISE_THREADS) || availableParallelism();
}

/** The threads of each of several processes that share them: at least one. */
export function shareOf(threads: number, processes: number): number {
  return Math.max(1, Math.floor(threads / processes));
}
