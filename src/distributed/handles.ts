// What C programs get from mpi.h: MPI's constants have other values in each family of libraries.

import type { Library } from './peers.js';

/** A handle of MPI as koffi passes it. */
export type Handle = number | bigint;

/** The kinds of values that are sent, by the class of their array. */
export type Kind = 'Float32Array' | 'Float64Array' | 'Int32Array' | 'Uint8Array';

/** The constants of a library. */
export interface Handles {
  /** Of handles: `int`, or as wide as an address. */
  readonly type: 'int' | 'intptr_t';
  readonly world: Handle;
  readonly kinds: Readonly<Record<Kind, Handle>>;
  readonly ops: Readonly<Record<'sum' | 'min' | 'max', Handle>>;
  /** `MPI_IN_PLACE`, an address that is none. */
  readonly inPlace: number;
  /** `MPI_THREAD_FUNNELED`: threads of this process may run, of which one calls MPI. */
  readonly funneled: number;
}

/**
 * MPICH, and what keeps to its binary interface: Intel MPI, Cray MPICH, MVAPICH.
 *
 * @see https://www.mpich.org/abi/
 */
const MPICH: Handles = {
  type: 'int',
  world: 0x44000000,
  kinds: { Float32Array: 0x4c00040a, Float64Array: 0x4c00080b, Int32Array: 0x4c000405, Uint8Array: 0x4c000102 },
  ops: { sum: 0x58000003, min: 0x58000002, max: 0x58000001 },
  inPlace: -1,
  funneled: 1,
};

/**
 * The standard binary interface, which a library of any make offers under the name `libmpi_abi`.
 *
 * @see MPI: A Message-Passing Interface Standard, version 5.0, chapter 20 and appendix A.
 */
const STANDARD: Handles = {
  type: 'intptr_t',
  world: 0x101,
  kinds: { Float32Array: 0x210, Float64Array: 0x214, Int32Array: 0x209, Uint8Array: 0x245 },
  ops: { sum: 0x21, min: 0x22, max: 0x23 },
  inPlace: 1,
  funneled: 1024,
};

/** Open MPI, whose handles are the addresses of its objects. */
function openMpi(library: Library): Handles {
  const at = (name: string): Handle => library.symbol(`ompi_mpi_${name}`);
  return {
    type: 'intptr_t',
    world: at('comm_world'),
    kinds: {
      Float32Array: at('float'),
      Float64Array: at('double'),
      Int32Array: at('int'),
      Uint8Array: at('unsigned_char'),
    },
    ops: { sum: at('op_sum'), min: at('op_min'), max: at('op_max') },
    inPlace: 1,
    funneled: 1,
  };
}

/** The constants of a library that was loaded as `file`. */
export function handlesOf(library: Library, file: string): Handles {
  if (/mpi_abi\b[^/\\]*$/.test(file)) return STANDARD;
  return has(library, 'ompi_mpi_comm_world') ? openMpi(library) : MPICH;
}

function has(library: Library, symbol: string): boolean {
  try {
    library.symbol(symbol);
    return true;
  } catch {
    return false;
  }
}
