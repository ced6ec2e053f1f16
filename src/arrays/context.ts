import { heap, type Storage } from './storage.js';

/** What applies to everything that is computed now. */
interface Context {
  /** Where new arrays are made. */
  readonly storage: Storage;
  /** Whether operations on tensors are recorded for a backward pass. */
  readonly recording: boolean;
}

let current: Context = { storage: heap, recording: true };

/** Runs `fn` in another context. The one before it is back afterwards, also when `fn` throws. */
function within<R>(context: Context, fn: () => R): R {
  const before = current;
  current = context;
  try {
    return fn();
  } finally {
    current = before;
  }
}

/** The storage that arrays are made on now. */
export function currentStorage(): Storage {
  return current.storage;
}

/** Runs `fn` while new arrays are made on `storage`. */
export function withStorage<R>(storage: Storage, fn: () => R): R {
  return within({ storage, recording: current.recording }, fn);
}

/** Whether operations are being recorded. */
export function isRecording(): boolean {
  return current.recording;
}

/** Runs `fn` without recording operations. */
export function withoutRecording<R>(fn: () => R): R {
  return within({ storage: current.storage, recording: false }, fn);
}
