import { isolationNote, lookAtHeaders } from './isolation.js';
import { reference } from './reference/index.js';
import { firstDisagreement } from './self-test.js';
import { environmentSettings, type KernelSettings, mergeSettings } from './settings.js';
import { hasNodeThreads, type Note, sentence, usableThreads } from './threads.js';
import type { Kernels } from './types.js';
import { BrowserWorkers } from './wasm/browser-workers.js';
import { bindKernels } from './wasm/kernels.js';
import { Memory } from './wasm/memory.js';
import { type Compiled, compile, instantiate, turboAvailable } from './wasm/module.js';
import { fastestTiles, noTiles } from './wasm/winograd-choice.js';
import type { WorkerThreads } from './wasm/worker-threads.js';
import { Workers } from './wasm/workers.js';

/** What {@link kernelInfo} returns. */
export interface KernelInfo {
  /** Which kernels run. */
  readonly kernels: 'wasm' | 'reference';
  /** The SIMD build in use: with fused multiply-add, or without; null for the reference. */
  readonly simd: 'relaxed' | 'plain' | null;
  /**
   * Threads that large calls are shared among, the calling one included: those that run, or will from the next such
   * call on. In Node they start at the first one and leave after some seconds without; in browsers they start with
   * {@link ready} and stay.
   */
  readonly threads: number;
  /** Whether V8's 256-bit pass is on. */
  readonly turbo: boolean;
  /** Whether Winograd's method is switched off. The reference does not have it. */
  readonly exact: boolean;
  /** WebAssembly memory in bytes: what there is, what arrays occupy, what it can grow to. Null for the reference. */
  readonly memory: { readonly size: number; readonly used: number; readonly maximum: number } | null;
  /** Why less runs than was asked for, a sentence each; empty when nothing is missing. */
  readonly notes: readonly string[];
}

/** The kernels in use and what they run on. */
interface Engine {
  readonly kernels: Kernels;
  readonly compiled: Compiled | null;
  readonly workers: WorkerThreads | null;
  readonly threads: number;
  readonly exact: boolean;
  readonly notes: readonly Note[];
}

let settings: KernelSettings | null = null;
let engine: Engine | null = null;
/** Made once and never replaced: parameters live in it. */
let memory: Memory | null = null;

/** The kernels in use. They are compiled at the first call. */
export function kernels(): Kernels {
  return current().kernels;
}

/** The memory that the kernels work on; null when the reference runs. */
export function engineMemory(): Memory | null {
  return current().compiled === null ? null : memory;
}

/** Starts the worker threads, if they are not running, and waits until they are up or `timeout` ms have passed. */
export function threadsReady(timeout = 5000): number {
  return 1 + (current().workers?.ready(timeout) ?? 0);
}

/**
 * Compiles the kernels and starts the worker threads, and resolves when they are up. Everything after it is
 * synchronous and runs on all of them. In Node threads also start by themselves, with the first job that is worth it;
 * in browsers this is what starts them, on the page or in the worker that calls it, where the page is cross-origin
 * isolated.
 *
 * Call it before training, and again after {@link configureKernels}. Where threads cannot run it resolves too, and the
 * notes say why. A page on localhost that is not isolated is asked for its headers then (a HEAD request to its own
 * address), so that a note names the one that is missing.
 *
 * @returns What runs now, as {@link kernelInfo}.
 *
 * @example
 * const { threads, notes } = await ready();
 * console.log(`${threads} threads`, ...notes);
 */
export async function ready(): Promise<KernelInfo> {
  for (;;) {
    const awaited = current();
    await awaited.workers?.whenUp();
    if (awaited.notes.includes(isolationNote)) await lookAtHeaders();
    // Another configuration may have taken its place in the meantime.
    if (awaited === engine) return kernelInfo();
  }
}

/**
 * Chooses the kernels, the number of threads, turbo and exactness, in place of the environment's choice. Results are
 * the same to the last bit for any number of threads, with turbo or without; those of the reference and of `exact`
 * differ in rounding. Options left out stay as they are. The threads that run end; in browsers others start with
 * {@link ready} alone.
 *
 * @returns What runs now, as {@link kernelInfo}.
 * @throws {TypeError | RangeError} naming an option that is unknown or out of range; nothing has changed then.
 */
export function configureKernels(options: Partial<KernelSettings>): KernelInfo {
  settings = mergeSettings(settings ?? environmentSettings(), options);
  engine?.workers?.dismiss();
  engine = null;
  return kernelInfo();
}

/**
 * What is running: which kernels, on how many threads, in how much memory, and why not more.
 *
 * Where `kernels` and `simd` are the same, the same seed gives the same bits: for any number of threads, inside of a
 * workspace or not, in any module format, on Node 20 to 26, with turbo or without. The bits of relaxed SIMD, plain SIMD
 * and the reference differ, and so do those of a call that falls back to the reference because memory is full.
 */
export function kernelInfo(): KernelInfo {
  const { kernels, compiled, workers, threads: usable, exact, notes } = current();
  const threads = 1 + (workers?.count ?? 0);
  const why = workers?.problem ? ` (${workers.problem})` : '';
  const missing = `Of ${usable - 1} worker threads ${threads - 1} started${why}.`;
  return {
    kernels: kernels.name,
    simd: compiled?.simd ?? null,
    threads,
    turbo: compiled?.turbo ?? false,
    exact,
    memory:
      compiled === null || memory === null ? null : { size: memory.size, used: memory.used, maximum: memory.maximum },
    notes: [...notes.map(sentence), ...(threads < usable ? [missing] : [])],
  };
}

function current(): Engine {
  engine ??= start();
  return engine;
}

function start(): Engine {
  settings ??= environmentSettings();
  const { exact } = settings;
  const onReference = (notes: readonly Note[]): Engine => ({
    kernels: reference,
    compiled: null,
    workers: null,
    threads: 1,
    exact,
    notes,
  });
  if (settings.kernels === 'reference') return onReference([]);

  const notes: Note[] = [];
  if (typeof WebAssembly !== 'object') return onReference(['There is no WebAssembly here: the reference runs.']);
  const before = memory;
  try {
    memory ??= new Memory();
  } catch (error) {
    return onReference([`WebAssembly memory is refused (${(error as Error).message}): the reference runs.`]);
  }
  const turbo = settings.turbo && turboAvailable();
  if (settings.turbo && !turbo) notes.push('Turbo needs Node 24 or later: it is off.');
  let compiled: Compiled | null;
  try {
    compiled = compile(memory.shared, turbo);
    if (compiled === null) notes.push('WebAssembly has no SIMD here: the reference runs.');
  } catch (error) {
    // A page's policy refuses to compile, and so does a process that may not generate code.
    compiled = null;
    notes.push(refusal(error as Error));
  }
  if (compiled === null) {
    memory = before;
    return onReference(notes);
  }

  const threads = usableThreads(settings.threads, memory.shared, notes);
  let made = assemble(memory, compiled, threads, settings);
  if (compiled.turbo) {
    const wrong = firstDisagreement(made.kernels);
    if (wrong !== null) {
      notes.push(`Turbo's ${wrong} disagrees with the reference: it is off.`);
      made.workers.dismiss();
      compiled = compile(memory.shared, false) as Compiled;
      made = assemble(memory, compiled, threads, settings);
    }
  }
  return { ...made, compiled, threads, exact, notes };
}

/** Why the kernels could not be compiled. */
function refusal({ message }: Error): string {
  const policy = /content.security.policy|unsafe-eval|disallowed by embedder/i.test(message);
  const wayOut = policy ? "the policy needs 'wasm-unsafe-eval' in script-src" : message;
  return `WebAssembly is refused (${wayOut}): the reference runs.`;
}

function assemble(
  on: Memory,
  compiled: Compiled,
  threads: number,
  { exact, workerUrl }: KernelSettings,
): { kernels: Kernels; workers: WorkerThreads } {
  const exports = instantiate(compiled, on);
  const workers = hasNodeThreads()
    ? new Workers(on, compiled, exports, threads - 1)
    : new BrowserWorkers(on, compiled, exports, threads - 1, workerUrl);
  return { kernels: bindKernels(on, exports, workers, threads, exact ? noTiles : fastestTiles), workers };
}
