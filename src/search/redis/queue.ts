import { setTimeout } from 'node:timers/promises';
import type { Queue, QueueEvents } from 'bullmq';
import { loadQueues } from '../peers.js';
import { type Connection, connectRedis } from './connect.js';
import type { CheckedRedis } from './options.js';
import type { Task } from './tasks.js';

/**
 * How often a job is started, if its process dies, and if its worker does: that is the machine's fault more often than
 * the trial's.
 */
export const ATTEMPTS = { process: 2, worker: 10 };

/** Milliseconds that a server gets for what is under way at the end. */
const CLOSING = 5000;

/** The search's end of a queue: what gives jobs, and hears of them. */
export interface SearchQueue {
  readonly connection: Connection;
  readonly jobs: Queue<Task>;
  readonly events: QueueEvents;
}

/** @throws {Error} if bullmq or ioredis are missing, there is no Redis, or it refuses. */
export async function openQueue(fn: string, { url, queue }: CheckedRedis): Promise<SearchQueue> {
  const { bullmq } = await loadQueues(fn);
  const connection = await connectRedis(fn, url);
  const { client } = connection;
  const jobs = new bullmq.Queue<Task>(queue, { connection: client });
  const events = new bullmq.QueueEvents(queue, { connection: client });
  // A server that is away comes back: the clients connect again and send what waits.
  jobs.on('error', () => {});
  events.on('error', () => {});
  await Promise.all([jobs.waitUntilReady(), events.waitUntilReady()]);
  return { connection, jobs, events };
}

/** Waits for what is under way, unless the server is away. */
export async function closeQueue({ connection, jobs, events }: SearchQueue): Promise<void> {
  await closed(connection, () => Promise.all([jobs.close(), events.close()]));
}

/** Ends a connection after `close`, for which a server that is there gets a few seconds. */
export async function closed(connection: Connection, close: () => Promise<unknown>): Promise<void> {
  const { status } = connection.client;
  const closing = close().catch(() => {}); // what fails now is over anyway
  if (status === 'ready') await Promise.race([closing, setTimeout(CLOSING, null, { ref: false })]);
  connection.end();
}

/**
 * The name by which Redis, and so the search, knows the connection of a worker.
 *
 * @param slots - How many trials it runs at a time.
 */
export function workerName(slots: number): string {
  return `layerwise-${slots}-${process.pid}`;
}

/** How many trials the workers that are connected run at a time. */
export async function countSlots({ jobs }: SearchQueue): Promise<number> {
  const workers = await jobs.getWorkers();
  const counts = workers.map(({ rawname = '' }) => Number(/:w:layerwise-(\d+)-\d+$/.exec(rawname)?.[1] ?? 0));
  return counts.reduce((sum, count) => sum + count, 0);
}
