// Lesson: saving. A file of arrays, in the safetensors format.
//
// Fill in the functions, from the top; after each run `node check.mjs`, which says what is wrong.
//
// The bytes of such a file are
//
//   8 bytes          the length of the header, a whole number, the lowest byte first
//   the header       JSON: {"weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}
//   the numbers      of one array after the other; offsets count from here, [first byte, byte behind the last]
//
// F32 are numbers of 4 bytes, F64 of 8, the lowest byte first. A header may have texts too, under "__metadata__".

// @ts-check
import { array, toNested } from 'layerwise';

/** @typedef {import('layerwise').NDArray} NDArray */

/**
 * The header and the length of it.
 *
 * @param {Uint8Array} bytes A file.
 * @returns {{ header: Record<string, any>, start: number }} The header, and where the numbers start in `bytes`.
 * @throws {Error} if the file is shorter than its header says, or the header is no JSON.
 */
export function readHeader(bytes) {
  // const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // view.getBigUint64(0, true) reads the length; new TextDecoder().decode(part) makes a text of bytes.
  throw new Error('readHeader is yours to write: 8 bytes, then JSON');
}

/**
 * @param {Uint8Array} bytes A file.
 * @returns {Record<string, NDArray>} Its arrays by name; those of F64 in float64, those of F32 in float32.
 * @throws {Error} naming the array, if its dtype is neither, its offsets are not within the file, or the bytes between
 *   them are not as many as its shape needs.
 */
export function decode(bytes) {
  // view.getFloat32(at, true) reads a number; array(values, shape, 'float32') makes an array.
  throw new Error('decode is yours to write: an array for each entry of the header but __metadata__');
}

/**
 * @param {Record<string, NDArray>} state Arrays by name. They may be views: read them by `valuesOf`.
 * @returns {Uint8Array} A file of them.
 */
export function encode(state) {
  // First the header, whose offsets add up; then 8 + its length + all numbers is the size of the file.
  throw new Error('encode is yours to write');
}

/**
 * The values of an array, row by row.
 *
 * @param {NDArray} a
 * @returns {number[]}
 */
export function valuesOf(a) {
  const nested = /** @type {any[]} */ ([toNested(a)]);
  return nested.flat(Number.POSITIVE_INFINITY);
}
