import { checkFlag, checkOptions, describe } from '../arrays/index.js';
import { builtin } from '../node.js';
import { MAX_THREADS } from './wasm/protocol.js';

/** Which kernels run, and how. */
export interface KernelSettings {
  /** `'wasm'` (default) or `'reference'`, the plain TypeScript ones. Environment: `LAYERWISE_KERNELS`. */
  kernels: 'wasm' | 'reference';
  /** Threads, the calling one included, 1 to 64. Default: the cores there are. Environment: `LAYERWISE_THREADS`. */
  threads: number;
  /**
   * Lets V8 pair 128-bit operations into 256-bit ones, an experimental pass of Node 24 and later; the kernels are tested
   * against the reference before they are used. Default false. Environment: `LAYERWISE_TURBO=1`.
   */
  turbo: boolean;
}

/** The settings that the environment asks for. @throws {RangeError} naming a variable and what it allows. */
export function environmentSettings(): KernelSettings {
  const env = typeof process === 'object' ? (process.env ?? {}) : {};
  const { LAYERWISE_KERNELS: kernels, LAYERWISE_THREADS: threads, LAYERWISE_TURBO: turbo } = env;
  return {
    kernels: kernels ? checkKernels('LAYERWISE_KERNELS', kernels) : 'wasm',
    threads: threads ? checkThreads('LAYERWISE_THREADS', /^\d+$/.test(threads) ? Number(threads) : threads) : cores(),
    turbo: turbo ? checkTurbo(turbo) : false,
  };
}

/** `given` over `base`. @throws {TypeError | RangeError} if an option is unknown or out of range. */
export function mergeSettings(base: KernelSettings, given: Partial<KernelSettings>): KernelSettings {
  checkOptions('configureKernels', given, Object.keys(base));
  const { kernels = base.kernels, threads = base.threads, turbo = base.turbo } = given;
  checkFlag('configureKernels', 'turbo', turbo);
  return {
    kernels: checkKernels('configureKernels: kernels', kernels),
    threads: checkThreads('configureKernels: threads', threads),
    turbo,
  };
}

function checkKernels(what: string, value: unknown): KernelSettings['kernels'] {
  if (value === 'wasm' || value === 'reference') return value;
  throw new RangeError(`${what} is ${describe(value)}, expected 'wasm' or 'reference'`);
}

function checkThreads(what: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_THREADS) return value;
  throw new RangeError(`${what} is ${describe(value)}, expected a whole number from 1 to ${MAX_THREADS}`);
}

function checkTurbo(value: string): boolean {
  if (value === '1' || value === '0') return value === '1';
  throw new RangeError(`LAYERWISE_TURBO is ${describe(value)}, expected 0 or 1`);
}

function cores(): number {
  const available = builtin('node:os')?.availableParallelism() ?? 1;
  return Math.min(available, MAX_THREADS);
}
