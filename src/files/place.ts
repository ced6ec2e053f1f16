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

/** When a process was started, in ticks since the machine was; null where that is not known, or it has ended. */
export function startOf(fn: string, pid: number): number | null {
  try {
    const stat = requireBuiltin(fn, 'node:fs').readFileSync(`/proc/${pid}/stat`, 'utf8');
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
