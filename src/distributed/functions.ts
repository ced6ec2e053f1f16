// MPI's functions, as koffi calls them. Arrays are passed by their address: nothing is copied.

import type { Handle, Handles } from './handles.js';
import type { Library } from './peers.js';

/** An array, whose memory is passed. */
type Memory = NodeJS.TypedArray;

/**
 * The functions that are used. Each returns an error code, which is always 0: MPI ends the job at an error.
 *
 * @see https://www.mpi-forum.org/docs/
 */
export interface Functions {
  readonly initThread: (argc: null, argv: null, required: number, provided: Int32Array) => number;
  readonly libraryVersion: (text: Uint8Array, length: Int32Array) => number;
  readonly rank: (comm: Handle, rank: Int32Array) => number;
  readonly size: (comm: Handle, size: Int32Array) => number;
  readonly allreduce: (from: number, memory: Memory, count: number, kind: Handle, op: Handle, comm: Handle) => number;
  readonly iallreduce: (
    from: number,
    memory: Memory,
    count: number,
    kind: Handle,
    op: Handle,
    comm: Handle,
    request: Memory,
  ) => number;
  readonly test: (request: Memory, isDone: Int32Array, status: Memory) => number;
  readonly bcast: (memory: Memory, count: number, kind: Handle, root: number, comm: Handle) => number;
  readonly allgather: (
    memory: Memory,
    count: number,
    kind: Handle,
    all: Memory,
    each: number,
    allKind: Handle,
    comm: Handle,
  ) => number;
  readonly gatherv: (
    memory: Memory,
    count: number,
    kind: Handle,
    all: Memory | null,
    counts: Int32Array | null,
    places: Int32Array | null,
    allKind: Handle,
    root: number,
    comm: Handle,
  ) => number;
  readonly barrier: (comm: Handle) => number;
  readonly finalize: () => number;
  readonly abort: (comm: Handle, code: number) => number;
}

/** @throws {Error} if the library lacks one: it is none of MPI. */
export function functionsOf(library: Library, { type }: Handles): Functions {
  const bind = (name: string, ...args: string[]) => library.func(`MPI_${name}`, 'int', args);
  const values = ['void *', 'int', type];
  return {
    initThread: bind('Init_thread', 'void *', 'void *', 'int', 'void *'),
    libraryVersion: bind('Get_library_version', 'void *', 'void *'),
    rank: bind('Comm_rank', type, 'void *'),
    size: bind('Comm_size', type, 'void *'),
    allreduce: bind('Allreduce', 'intptr_t', ...values, type, type),
    iallreduce: bind('Iallreduce', 'intptr_t', ...values, type, type, 'void *'),
    test: bind('Test', 'void *', 'void *', 'void *'),
    bcast: bind('Bcast', ...values, 'int', type),
    allgather: bind('Allgather', ...values, ...values, type),
    gatherv: bind('Gatherv', ...values, 'void *', 'void *', 'void *', type, 'int', type),
    barrier: bind('Barrier', type),
    finalize: bind('Finalize'),
    abort: bind('Abort', type, 'int'),
  };
}
