// The packages that decode and encode pictures are optional peers: the call that needs one loads it.

import { requireBuiltin } from '../node.js';

export type ImageCodec = typeof import('@napi-rs/image');
export type FastPng = typeof import('fast-png');

/**
 * What decodes PNG and JPEG, and encodes JPEG.
 *
 * @throws {Error} naming `fn` and the command that installs what is missing, or where there is no Node.
 */
export function imageCodec(fn: string): ImageCodec {
  return loaded(fn, '@napi-rs/image', 'pictures need') as ImageCodec;
}

/**
 * What encodes PNG.
 *
 * @throws {Error} naming `fn` and the command that installs what is missing, or where there is no Node.
 */
export function pngEncoder(fn: string): FastPng {
  return loaded(fn, 'fast-png', 'PNG needs') as FastPng;
}

const packages = new Map<string, unknown>();

/**
 * A package, loaded synchronously: datasets return an example, not a promise of one.
 *
 * `require` is made at call time, so that bundlers leave it alone, and the package is searched for where the library is
 * and from the current folder: a bundle, or a worker made from a string, has no place of its own.
 */
function loaded(fn: string, name: string, need: string): unknown {
  const known = packages.get(name);
  if (known !== undefined) return known;
  const { createRequire } = requireBuiltin(fn, 'node:module');
  const path = requireBuiltin(fn, 'node:path');
  const places = [typeof __filename === 'string' ? __filename : '', path.resolve('index.js')].filter(path.isAbsolute);
  const errors: unknown[] = [];
  for (const place of places) {
    try {
      const found: unknown = createRequire(place)(name);
      packages.set(name, found);
      return found;
    } catch (error) {
      errors.push(error);
    }
  }
  const broken = errors.find((error) => (error as { code?: unknown } | null)?.code !== 'MODULE_NOT_FOUND');
  const reason = broken && ` (${name} did not load: ${String((broken as Error)?.message).split('\n')[0]})`;
  const cause = broken ?? errors[0];
  throw new Error(`${fn}: ${need} the package ${name}: npm install ${name}${reason ?? ''}`, { cause });
}
