import { Worker } from 'node:worker_threads';

/** Milliseconds between two signs of life. */
const HEARTBEAT = 1000;

const PROGRAM = `
  const { file, text } = require('node:worker_threads').workerData;
  const fs = require('node:fs');
  setInterval(() => {
    try {
      const now = new Date();
      if (fs.readFileSync(file, 'utf8') === text) fs.utimesSync(file, now, now);
    } catch {}
  }, ${HEARTBEAT});
`;

/**
 * Shows signs of life of a lock while a trial keeps the main thread busy, from a thread of its own.
 *
 * @param text - What is in the lock's file, as long as this process has it.
 * @returns To be terminated. It does not keep the process alive.
 */
export function keepAlive(file: string, text: string): Worker {
  const thread = new Worker(PROGRAM, { eval: true, workerData: { file, text }, execArgv: [], env: {} });
  // Where there is no room for a thread, the lock shows signs of life when the trial lets the event loop turn.
  thread.on('error', () => {});
  thread.unref();
  return thread;
}
