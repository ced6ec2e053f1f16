import type { Floats } from './types.js';

// A class of another realm (a vm context, as Jest and vitest's vm pools make them; a frame of a page) is another object
// than ours of the same name, so `instanceof` does not know its instances. What is asked here is the same everywhere.

const nameOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as (this: unknown) => string | undefined;

/** The class of a typed array, `'Float64Array'`; undefined for anything else, a DataView too. */
export function typedArrayName(value: unknown): string | undefined {
  return nameOf.call(value);
}

/** Whether `value` is a typed array of float32 or float64 numbers. */
export function isFloats(value: unknown): value is Floats {
  if (value instanceof Float32Array || value instanceof Float64Array) return true;
  const name = typedArrayName(value);
  return name === 'Float32Array' || name === 'Float64Array';
}

/** Whether numbers that are known to be float32 or float64 are float64. */
export function isFloat64(values: Floats): values is Float64Array {
  return values.BYTES_PER_ELEMENT === 8;
}

/** Whether `value` is a typed array of BigInts. */
export function isBigInts(value: unknown): value is BigInt64Array | BigUint64Array {
  return typedArrayName(value)?.startsWith('Big') ?? false;
}

/** Whether `value` is a Map. */
export function isMap(value: unknown): value is Map<unknown, unknown> {
  return value instanceof Map || Object.prototype.toString.call(value) === '[object Map]';
}

/** Whether `value` is a Set. */
export function isSet(value: unknown): value is Set<unknown> {
  return value instanceof Set || Object.prototype.toString.call(value) === '[object Set]';
}

/** Whether `value` is an Error. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}

/** Whether the properties of an object are all there is to it: it was made by `{}`, or by `Object.create(null)`. */
export function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || isObjectPrototype(prototype);
}

function isObjectPrototype(value: object): boolean {
  return Object.getPrototypeOf(value) === null && Object.hasOwn(value, 'isPrototypeOf');
}
