import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { argumentError } from '../arrays/index.js';
import type { Surroundings } from './places.js';
import type { DataKind } from './types.js';

/** Which data a path or a name means. */
export interface FoundData {
  readonly kind: DataKind;
  /** An absolute path; null of data that are drawn. */
  readonly path: string | null;
}

/** Where CIFAR-10 is put by `layerwise data download`. */
export const USUAL_PLACE = join('data', 'cifar-10-batches-bin');

/** The data of `--data`; without it CIFAR-10 where it is found, else the synthetic pictures. */
export function findData(fn: string, data: string | undefined, { cwd, env }: Surroundings): FoundData {
  if (data === 'synthetic') return { kind: 'synthetic', path: null };
  const named = data ?? env.CIFAR10_DIR ?? USUAL_PLACE;
  const path = resolve(cwd, data === 'cifar10' ? (env.CIFAR10_DIR ?? USUAL_PLACE) : named);
  if (existsSync(path)) return { kind: 'cifar10', path };
  if (data === undefined) return { kind: 'synthetic', path: null };
  throw argumentError(Error, { fn, arg: '--data', found: `is '${data}'`, expected: 'a path or a name of data' });
}
