import { argumentError, checkPath, describe, typedArrayName } from '../arrays/index.js';
import { readBytes } from '../files/index.js';
import { printed } from './cifar10-files.js';
import { gunzip, gunzipBeginning, TooLongError } from './gunzip.js';

/** What the numbers of an IDX file are held in. */
export type IdxNumbers = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** What {@link readIdx} returns. */
export interface IdxData {
  /** The sizes of the axes. */
  shape: number[];
  /** The numbers in row-major order, in the type that the file names. */
  data: IdxNumbers;
}

/** The types of numbers by their codes: bytes of one, and how they are read, the first byte the highest. */
const TYPES: Readonly<Record<number, { bytes: number; read(view: DataView, length: number): IdxNumbers }>> = {
  8: { bytes: 1, read: ({ buffer, byteOffset }, length) => new Uint8Array(buffer, byteOffset, length).slice() },
  9: { bytes: 1, read: ({ buffer, byteOffset }, length) => new Int8Array(buffer, byteOffset, length).slice() },
  11: { bytes: 2, read: (view, length) => Int16Array.from({ length }, (_, i) => view.getInt16(2 * i)) },
  12: { bytes: 4, read: (view, length) => Int32Array.from({ length }, (_, i) => view.getInt32(4 * i)) },
  13: { bytes: 4, read: (view, length) => Float32Array.from({ length }, (_, i) => view.getFloat32(4 * i)) },
  14: { bytes: 8, read: (view, length) => Float64Array.from({ length }, (_, i) => view.getFloat64(8 * i)) },
};

/** The most bytes that a file, packed or unpacked, may have. */
const MOST_BYTES = 2 ** 31;

/** The most axes, as of an array. */
const MOST_AXES = 32;

const MOST_HEADER = 4 + 4 * MOST_AXES;

/**
 * The numbers of an IDX file, the format of MNIST, packed by gzip or not.
 *
 * The size that the header asks for is compared with that of the file before anything of that size is made.
 *
 * @param file - Path of, say, `train-images-idx3-ubyte.gz`.
 * @throws {Error} if there is no such file, it is no IDX file, is damaged, or has more or fewer numbers than its header
 *   says.
 * @see http://yann.lecun.com/exdb/mnist/, "The IDX file format"
 *
 * @example
 * const { shape, data } = readIdx('data/train-labels-idx1-ubyte.gz'); // [60000], a Uint8Array
 */
export function readIdx(file: string): IdxData {
  checkPath('readIdx', 'file', file);
  return idxOf('readIdx', file);
}

/** What {@link readIdx} does, for a function of another name. */
export function idxOf(fn: string, file: string): IdxData {
  return numbersOf(fn, file, readBytes(fn, file, MOST_BYTES, 'name an IDX file'));
}

/**
 * The numbers of the bytes of an IDX file, packed by gzip or not: {@link readIdx} without a file, as in a browser.
 *
 * @param bytes - The whole file.
 * @throws {TypeError} if it is no Uint8Array.
 * @throws {Error} if the bytes are no IDX file, are damaged, or hold more or fewer numbers than the header says.
 *
 * @example
 * const { shape, data } = decodeIdx(new Uint8Array(await file.arrayBuffer()));
 */
export function decodeIdx(bytes: Uint8Array): IdxData {
  const fn = 'decodeIdx';
  if (typedArrayName(bytes) !== 'Uint8Array') {
    const [found, expected] = [`is ${describe(bytes)}`, 'a Uint8Array'];
    throw argumentError(TypeError, { fn, arg: 'bytes', found, expected });
  }
  return numbersOf(fn, 'bytes', bytes);
}

function numbersOf(fn: string, arg: string, bytes: Uint8Array): IdxData {
  const refuse = (found: string, expected: string, cause?: unknown): Error => {
    const options = cause === undefined ? undefined : { cause };
    return argumentError(Error, { fn, arg, found, expected, wayOut: 'get the file again' }, options);
  };
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const unpack = (how: () => Uint8Array): Uint8Array => {
    try {
      return how();
    } catch (error) {
      if (error instanceof TooLongError) throw error;
      throw refuse(`cannot be unpacked (${(error as Error).message})`, 'a file packed by gzip', error);
    }
  };
  const start = packed ? unpack(() => gunzipBeginning(bytes, MOST_HEADER)) : bytes.subarray(0, MOST_HEADER);
  const type = TYPES[start[2]];
  const axes = start[3];
  if (start.length < 4 || start[0] !== 0 || start[1] !== 0 || type === undefined || axes < 1 || axes > MOST_AXES) {
    throw refuse(bytes.length === 0 ? 'has no bytes' : 'is something else', 'an IDX file');
  }
  const header = 4 + 4 * axes;
  if (start.length < header) throw refuse('ends within its header', `a header of ${header} bytes`);
  const sizes = new DataView(start.buffer, start.byteOffset, start.length);
  const shape = Array.from({ length: axes }, (_, axis) => sizes.getUint32(4 + 4 * axis));
  const length = shape.reduce((a, b) => a * b);
  const expected = header + length * type.bytes;
  const wanted = `${printed(expected)}, for ${shape.join(' × ')} numbers`;
  if (expected > MOST_BYTES) throw refuse(`asks for ${printed(expected)} bytes`, `at most ${printed(MOST_BYTES)}`);
  let content = bytes;
  try {
    if (packed) content = unpack(() => gunzip(bytes, expected));
  } catch (error) {
    throw error instanceof TooLongError ? refuse('has more bytes when it is unpacked', wanted, error) : error;
  }
  if (content.length !== expected) {
    throw refuse(`has ${printed(content.length)} bytes${packed ? ' when it is unpacked' : ''}`, wanted);
  }
  const view = new DataView(content.buffer, content.byteOffset + header, length * type.bytes);
  return { shape, data: type.read(view, length) };
}
