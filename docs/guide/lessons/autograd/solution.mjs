// Lesson: autograd. A solution.

// @ts-check
import { F, ones } from 'layerwise';

/** @typedef {import('layerwise').NDArray} NDArray */

let values = 0;

/** An array, and how it was made. */
export class Value {
  /** Grows with every value: a value comes after those that it was made from. */
  order = values++;
  /** @type {NDArray | null} The gradient, of a parameter. */
  grad = null;

  /**
   * @param {NDArray} data
   * @param {boolean} [isParameter] Whether its gradient is wanted.
   * @param {readonly Value[]} [inputs] What a function made it from.
   * @param {((dout: NDArray) => readonly NDArray[]) | null} [back] From the gradient of this value to one for each input.
   */
  constructor(data, isParameter = false, inputs = [], back = null) {
    this.data = data;
    this.isParameter = isParameter;
    this.inputs = inputs;
    this.back = back;
  }
}

/**
 * A function of values, from a forward and a backward function.
 *
 * @template C
 * @param {(...inputs: NDArray[]) => [out: NDArray, cache: C]} forward
 * @param {(dout: NDArray, cache: C) => readonly NDArray[]} backward
 * @returns {(...inputs: Value[]) => Value}
 */
export function record(forward, backward) {
  return (...inputs) => {
    const [out, cache] = forward(...inputs.map(({ data }) => data));
    return new Value(out, false, inputs, (dout) => backward(dout, cache));
  };
}

/**
 * Adds the gradient of the sum of `end` with respect to each parameter under it to the parameter's `grad`.
 *
 * 1. The gradient of `end` is ones, of its shape.
 * 2. Call `back` of each value once, when all values that were made from it have gone back. What arrives from them is
 *    added up.
 * 3. What arrives at a parameter is added to its `grad`, or becomes it. Other values keep `grad = null`.
 *
 * Do not change an array that `back` has returned: it may be the gradient of another input too. `F.add(a, b).data` is a
 * new array.
 *
 * @param {Value} end
 * @returns {void}
 */
export function backward(end) {
  const reached = new Set([end]);
  // The loop also visits what is added while it runs.
  for (const value of reached) for (const input of value.inputs) reached.add(input);
  const latestFirst = [...reached].sort((a, b) => b.order - a.order);

  const gradients = new Map([[end, ones(end.data.shape, 'float64')]]);
  for (const value of latestFirst) {
    const gradient = /** @type {NDArray} */ (gradients.get(value));
    if (value.isParameter) value.grad = sum(value.grad, gradient);
    value.back?.(gradient).forEach((part, i) => {
      const input = value.inputs[i];
      gradients.set(input, sum(gradients.get(input), part));
    });
  }
}

/**
 * @param {NDArray | null | undefined} before
 * @param {NDArray} gradient
 */
function sum(before, gradient) {
  return before ? F.add(before, gradient).data : gradient;
}

/**
 * The parameters among the properties of an object, each once, in the order of the properties. Objects and lists in it
 * are searched too, and the name is the path: `hidden.w`, `layers.0.b`.
 *
 * @param {object} module
 * @returns {[name: string, parameter: Value][]}
 */
export function namedParameters(module) {
  /** @type {Map<Value, string>} */
  const names = new Map();
  /** @param {object} object @param {string} path */
  const search = (object, path) => {
    for (const [key, member] of Object.entries(object)) {
      if (member instanceof Value) {
        if (member.isParameter && !names.has(member)) names.set(member, `${path}${key}`);
      } else if (typeof member === 'object' && member !== null) {
        search(member, `${path}${key}.`);
      }
    }
  };
  search(module, '');
  return [...names].map(([parameter, name]) => [name, parameter]);
}
