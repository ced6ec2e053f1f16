// The packages that encode pictures and decode JPEG are optional peers: the call that needs one loads it.

import { requireBuiltin } from '../node.js';

export type FastPng = typeof import('fast-png');

/** A picture as MozJPEG returns it: red, green, blue and opacity side by side. */
export interface Rgba {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/** MozJPEG's decoder, compiled to WebAssembly. */
export interface JpegDecoder {
  decode(bytes: Uint8Array, preserveOrientation: boolean): Rgba | null;
  readonly HEAPU8: Uint8Array;
}

/** MozJPEG's encoder, compiled to WebAssembly. */
export interface JpegEncoder {
  /** A view of the bytes in the encoder's memory. */
  encode(rgba: Uint8Array, width: number, height: number, options: object): Uint8Array;
}

/**
 * What encodes PNG.
 *
 * @throws {Error} naming `fn` and the command that installs what is missing, or where there is no Node.
 */
export function pngEncoder(fn: string): FastPng {
  const name = 'fast-png';
  return loaded(name, () => found(fn, name, 'PNG needs', (load) => load(name) as FastPng));
}

/**
 * A new decoder of JPEG.
 *
 * @param onError - Takes each line that the decoder writes to tell what is wrong.
 * @throws {Error} naming `fn` and the command that installs what is missing, or where there is no Node.
 */
export function newJpegDecoder(fn: string, onError: (line: string) => void): JpegDecoder {
  return instance(fn, mozjpeg(fn, 'dec'), onError) as JpegDecoder;
}

/** A new encoder of JPEG. @throws {Error} as {@link newJpegDecoder}. */
export function newJpegEncoder(fn: string): JpegEncoder {
  return instance(fn, mozjpeg(fn, 'enc'), () => {}) as JpegEncoder;
}

/** A part of the package @jsquash/jpeg: the function that Emscripten wrote, and the module that it starts. */
interface Mozjpeg {
  readonly start: (options: object) => unknown;
  readonly module: WebAssembly.Module;
}

function mozjpeg(fn: string, part: 'dec' | 'enc'): Mozjpeg {
  const file = `@jsquash/jpeg/codec/${part}/mozjpeg_${part}`;
  return loaded(file, () =>
    found(fn, '@jsquash/jpeg', 'JPEG needs', (load) => ({
      start: (load(`${file}.js`) as { default: Mozjpeg['start'] }).default,
      module: new WebAssembly.Module(requireBuiltin(fn, 'node:fs').readFileSync(load.resolve(`${file}.wasm`))),
    })),
  );
}

/**
 * Starts a program that Emscripten compiled.
 *
 * The package itself starts it asynchronously. Given an instance at once, it is ready at once.
 *
 * @throws {Error} if there is no memory for it.
 */
function instance(fn: string, { start, module }: Mozjpeg, onError: (line: string) => void): unknown {
  let problem: unknown;
  const program: object = {
    noInitialRun: true,
    print: onError,
    printErr: onError,
    // The library's way to report an error is to end the program.
    quit: () => {
      throw new Error('the decoder ended');
    },
    instantiateWasm: (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => {
      try {
        const made = new WebAssembly.Instance(module, imports);
        done(made);
        return made.exports;
      } catch (error) {
        problem = error;
        throw error;
      }
    },
  };
  // Its promise is of no use, and rejected where there is an error.
  const started = withImageData(() => start(program)) as Promise<unknown> | undefined;
  started?.catch?.(() => {});
  if (problem === undefined) return program;
  const wayOut = 'where ulimit -v is set, V8 needs 10 GB for it, and less with node --disable-wasm-trap-handler';
  throw new Error(`${fn}: JPEG cannot be read or written (${(problem as Error).message}); ${wayOut}`, {
    cause: problem,
  });
}

/** A browser's class of pixels, which the programs ask for by its name. */
class ImageDataLike {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;

  constructor(data: Uint8ClampedArray, width: number, height: number) {
    this.data = data;
    this.width = width;
    this.height = height;
  }
}

/** Runs `work` with a global `ImageData`, without which Node is: others take it for a sign of a browser. */
export function withImageData<Result>(work: () => Result): Result {
  if ('ImageData' in globalThis) return work();
  Object.assign(globalThis, { ImageData: ImageDataLike });
  try {
    return work();
  } finally {
    Reflect.deleteProperty(globalThis, 'ImageData');
  }
}

const packages = new Map<string, unknown>();

function loaded<Package>(name: string, load: () => Package): Package {
  if (!packages.has(name)) packages.set(name, load());
  return packages.get(name) as Package;
}

/**
 * A package, loaded synchronously: datasets return an example, not a promise of one.
 *
 * `require` is made at call time, so that bundlers leave it alone, and the package is searched for where the library is
 * and from the current folder: a bundle, or a worker made from a string, has no place of its own.
 */
function found<Package>(fn: string, name: string, need: string, read: (load: NodeJS.Require) => Package): Package {
  const { createRequire } = requireBuiltin(fn, 'node:module');
  const path = requireBuiltin(fn, 'node:path');
  const places = [typeof __filename === 'string' ? __filename : '', path.resolve('index.js')].filter(path.isAbsolute);
  const errors: unknown[] = [];
  for (const place of places) {
    try {
      return read(createRequire(place));
    } catch (error) {
      errors.push(error);
    }
  }
  const broken = errors.find((error) => (error as { code?: unknown } | null)?.code !== 'MODULE_NOT_FOUND');
  const reason = broken && ` (${name} did not load: ${String((broken as Error)?.message).split('\n')[0]})`;
  const cause = broken ?? errors[0];
  throw new Error(`${fn}: ${need} the package ${name}: npm install ${name}${reason ?? ''}`, { cause });
}
