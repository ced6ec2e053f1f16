import { checkFlag, checkOptions, describe } from '../arrays/index.js';
import { builtin } from '../node.js';
import { MAX_THREADS } from './wasm/protocol.js';

/** Which kernels run, and how. */
export interface KernelSettings {
  /** `'wasm'` (default) or `'reference'`, the plain TypeScript ones. Environment: `LAYERWISE_KERNELS`. */
  kernels: 'wasm' | 'reference';
  /**
   * Threads, the calling one included, 1 to 64. Results do not depend on them. Default: the cores there are, in
   * browsers as many as `navigator.hardwareConcurrency` says. Environment: `LAYERWISE_THREADS`.
   */
  threads: number;
  /**
   * Lets V8 pair 128-bit operations into 256-bit ones, an experimental pass of Node 24 and later: matrix products are
   * 1.4 times as fast. It is a flag of the whole process, so V8 compiles other WebAssembly by it too. The kernels are
   * compared with the reference first, which takes half a second. Default false. Environment: `LAYERWISE_TURBO=1`.
   */
  turbo: boolean;
  /**
   * Computes convolutions by the products that define them alone. By default those of float32 at stride 1 may go by
   * Winograd's method, 2 to 3 times faster with filters of 3 × 3, 5 times with 5 × 5: its error is about 1e-5 of the
   * largest output where that of the products is 1e-6, and a NaN or an infinity in an image reaches outputs whose
   * windows end up to 7 pixels from it. float64 is always exact in this sense. Default false. Environment:
   * `LAYERWISE_EXACT=1`.
   */
  exact: boolean;
  /**
   * Where a page has the package's `dist/layerwise-worker.js`, as `new Worker` takes it: threads start from there in
   * browsers, and from nothing else. Default null: from a Blob, and where the page's policy forbids that from this
   * file beside the library's. Such a policy reports the Blob, and nothing where this names the file. Node does not use
   * it.
   */
  workerUrl: string | URL | null;
}

/** The settings that the environment asks for. @throws {RangeError} naming a variable and what it allows. */
export function environmentSettings(): KernelSettings {
  const [kernels, threads, turbo, exact] = ['KERNELS', 'THREADS', 'TURBO', 'EXACT'].map(variable);
  return {
    kernels: kernels ? checkKernels('LAYERWISE_KERNELS', kernels) : 'wasm',
    threads: threads ? checkThreads('LAYERWISE_THREADS', /^\d+$/.test(threads) ? Number(threads) : threads) : cores(),
    turbo: turbo ? checkSwitch('LAYERWISE_TURBO', turbo) : false,
    exact: exact ? checkSwitch('LAYERWISE_EXACT', exact) : false,
    workerUrl: null,
  };
}

/**
 * What a variable says; nothing where there are none, or where they may not be read, as in Deno without --allow-env.
 */
function variable(name: string): string | undefined {
  try {
    return typeof process === 'object' ? process.env?.[`LAYERWISE_${name}`] : undefined;
  } catch {
    return undefined;
  }
}

/** `given` over `base`. @throws {TypeError | RangeError} if an option is unknown or out of range. */
export function mergeSettings(base: KernelSettings, given: Partial<KernelSettings>): KernelSettings {
  checkOptions('configureKernels', given, Object.keys(base));
  const { kernels = base.kernels, threads = base.threads, turbo = base.turbo, exact = base.exact } = given;
  const { workerUrl = base.workerUrl } = given;
  checkFlag('configureKernels', 'turbo', turbo);
  checkFlag('configureKernels', 'exact', exact);
  return {
    kernels: checkKernels('configureKernels: kernels', kernels),
    threads: checkThreads('configureKernels: threads', threads),
    turbo,
    exact,
    workerUrl: checkUrl(workerUrl),
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

function checkUrl(value: unknown): KernelSettings['workerUrl'] {
  if (value === null || (typeof value === 'string' && value !== '')) return value;
  // A URL of any realm, or a trusted one, which a page's own policy makes and the types of `Worker` do not know.
  if (/^\[object (TrustedScript)?URL\]$/.test(Object.prototype.toString.call(value))) return value as URL;
  throw new TypeError(`configureKernels: workerUrl is ${describe(value)}, expected an address, or null for none`);
}

function checkSwitch(name: string, value: string): boolean {
  if (value === '1' || value === '0') return value === '1';
  throw new RangeError(`${name} is ${describe(value)}, expected 0 or 1`);
}

function cores(): number {
  const inBrowser = typeof navigator === 'object' ? navigator.hardwareConcurrency : undefined;
  const available = builtin('node:os')?.availableParallelism() ?? inBrowser ?? 1;
  return Math.min(available, MAX_THREADS);
}
