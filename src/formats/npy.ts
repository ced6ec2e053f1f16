import {
  argumentError,
  describe,
  dtypeOf,
  hostValues,
  isNDArray,
  type NDArray,
  operand,
  tuple,
  wrap,
} from '../arrays/index.js';
import { checkBytes, formatError, type Source } from './bytes.js';
import { ELEMENT_SIZES, elementsOf, littleEndianBytes } from './elements.js';
import { NPY_MAGIC, readNpyHeader } from './npy-header.js';
import { countOf } from './state.js';

/** The numbers begin at a multiple of this, in bytes. */
const ALIGNMENT = 64;

/**
 * An array as the bytes of an `.npy` file, as `np.save` writes them: format version 1.0, little-endian float32 or
 * float64 in C order.
 *
 * @throws {TypeError} if `a` is no array.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * @example
 * writeFileSync('x.npy', encodeNpy(array([[1, 2], [3, 4]]))); // np.load('x.npy')
 */
export function encodeNpy(a: NDArray): Uint8Array {
  if (!isNDArray(a)) {
    const expected = 'an array of float32 or float64';
    const { data } = (a ?? {}) as { readonly data?: unknown };
    const wayOut = isNDArray(data) ? 'its data is one' : 'array(x) makes one, and encodeNpz writes several by name';
    throw argumentError(TypeError, { fn: 'encodeNpy', arg: 'a', found: `is ${describe(a)}`, expected, wayOut });
  }
  const [header, numbers] = npyParts(a);
  const bytes = new Uint8Array(header.length + numbers.length);
  bytes.set(header);
  bytes.set(numbers, header.length);
  return bytes;
}

/** The header of an `.npy` file and its numbers, which are the memory of the array itself where it is dense. */
export function npyParts(a: NDArray): readonly [header: Uint8Array, numbers: Uint8Array] {
  const descr = dtypeOf(a) === 'float64' ? '<f8' : '<f4';
  const shape = a.shape.length === 0 ? '()' : tuple(a.shape);
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  const before = NPY_MAGIC.length + 4;
  const length = Math.ceil((before + dictionary.length + 1) / ALIGNMENT) * ALIGNMENT;
  const text = `${dictionary.padEnd(length - before - 1)}\n`;

  const header = new Uint8Array(length);
  header.set(NPY_MAGIC);
  header.set([1, 0, text.length & 0xff, text.length >> 8], NPY_MAGIC.length);
  for (let i = 0; i < text.length; i++) header[before + i] = text.charCodeAt(i);
  return [header, littleEndianBytes(hostValues(a))];
}

/**
 * The array in the bytes of an `.npy` file: floats, integers or booleans of any size and either byte order, in C or
 * Fortran order, of format version 1, 2 or 3.
 *
 * @returns float32 for float32 and float16, float64 for all others; in C order.
 * @throws {FormatError} if it is no such file; it has more or fewer bytes than its shape needs; its dtype is another
 *   (complex numbers, strings, Python objects, …), or a whole number is beyond ±(2^53 - 1).
 *
 * @example
 * decodeNpy(readFileSync('x.npy'));
 */
export function decodeNpy(bytes: Uint8Array): NDArray {
  const source = { fn: 'decodeNpy', file: 'bytes' };
  checkBytes(source, bytes);
  return readNpy(source, bytes);
}

/** What {@link decodeNpy} does, for a function or file whose errors have other names. */
export function readNpy(source: Source, bytes: Uint8Array): NDArray {
  const { type, bigEndian, fortranOrder, shape, start } = readNpyHeader(source, bytes);
  const numbers = bytes.subarray(start);
  const needed = countOf(source, 'array', shape) * ELEMENT_SIZES[type];
  if (needed !== numbers.length) {
    const found = `of shape ${tuple(shape)} needs ${needed} bytes`;
    throw formatError(source, { place: 'array', found, expected: `the ${numbers.length} that are there` });
  }
  const values = elementsOf(source, 'array', numbers, type, bigEndian);
  if (!fortranOrder || shape.length < 2) return wrap(values, shape);
  const axes = shape.map((_, axis) => shape.length - 1 - axis);
  return wrap(operand(wrap(values, [...shape].reverse()).transpose(...axes)), shape);
}
