import type { Command, RunList, Snapshot, Update } from '../protocol.js';

/** Where a server has its runs from. */
export interface Source {
  /** The runs that there are. */
  list(): RunList;
  /** All of one run but its points; null if there is no such run. */
  snapshot(id: string): Snapshot | null;
  /** The points of a run from number `from` on; null if there is no such run. */
  points(id: string, from: number): Uint8Array | null;
  /**
   * Passes a command on; null where runs take none.
   *
   * @throws {HttpError} 409 if the run has ended.
   */
  readonly command: ((id: string, command: Command) => void) | null;
  /** Calls `hear` with each update from now on. @returns What ends that. */
  subscribe(hear: (update: Update) => void): () => void;
}
