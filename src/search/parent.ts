import { Worker } from 'node:worker_threads';

/** Milliseconds between two looks. */
const PAUSE = 100;

const PROGRAM = `
const { ppid } = process;
setInterval(() => { if (process.ppid !== ppid) process.kill(process.pid, 'SIGKILL'); }, ${PAUSE});
`;

/**
 * Lets this process end when the one that started it is gone, even in the midst of a computation: a thread looks. Else
 * a trial would go on whose worker was killed, beside the process that has taken it over.
 */
export function endWithParent(): void {
  new Worker(PROGRAM, { eval: true, execArgv: [], env: {} }).unref();
}
