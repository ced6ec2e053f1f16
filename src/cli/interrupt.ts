import { InterruptedError } from './errors.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs work that a signal ends: Ctrl-C, or SIGTERM of the system. The second signal ends the process at once.
 *
 * @param message - Of the error, when a signal has ended the work.
 * @param work - Rejects when its signal is aborted.
 * @throws {InterruptedError} if a signal came before the work was done.
 */
export async function interruptible<Result>(
  message: string,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const handlers = SIGNALS.map((name) => {
    const handler = (): void => controller.abort(new InterruptedError(name, message));
    process.once(name, handler);
    return [name, handler] as const;
  });
  try {
    return await work(controller.signal);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    for (const [name, handler] of handlers) process.off(name, handler);
  }
}
