import { type Floats, isNDArray, type NDArray, versionOf } from '../arrays/index.js';

/** An array that a backward pass will read, as it was in the forward pass. */
interface Saved {
  readonly name: string;
  readonly array: NDArray;
  readonly version: number;
  readonly print: number;
}

/**
 * Remembers those of the `arrays` that `cache` holds.
 *
 * @param arrays - Inputs and output of an operation, by the names that errors call them.
 * @param cache - What its forward pass kept for the backward pass.
 * @returns A function that throws if one of them has been changed since. A change that was announced, as the update rules,
 *   optimizers and `nn.init` do, is always noticed; one written to the memory directly is noticed if it changed one of the
 *   values in {@link fingerprint}.
 */
export function watch(
  operation: string,
  arrays: readonly (readonly [name: string, array: NDArray])[],
  cache: unknown,
): () => void {
  const held = new Set<Floats>();
  collect(cache, held, 3);
  const saved: Saved[] = [];
  for (const [name, array] of arrays) {
    if (held.has(array.data)) saved.push({ name, array, version: versionOf(array), print: fingerprint(array) });
  }
  return () => {
    for (const { name, array, version, print } of saved) {
      if (versionOf(array) === version && fingerprint(array) === print) continue;
      throw new Error(
        `backward: ${name} of ${operation} has been changed in place since the forward pass, which its gradient ` +
          'needs unchanged: call backward before changing it, or change a copy',
      );
    }
  };
}

/** Adds the memory of all arrays in `value` to `found`, to `depth` levels of objects and lists. */
function collect(value: unknown, found: Set<Floats>, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (isNDArray(value)) found.add(value.data);
  else if (value instanceof Float32Array || value instanceof Float64Array) found.add(value);
  else if (depth > 0 && !ArrayBuffer.isView(value)) {
    for (const entry of Object.values(value)) collect(entry, found, depth - 1);
  }
}

/** As many values of an array are looked at: enough to notice what changes all of it, and all of a small array. */
const LOOKS = 64;

const number = new Float64Array(1);
const bits = new Int32Array(number.buffer);

/** A hash of up to 64 values, evenly spread over the array. */
function fingerprint({ data, shape, stride, offset, size }: NDArray): number {
  const step = Math.max(1, Math.ceil(size / LOOKS));
  let hash = 0;
  for (let flat = 0; flat < size; flat += step) {
    let at = offset;
    for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
      at += stride[axis] * (rest % shape[axis]);
      rest = Math.trunc(rest / shape[axis]);
    }
    number[0] = data[at];
    hash = Math.imul(hash ^ bits[0], 0x01000193);
    hash = Math.imul(hash ^ bits[1], 0x01000193);
  }
  return hash;
}
