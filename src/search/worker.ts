// The program of a process that runs trials for another one.

import { runJob } from './job.js';
import { endWithParent } from './parent.js';
import type { Answer, Request } from './protocol.js';
import type { Metrics } from './types.js';

endWithParent();

function say(answer: Answer): void {
  process.send?.(answer);
}

async function work({ folder, trial, job, threads }: Request): Promise<void> {
  const hears = (epoch: number, metrics: Metrics): void => say({ kind: 'report', epoch, metrics });
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
