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
