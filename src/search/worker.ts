// The program of a process that runs trials for another one.

import { runJob } from './job.js';
import type { Answer, Request } from './protocol.js';

const parent = process.ppid;

function say(answer: Answer): void {
  process.send?.(answer);
}

async function work({ folder, trial, job, threads }: Request): Promise<void> {
  const hears = (epoch: number, metrics: Readonly<Record<string, number>>): void => {
    // A trial that trains without a pause is not told that the search has ended.
    if (process.ppid !== parent) process.exit(1);
    say({ kind: 'report', epoch, metrics });
  };
  try {
    await runJob(folder, trial, job, { threads, hears });
    say({ kind: 'done' });
  } catch (error) {
    say({ kind: 'failed', message: (error as Error).message });
  }
}

process.on('message', (request) => void work(request as Request));
process.on('disconnect', () => process.exit(1));
// Of a terminal, for the whole group: the search ends its processes itself.
process.on('SIGINT', () => {});
