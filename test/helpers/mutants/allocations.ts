import { getHeapStatistics } from 'node:v8';

/** Bytes at once that no file of a test may lead to: such an allocation fails before it is tried. */
const MOST_AT_ONCE = 2 ** 30;

const CLASSES = [
  'ArrayBuffer',
  'SharedArrayBuffer',
  ...['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array'],
  ...['Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'],
] as const;

type Made = ArrayBufferLike | ArrayBufferView;

/** A class of buffers or typed arrays. */
interface Class {
  new (...args: unknown[]): Made;
  readonly prototype: object;
  readonly BYTES_PER_ELEMENT?: number;
}

/** Bytes that were asked for since the last reset. */
let asked = 0;

function count(bytes: number): void {
  asked += bytes;
  if (bytes > MOST_AT_ONCE) throw new Error(`an allocation of ${bytes} bytes`);
}

/**
 * Counts what every buffer and typed array of this thread is made with from now on, those of `slice`, `map` and `from`
 * too; views cost nothing. To be called before the modules that are to be watched are loaded.
 *
 * @returns A function that restores the classes.
 */
export function countAllocations(): () => void {
  const before = CLASSES.map((name) => [name, globalThis[name] as unknown as Class] as const);
  for (const [name, original] of before) {
    const counting: Class = new Proxy(original, {
      construct(target, args, newTarget) {
        const [first] = args;
        const isLength = typeof first === 'number';
        if (isLength) count(first * (target.BYTES_PER_ELEMENT ?? 1));
        const made: Made = Reflect.construct(target, args, newTarget === counting ? target : newTarget);
        if (!isLength && !(ArrayBuffer.isView(made) && first === made.buffer)) count(made.byteLength);
        return made;
      },
    });
    Object.assign(globalThis, { [name]: counting });
    Object.assign(original.prototype, { constructor: counting });
  }
  return () => {
    for (const [name, original] of before) {
      Object.assign(globalThis, { [name]: original });
      Object.assign(original.prototype, { constructor: original });
    }
  };
}

/**
 * Runs `work`.
 *
 * @returns Its result, and the bytes that it has allocated: of buffers all; of the heap, and of memory of built-in
 *   functions, what is still there at its end.
 */
export function measured<R>(work: () => R): { result: R; bytes: number } {
  asked = 0;
  const before = getHeapStatistics();
  const result = work();
  const after = getHeapStatistics();
  const heap = after.used_heap_size - before.used_heap_size;
  const builtIn = after.external_memory - before.external_memory - asked;
  return { result, bytes: asked + Math.max(0, heap) + Math.max(0, builtIn) };
}
