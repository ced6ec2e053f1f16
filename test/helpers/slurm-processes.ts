import { readdirSync, readFileSync } from 'node:fs';

/** A process of this machine, as Linux tells of it. */
interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The processes of this machine that can be looked into. One that has ended and is only waited for is none. */
export function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(Number(name)) ?? []);
}

/** Whether a process belongs to the cluster of a configuration: all its programs have that in their environment. */
export function isOurs({ env }: Process, configuration: string): boolean {
  return env.SLURM_CONF === configuration;
}

/** Kills a process, unless it has ended. */
export function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function processOf(pid: number): Process | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return null;
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const env = Object.fromEntries(variables.map((one) => [one.split('=', 1)[0], one.slice(one.indexOf('=') + 1)]));
    return { pid, parent: Number(parent), args, env };
  } catch {
    return null;
  }
}
