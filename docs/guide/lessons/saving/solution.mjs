// Lesson: saving. A solution.

// @ts-check
import { array, toNested } from 'layerwise';

/** @typedef {import('layerwise').NDArray} NDArray */

/** @type {Record<string, number>} */
const SIZES = { F32: 4, F64: 8 };

/**
 * The header and the length of it.
 *
 * @param {Uint8Array} bytes A file.
 * @returns {{ header: Record<string, any>, start: number }} The header, and where the numbers start in `bytes`.
 * @throws {Error} if the file is shorter than its header says, or the header is no JSON.
 */
export function readHeader(bytes) {
  if (bytes.length < 8) throw new Error(`a file of ${bytes.length} bytes has no header`);
  const length = Number(viewOf(bytes).getBigUint64(0, true));
  const start = 8 + length;
  if (start > bytes.length) throw new Error(`the header ends at byte ${start}, the file at ${bytes.length}`);
  return { header: JSON.parse(new TextDecoder().decode(bytes.subarray(8, start))), start };
}

/**
 * @param {Uint8Array} bytes A file.
 * @returns {Record<string, NDArray>} Its arrays by name; those of F64 in float64, those of F32 in float32.
 * @throws {Error} naming the array, if its dtype is neither, its offsets are not within the file, or the bytes between
 *   them are not as many as its shape needs.
 */
export function decode(bytes) {
  const { header, start } = readHeader(bytes);
  const view = viewOf(bytes);
  /** @type {Record<string, NDArray>} */
  const state = {};
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const size = SIZES[dtype];
    if (size === undefined) throw new Error(`${name}: dtype is ${dtype}, expected F32 or F64`);
    const [from, to] = data_offsets;
    if (!(from >= 0 && from <= to && start + to <= bytes.length)) {
      throw new Error(`${name}: bytes ${from} to ${to} of ${bytes.length - start}`);
    }
    const count = shape.reduce((/** @type {number} */ product, /** @type {number} */ n) => product * n, 1);
    if (count * size !== to - from)
      throw new Error(`${name}: ${to - from} bytes for ${count} numbers of ${size} bytes`);
    const values = Array.from({ length: count }, (_, i) => {
      const at = start + from + size * i;
      return size === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true);
    });
    state[name] = array(values, shape, size === 4 ? 'float32' : 'float64');
  }
  return state;
}

/**
 * @param {Record<string, NDArray>} state Arrays by name. They may be views: read them by `valuesOf`.
 * @returns {Uint8Array} A file of them.
 */
export function encode(state) {
  let end = 0;
  const entries = Object.entries(state).map(([name, a]) => {
    const dtype = a.dtype === 'float64' ? 'F64' : 'F32';
    const values = valuesOf(a);
    const from = end;
    end += SIZES[dtype] * values.length;
    return { name, values, dtype, from, entry: { dtype, shape: a.shape, data_offsets: [from, end] } };
  });
  const header = JSON.stringify(Object.fromEntries(entries.map(({ name, entry }) => [name, entry])));
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + end);
  const view = viewOf(bytes);
  view.setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  for (const { values, dtype, from } of entries) {
    for (const [i, value] of values.entries()) {
      const at = 8 + text.length + from + SIZES[dtype] * i;
      if (dtype === 'F64') view.setFloat64(at, value, true);
      else view.setFloat32(at, value, true);
    }
  }
  return bytes;
}

/** @param {Uint8Array} bytes */
function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
