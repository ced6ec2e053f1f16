import { builtin } from '../../node.js';
import { relaxed } from './binaries.generated.js';
import type { Memory } from './memory.js';
import { plainSimd } from './plain-simd.js';
import { WORKERS } from './protocol.js';
import { unpack } from './unpack.js';

/** What the module exports; `run`'s arguments lie in memory, see protocol.ts. */
export interface Exports {
  /**
   * Runs a kernel's work items on this thread and the workers, `wide` 1 for float64. Returns how many workers trapped.
   */
  run(kernel: number, wide: 0 | 1, items: number): number;
  /** Ends a job that a trap on this thread broke off, once no worker is at it any more. */
  recover(): void;
  /** Ends the workers' generation and waits until all have left. */
  dismiss(): void;
  /** For a thread that may not sleep: it spins where it waits for workers. */
  neverSleep(): void;
}

/** The compiled kernels. */
export interface Compiled {
  readonly module: WebAssembly.Module;
  readonly simd: 'relaxed' | 'plain';
  readonly turbo: boolean;
}

/**
 * Compiles the best build that this engine runs.
 *
 * @param shared - Whether the memory is shared; a module names the kind that it imports.
 * @param turbo - Whether V8 should pair 128-bit operations into 256-bit ones, where it can.
 * @param simd - The build; `'relaxed'`, the default, gives way to `'plain'` where the engine does not have it.
 * @returns null where there is no WebAssembly SIMD.
 */
export function compile(shared: boolean, turbo: boolean, simd: 'relaxed' | 'plain' = 'relaxed'): Compiled | null {
  const turned = setTurbo(turbo);
  if (!supportsRelaxed()) simd = 'plain';
  const bytes = decode(shared, simd);
  if (!WebAssembly.validate(bytes)) return null;
  return { module: new WebAssembly.Module(distinct(bytes, turned)), simd, turbo: turned };
}

/** An instance on this thread. */
export function instantiate({ module }: Compiled, memory: Memory): Exports {
  const exports = new WebAssembly.Instance(module, { env: { memory: memory.raw } }).exports as unknown as Exports;
  if (memory.shared && !maySleep(memory)) exports.neverSleep();
  return exports;
}

/** Whether this thread may wait for others: a page's main thread may not, nor may a service worker. */
function maySleep(memory: Memory): boolean {
  try {
    // It is 0 or more, so this does not wait.
    Atomics.wait(memory.integers(WORKERS, 1), 0, -1, 0);
    return true;
  } catch {
    return false;
  }
}

function decode(shared: boolean, simd: 'relaxed' | 'plain'): Uint8Array<ArrayBuffer> {
  const text = atob(relaxed.base64);
  const packed = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
  const bytes = unpack(packed);
  // The limits of an imported memory: 3 is shared with a maximum, 1 has a maximum only.
  if (!shared) bytes[relaxed.memoryFlag] = 1;
  return simd === 'relaxed' ? bytes : plainSimd(bytes);
}

/**
 * V8 keeps compiled code by the module's bytes, whatever the flags were. An empty custom section, which means nothing,
 * keeps the two apart.
 */
function distinct(bytes: Uint8Array<ArrayBuffer>, turbo: boolean): Uint8Array<ArrayBuffer> {
  if (!turbo) return bytes;
  const name = new TextEncoder().encode('turbo');
  const section = [0, name.length + 1, name.length, ...name];
  const longer = new Uint8Array(bytes.length + section.length);
  longer.set(bytes);
  longer.set(section, bytes.length);
  return longer;
}

/** A module of one function that multiplies and adds two vectors with relaxed SIMD. */
const RELAXED_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 17, 65, 0, 253, 17, 65,
  0, 253, 17, 253, 133, 2, 11,
]);

/** Whether relaxed SIMD validates; Node 20 has it behind a flag that works until the first compilation. */
function supportsRelaxed(): boolean {
  if (WebAssembly.validate(RELAXED_PROBE)) return true;
  // Newer versions have no such flag and would complain on stderr.
  if (nodeMajor() !== 20) return false;
  builtin('node:v8')?.setFlagsFromString('--experimental-wasm-relaxed-simd');
  return WebAssembly.validate(RELAXED_PROBE);
}

let isTurboSet = false;

/**
 * Sets the flag where the engine has it, or clears it where it was set here, and returns whether turbo is on. A program
 * that does not ask for turbo keeps its flags: a version without this one would complain on stderr.
 *
 * The flag holds for the process. V8 reads it when a function becomes hot, so it stays set, and other modules get the
 * pass too.
 */
function setTurbo(turbo: boolean): boolean {
  if (!turboAvailable()) return false;
  if (turbo !== isTurboSet) {
    builtin('node:v8')?.setFlagsFromString(`--${turbo ? '' : 'no-'}experimental-wasm-revectorize`);
  }
  isTurboSet = turbo;
  return turbo;
}

/** Whether V8 has the pass that turbo switches on: from Node 24 on. */
export function turboAvailable(): boolean {
  return nodeMajor() >= 24 && builtin('node:v8') !== null;
}

function nodeMajor(): number {
  return typeof process === 'object' ? Number.parseInt(process.versions?.node ?? '0', 10) : 0;
}
