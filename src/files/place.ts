import { requireBuiltin } from '../node.js';

/**
 * Where process numbers mean the same processes as here: this machine since it was started, and in it this container.
 * Elsewhere than on Linux it is the name of the machine.
 */
export function placeOf(fn: string): string {
  const fs = requireBuiltin(fn, 'node:fs');
  try {
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${fs.readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return requireBuiltin(fn, 'node:os').hostname();
  }
}

/** Whether there is a process with that number. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/**
 * When a process was started, in ticks since the machine was; null where that is not known, or it has ended.
 *
 * @param thread - That of one of its threads.
 */
export function startOf(fn: string, pid: number, thread?: number): number | null {
  try {
    const place = thread === undefined ? `/proc/${pid}` : `/proc/${pid}/task/${thread}`;
    const stat = requireBuiltin(fn, 'node:fs').readFileSync(`${place}/stat`, 'utf8');
    // After the name in parentheses, which may contain anything, the state is the first field, the start the 20th.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : Number(fields[19]);
  } catch {
    return null;
  }
}

/** Whether the process that was started then is gone: another may have got its number, or nobody asks how it ended. */
export function isGone(fn: string, pid: number, start: number | null): boolean {
  return !isRunning(pid) || (start !== null && startOf(fn, pid) !== start);
}

/** A thread of a process: its number and its start, as of {@link startOf}. */
export interface ThreadPlace {
  readonly id: number;
  readonly start: number;
}

/** The worker thread that calls; null for the main thread, which ends with the process, and where it is not known. */
export function callingThread(fn: string): ThreadPlace | null {
  if (requireBuiltin(fn, 'node:worker_threads').isMainThread) return null;
  try {
    const id = Number(requireBuiltin(fn, 'node:fs').readlinkSync('/proc/thread-self').split('/').at(-1));
    const start = startOf(fn, process.pid, id);
    return start === null ? null : { id, start };
  } catch {
    return null;
  }
}

/** Whether a thread has ended, in a process that has not. */
export function isThreadGone(fn: string, pid: number, { id, start }: ThreadPlace): boolean {
  // Of somebody else's process the threads may not be seen.
  return startOf(fn, pid, pid) !== null && startOf(fn, pid, id) !== start;
}
