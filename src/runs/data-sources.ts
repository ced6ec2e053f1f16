// Which data a path or a name means: recognized by the names of the files.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { argumentError } from '../arrays/index.js';
import { nearest } from '../terminal/index.js';
import { type Surroundings, shownPath } from './places.js';
import type { DataKind } from './types.js';

/** Which data a path or a name means. */
export interface FoundData {
  readonly kind: DataKind;
  /** An absolute path; null of data that are drawn. */
  readonly path: string | null;
}

/** A data set that has a name. */
interface NamedData {
  readonly kind: DataKind;
  /** The environment variable that names its folder. */
  readonly variable: string;
  /** Where it usually is, below the current folder. */
  readonly places: readonly string[];
  /** How to get it. */
  readonly wayOut: string;
}

/** Where `layerwise data download` puts CIFAR-10. */
export const USUAL_PLACE = join('data', 'cifar-10-batches-bin');

const NAMED: readonly NamedData[] = [
  {
    ...{ kind: 'cifar10', variable: 'CIFAR10_DIR', places: [USUAL_PLACE] },
    wayOut: '`layerwise data download` gets it; --data synthetic trains on drawn pictures instead',
  },
  {
    ...{ kind: 'cifar100', variable: 'CIFAR100_DIR', places: [join('data', 'cifar-100-binary')] },
    wayOut: 'get the binary version from https://www.cs.toronto.edu/~kriz/cifar.html',
  },
  {
    ...{ kind: 'mnist', variable: 'MNIST_DIR', places: [join('data', 'mnist'), join('data', 'MNIST')] },
    wayOut: 'get it from https://ossci-datasets.s3.amazonaws.com/mnist/',
  },
  {
    ...{ kind: 'fashion-mnist', variable: 'FASHION_MNIST_DIR' },
    places: [join('data', 'fashion-mnist'), join('data', 'FashionMNIST')],
    wayOut: 'get it from https://github.com/zalandoresearch/fashion-mnist',
  },
];

/** The kinds of data, as `data.kind` has them. */
export const DATA_KINDS: readonly DataKind[] = ['synthetic', ...NAMED.map(({ kind }) => kind), 'folder', 'csv'];

/** The names that `--data` takes in the place of a path. */
export const DATA_NAMES: readonly string[] = ['synthetic', ...NAMED.map(({ kind }) => kind)];

/**
 * The data of `--data`: a name, or a path whose kind is recognized by what it holds. Without it CIFAR-10 where it is
 * found, by `CIFAR10_DIR` or in data/, else the synthetic pictures.
 *
 * @param kind - The kind, where it is given: the path is not looked into then.
 * @throws {Error} if there are no such data, or a path holds none that is known; it lists what was looked for.
 */
export function findData(fn: string, data: string | undefined, { cwd, env }: Surroundings, kind?: DataKind): FoundData {
  if (data !== undefined && kind !== undefined && data !== kind && DATA_NAMES.includes(data)) {
    const [arg, found] = [`--data ${data}`, `is given with data.kind=${kind}`];
    throw argumentError(RangeError, { fn, arg, found, expected: 'one of the two, or a path' });
  }
  if ((data ?? kind) === 'synthetic') return { kind: 'synthetic', path: null };
  if (data === undefined && (kind === undefined || kind === 'cifar10')) {
    const [cifar10] = NAMED;
    const found = placeOf(fn, cifar10, { cwd, env });
    if (found === null && kind !== undefined) throw notFound(fn, `data.kind=${kind}`, cifar10, cwd);
    return found === null ? { kind: 'synthetic', path: null } : { kind: 'cifar10', path: found };
  }
  const named = NAMED.find((one) => one.kind === (data ?? kind));
  if (named !== undefined) {
    const path = placeOf(fn, named, { cwd, env });
    if (path === null) throw notFound(fn, data === undefined ? `data.kind ${kind}` : `--data ${data}`, named, cwd);
    return { kind: named.kind, path };
  }
  if (data === undefined) {
    throw argumentError(Error, { fn, arg: `data.kind ${kind}`, found: 'is given', expected: '--data with its path' });
  }
  const path = resolve(cwd, data);
  if (!existsSync(path)) throw noPath(fn, data);
  return { kind: kind ?? kindOf(fn, data, path), path };
}

/** The folder of data that have a name, or null. @throws {Error} if the variable names one that is not there. */
function placeOf(fn: string, { variable, places, wayOut }: NamedData, { cwd, env }: Surroundings): string | null {
  const named = env[variable];
  if (!named) return places.map((place) => resolve(cwd, place)).find((place) => existsSync(place)) ?? null;
  const path = resolve(cwd, named);
  if (existsSync(path)) return path;
  throw argumentError(Error, { fn, arg: `${variable}:`, found: `there is no folder ${named}`, wayOut });
}

function notFound(fn: string, arg: string, { kind, variable, places, wayOut }: NamedData, cwd: string): Error {
  const tried = [variable, ...places.map((place) => shownPath(resolve(cwd, place), cwd))].join(', ');
  return argumentError(Error, { fn, arg, found: `: there is no ${kind} (looked for ${tried})`, wayOut });
}

function noPath(fn: string, data: string): Error {
  const like = nearest(data, DATA_NAMES);
  const expected = `a path or one of ${DATA_NAMES.join(', ')}`;
  const wayOut = like === undefined ? undefined : `did you mean ${like}?`;
  return argumentError(Error, {
    fn,
    arg: `--data ${data}`,
    found: ': there is no such file or folder',
    expected,
    wayOut,
  });
}

const IDX = /^(train|t10k)-images[-.]idx3-ubyte(\.gz)?$/;
const PICTURE = /\.(png|jpe?g)$/i;

/** The kind of data that a path holds. */
function kindOf(fn: string, data: string, path: string): DataKind {
  const arg = `--data ${data}`;
  if (!statSync(path).isDirectory()) {
    if (/\.(csv|tsv)$/i.test(path)) return 'csv';
    const expected = 'a folder, or a file that ends in .csv';
    throw argumentError(Error, {
      fn,
      arg,
      found: 'is a file',
      expected,
      wayOut: '--set data.kind=csv reads it as CSV',
    });
  }
  const holds = (folder: string, test: (name: string) => boolean): boolean => namesIn(join(path, folder)).some(test);
  const isCifar10 = (name: string): boolean => /^(data_batch_[1-5]|test_batch)\.bin$/.test(name);
  const isCifar100 = (name: string): boolean => name === 'train.bin' || name === 'test.bin';
  const isIdx = (name: string): boolean => IDX.test(name);
  const found: DataKind[] = [];
  if (holds('', isCifar10) || holds('cifar-10-batches-bin', isCifar10)) found.push('cifar10');
  if (holds('', isCifar100) || holds('cifar-100-binary', isCifar100)) found.push('cifar100');
  if (holds('FashionMNIST/raw', isIdx)) found.push('fashion-mnist');
  if (holds('MNIST/raw', isIdx)) found.push('mnist');
  if (holds('', isIdx) || holds('raw', isIdx)) found.push(/fashion/i.test(path) ? 'fashion-mnist' : 'mnist');
  if (found.length === 0 && hasPictures(path)) found.push('folder');
  if (found.length === 1) return found[0];
  if (found.length > 1) {
    const wayOut = found.map((kind) => `--set data.kind=${kind}`).join(' or ');
    throw argumentError(Error, { fn, arg, found: `holds ${found.join(' and ')}`, expected: 'one of them', wayOut });
  }
  const looked = [
    ...['CIFAR-10 (data_batch_1.bin)', 'CIFAR-100 (train.bin)', 'MNIST (train-images-idx3-ubyte)'],
    'pictures in a folder for each class (cat/1.png)',
  ];
  const hint = namesIn(path).find((name) => /\.csv$/i.test(name));
  const wayOut = hint === undefined ? undefined : `--data ${join(data, hint)} trains on that table`;
  throw argumentError(Error, { fn, arg, found: ': there are no data in it', expected: looked.join(', or '), wayOut });
}

/** The names in a folder; none where there is no folder. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Whether there is a picture in a folder of the folder, or one level further down, as in `train/cat/1.png`. */
function hasPictures(path: string, depth = 2): boolean {
  return namesIn(path).some((name) => {
    if (name.startsWith('.')) return false;
    const below = join(path, name);
    return namesIn(below).some((inside) => PICTURE.test(inside)) || (depth > 1 && hasPictures(below, depth - 1));
  });
}
