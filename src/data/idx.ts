import { argumentError, checkPath } from '../arrays/index.js';
import { readBytes } from '../files/index.js';
import { requireBuiltin } from '../node.js';
import { printed } from './cifar10-files.js';

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
  const bytes = readBytes(fn, file, MOST_BYTES, 'name an IDX file');
  const refuse = (found: string, expected: string, cause?: unknown): Error => {
    const options = cause === undefined ? undefined : { cause };
    return argumentError(Error, { fn, arg: file, found, expected, wayOut: 'get the file again' }, options);
  };
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const start = packed ? beginning(fn, bytes, refuse) : bytes.subarray(0, 4 + 4 * MOST_AXES);
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
  const content = packed ? unpacked(fn, bytes, expected, wanted, refuse) : bytes;
  if (content.length !== expected) {
    throw refuse(`has ${printed(content.length)} bytes${packed ? ' when it is unpacked' : ''}`, wanted);
  }
  const view = new DataView(content.buffer, content.byteOffset + header, length * type.bytes);
  return { shape, data: type.read(view, length) };
}

type Refuse = (found: string, expected: string, cause?: unknown) => Error;

/** The first bytes of what is packed. */
function beginning(fn: string, bytes: Uint8Array, refuse: Refuse): Uint8Array {
  const zlib = requireBuiltin(fn, 'node:zlib');
  try {
    // What 4,096 bytes unpack to, 4 MB at most, without an end.
    return zlib.gunzipSync(bytes.subarray(0, 4096), { finishFlush: zlib.constants.Z_SYNC_FLUSH });
  } catch (error) {
    throw refuse(`cannot be unpacked (${(error as Error).message})`, 'a file packed by gzip', error);
  }
}

function unpacked(fn: string, bytes: Uint8Array, length: number, wanted: string, refuse: Refuse): Uint8Array {
  const zlib = requireBuiltin(fn, 'node:zlib');
  try {
    return zlib.gunzipSync(bytes, { maxOutputLength: length });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw refuse('has more bytes when it is unpacked', wanted, error);
    throw refuse(`cannot be unpacked (${message})`, 'a file packed by gzip', error);
  }
}
