// Lesson: autograd. The way back through a graph, and the parameters of a module.
//
// `Value` and `record` are given: they note a forward pass. `backward` and `namedParameters` are yours; after each run
// `node check.mjs`, which says what is wrong.

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
  // const gradients = new Map([[end, ones(end.data.shape, 'float64')]]);
  throw new Error('backward is yours to write: collect the values under end, the latest first, and go through them');
}

/**
 * The parameters among the properties of an object, each once, in the order of the properties. Objects and lists in it
 * are searched too, and the name is the path: `hidden.w`, `layers.0.b`.
 *
 * @param {object} module
 * @returns {[name: string, parameter: Value][]}
 */
export function namedParameters(module) {
  throw new Error('namedParameters is yours to write: Object.entries(module) has the properties, of a list its places');
}
