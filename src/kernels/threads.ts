import { builtin } from '../node.js';
import { isolationNote } from './isolation.js';
import { roomForThreads } from './wasm/address-space.js';

/** Why less runs than was asked for: a sentence, or what makes it when it is read. */
export type Note = string | (() => string);

export function sentence(note: Note): string {
  return typeof note === 'string' ? note : note();
}

/** Whether threads are Node's, as in Deno and Bun too; elsewhere they are a browser's. */
export function hasNodeThreads(): boolean {
  return builtin('node:worker_threads') !== null;
}

/**
 * How many threads can work on a memory; says why where that is fewer than asked for.
 *
 * @param isShared - Whether threads can share it.
 */
export function usableThreads(asked: number, isShared: boolean, notes: Note[]): number {
  if (asked === 1) return 1;
  const missing = missingForThreads(isShared);
  if (missing !== null) {
    notes.push(missing);
    return 1;
  }
  const usable = Math.min(asked, 1 + roomForThreads());
  if (usable < asked) notes.push(`ulimit -v leaves address space for ${usable} of ${asked} threads.`);
  return usable;
}

/** Why there is one thread; null where there can be more. */
function missingForThreads(isShared: boolean): Note | null {
  if (!hasNodeThreads()) {
    const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
    const inNode = typeof process === 'object' && process.versions?.node !== undefined;
    if (inNode || crossOriginIsolated === undefined) return 'Worker threads need Node 20.16 or later: one thread runs.';
    if (typeof Worker !== 'function') return 'There are no workers here, as in a service worker: one thread runs.';
    if (!crossOriginIsolated) return isolationNote;
  }
  if (isShared) return null;
  const missing = typeof SharedArrayBuffer === 'function' ? 'shared WebAssembly memory' : 'SharedArrayBuffer';
  return `There is no ${missing} here: one thread runs.`;
}
