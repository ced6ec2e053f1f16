import { builtin } from '../../node.js';

/** What a program keeps for everything else, such as its JavaScript heap, in bytes. */
const SPARE = 400 * 2 ** 20;

/**
 * What a worker thread of Node reserves, in bytes: 590 to 840 MB on Node 20, and V8 ends the process where it cannot.
 */
const THREAD = 2 ** 30;

/**
 * V8 surrounds each WebAssembly memory with addresses that trap: 10 GB in all, however little the memory may grow to.
 */
const GUARDED = 10 * 2 ** 30;

/**
 * How many bytes of address space this process may still take: what `ulimit -v` leaves on Linux, elsewhere no limit.
 */
function addressSpaceLeft(): number {
  // Deno would ask its user whether these files may be read.
  if (typeof process !== 'object' || process.platform !== 'linux' || 'deno' in process.versions) return Infinity;
  try {
    const read = (name: string): string => builtin('node:fs')?.readFileSync(`/proc/self/${name}`, 'utf8') ?? '';
    const limit = /^Max address space +(\d+)/m.exec(read('limits'));
    const taken = /^VmSize:\s+(\d+) kB/m.exec(read('status'));
    return limit === null || taken === null ? Infinity : Number(limit[1]) - Number(taken[1]) * 1024;
  } catch {
    return Infinity;
  }
}

/** For how many more worker threads there is address space. */
export function roomForThreads(): number {
  return Math.max(0, Math.floor((addressSpaceLeft() - SPARE) / THREAD));
}

/**
 * The most bytes that a WebAssembly memory may be reserved with.
 *
 * @param least - What it needs.
 * @throws {Error} if there is no room for that.
 */
export function roomForMemory(least: number): number {
  const left = addressSpaceLeft();
  if (left === Infinity) return left;
  const room = left - SPARE;
  if (room >= (isGuarded() ? GUARDED : least)) return room;
  const wayOut = isGuarded() ? ', V8 takes 10 GB for it, and less with node --disable-wasm-trap-handler' : '';
  throw new Error(`ulimit -v leaves ${(Math.max(0, left) / 2 ** 30).toFixed(1)} GB of address space${wayOut}`);
}

/**
 * Whether memories are guarded where address space is limited: Node 24 leaves that by itself, earlier ones when told
 * to.
 */
function isGuarded(): boolean {
  const options = [...process.execArgv, process.env.NODE_OPTIONS].join(' ');
  return Number.parseInt(process.versions.node, 10) < 24 && !options.includes('--disable-wasm-trap-handler');
}
