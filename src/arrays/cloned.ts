import type { NdArray } from 'ndarray';
import { isPlainObject, typedArrayName } from './realms.js';
import { MAX_RANK } from './types.js';
import { ndarray } from './views.js';

/**
 * Turns a copy of an array made by `structuredClone` or `postMessage`, which has its fields but not its methods, into
 * an array again. The object itself gets the methods, so every reference to it sees an array: a model's parameter can
 * be updated in place.
 *
 * @returns Whether `value` is an array now.
 */
export function revive(value: object): value is NdArray {
  const { data, shape, stride, offset } = value as Partial<NdArray>;
  if (!isPlainObject(value) || !(Array.isArray(data) || typedArrayName(data) !== undefined)) return false;
  if (!Number.isInteger(offset)) return false;
  // Of an array without axes the prototype has shape and stride, and only these two fields are left.
  const axes = shape === undefined && isOneNumber(value as Scalar) ? [] : shape;
  const steps = axes?.length === 0 ? [] : stride;
  if (!isIntegers(axes) || !isIntegers(steps) || axes.length !== steps.length) return false;
  const methods = Object.getPrototypeOf(ndarray(data as number[], axes, steps, offset));
  return Reflect.setPrototypeOf(value, methods);
}

type Scalar = { data: ArrayLike<unknown>; offset: number };

/** Whether `{ data, offset }` can only be an array without axes, rather than an object of the user's. */
function isOneNumber(value: Scalar): boolean {
  return Object.keys(value).length === 2 && value.data.length === 1 && value.offset === 0;
}

function isIntegers(list: unknown): list is number[] {
  return Array.isArray(list) && list.length <= MAX_RANK && list.every(Number.isInteger);
}
