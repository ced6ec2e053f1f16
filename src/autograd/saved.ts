import { argumentError, type Floats, hasEnded, isDense, isNDArray, type NDArray, versionOf } from '../arrays/index.js';

/** Throws if a value that a backward pass reads has been changed since the forward pass. */
export type Check = () => void;

/** An array that a backward pass will read, and its version and fingerprint in the forward pass. */
interface Saved {
  /** Its place among the inputs; null for the output. */
  readonly input: number | null;
  readonly array: NDArray;
  readonly version: number;
  readonly print: number;
}

/**
 * Records the versions of those inputs and outputs of an operation whose memory `cache` refers to.
 *
 * @param cache - From the forward pass, for the backward pass.
 * @returns A function that throws if one of these arrays has been changed since, or its workspace has ended. Changes
 *   that are marked, as those of update rules, optimizers and `nn.init`, are always noticed, also through another view
 *   of the same memory; a direct write to the memory is noticed if it changes a value that {@link fingerprint} reads.
 *   Null if there is no array in `cache`.
 */
export function watch(operation: string, inputs: readonly NDArray[], out: NDArray, cache: unknown): Check | null {
  const held: Floats[] = [];
  memoryIn(cache, 3, held);
  if (held.length === 0) return null;
  const saved: Saved[] = [];
  const all = held.length > 8 ? new Set(held) : null;
  const holds = (data: Floats): boolean => (all === null ? held.includes(data) : all.has(data));
  for (let i = 0; i < inputs.length; i++) if (holds(inputs[i].data)) saved.push(asItIs(i, inputs[i]));
  if (holds(out.data)) saved.push(asItIs(null, out));
  return () => {
    for (const { input, array, version, print } of saved) {
      const isEnded = hasEnded(array.data);
      if (!isEnded && versionOf(array) === version && fingerprint(array) === print) continue;
      throw argumentError(Error, {
        fn: 'backward',
        arg: `${input === null ? 'the output' : `input ${input}`} of ${operation}`,
        found: isEnded
          ? 'was made in a workspace that has ended'
          : 'has been changed in place since the forward pass, which its gradient needs unchanged',
        wayOut: isEnded ? 'call backward inside of it' : 'call backward before changing it, or change a copy',
      });
    }
  };
}

function asItIs(input: number | null, array: NDArray): Saved {
  return { input, array, version: versionOf(array), print: fingerprint(array) };
}

/** Adds to `found` the memory of the arrays in `value`, to `depth` levels of objects and lists. */
function memoryIn(value: unknown, depth: number, found: Floats[]): void {
  if (typeof value !== 'object' || value === null) return;
  if (ArrayBuffer.isView(value)) {
    found.push(value as Floats);
    return;
  }
  const { data } = value as Partial<NDArray>;
  if (ArrayBuffer.isView(data)) found.push(data);
  if (depth === 0 || isNDArray(value)) return;
  const fields = value as Record<string, unknown>;
  for (const name in fields) if (Object.hasOwn(fields, name)) memoryIn(fields[name], depth - 1, found);
}

/** The number of values that a fingerprint reads: all of a small array. */
const LOOKS = 64;

const number = new Float64Array(1);
const bits = new Int32Array(number.buffer);

/** A hash of up to 64 values, evenly spread over the array. */
function fingerprint(array: NDArray): number {
  const { data, offset, size } = array;
  const dense = isDense(array);
  const step = Math.max(1, Math.ceil(size / LOOKS));
  let hash = 0;
  for (let flat = 0; flat < size; flat += step) {
    number[0] = data[dense ? offset + flat : placeOf(array, flat)];
    hash = Math.imul(hash ^ bits[0], 0x01000193);
    hash = Math.imul(hash ^ bits[1], 0x01000193);
  }
  return hash;
}

/** The place in memory of the value at the flat index `flat`, in row-major order. */
function placeOf({ shape, stride, offset }: NDArray, flat: number): number {
  let at = offset;
  for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
    at += stride[axis] * (rest % shape[axis]);
    rest = Math.trunc(rest / shape[axis]);
  }
  return at;
}
