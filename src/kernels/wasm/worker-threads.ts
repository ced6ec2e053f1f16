/** The threads that help the calling one with a job. */
export interface WorkerThreads {
  /** How many help, or will once there is a job for them. */
  readonly count: number;
  /** Why some could not start, if that is known. */
  readonly problem: string | null;
  /** Asks for them, before a job that is worth it. */
  start(): void;
  /** Starts them and resolves when they are up, or have been waited for in vain. */
  whenUp(): Promise<void>;
  /** As {@link whenUp}, but blocks, for at most `timeout` ms. Returns how many are up. */
  ready(timeout: number): number;
  /** Sends them home. None works any more when this returns. */
  dismiss(): void;
}

/** Milliseconds in which workers that can start have started, on a busy machine too. */
export const PATIENCE = 5000;

/** Resolves when `isDone` returns true, or after {@link PATIENCE}. */
export async function until(isDone: () => boolean): Promise<void> {
  for (const deadline = performance.now() + PATIENCE; !isDone() && performance.now() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
