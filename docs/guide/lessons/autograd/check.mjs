// Checks exercise.mjs: node check.mjs

import {
  affineBackward,
  affineForward,
  array,
  evalNumericalGradientArray,
  F,
  ones,
  Random,
  reluBackward,
  reluForward,
  zeros,
} from 'layerwise';
import { lesson, near, wrong } from './lesson.mjs';

/** @typedef {import('layerwise').NDArray} NDArray */

const random = new Random(0);
/** @param {...number} shape */
const numbers = (...shape) => random.randn(shape, 'float64');
/** @param {number[]} list */
const row = (list) => array(list, [list.length], 'float64');

/** Functions of values, with the record that the exercise has. @param {any} exercise */
function functions({ record }) {
  let calls = 0;
  return {
    affine: record(affineForward, (/** @type {NDArray} */ dout, /** @type {any} */ cache) => {
      const { dx, dw, db } = affineBackward(dout, cache);
      return [dx, dw, db];
    }),
    relu: record(reluForward, (/** @type {NDArray} */ dout, /** @type {any} */ cache) => [reluBackward(dout, cache)]),
    add: record(
      (/** @type {NDArray} */ a, /** @type {NDArray} */ b) => [F.add(a, b).data, null],
      (/** @type {NDArray} */ dout) => {
        calls++;
        return [dout, dout];
      },
    ),
    triple: record(
      (/** @type {NDArray} */ a) => [F.mul(a, 3).data, null],
      (/** @type {NDArray} */ dout) => [F.mul(dout, 3).data],
    ),
    square: record(
      (/** @type {NDArray} */ a) => [F.mul(a, a).data, a],
      (/** @type {NDArray} */ dout, /** @type {NDArray} */ a) => [F.mul(F.mul(dout, a), 2).data],
    ),
    calls: () => calls,
  };
}

await lesson({
  'backward: through one function': (exercise) => {
    const x = new exercise.Value(row([1, -2]), true);
    exercise.backward(functions(exercise).triple(x));
    near('x.grad of 3 · x', x.grad, [3, 3]);
  },

  'backward: through several functions with several inputs': (exercise) => {
    const { affine, relu, square } = functions(exercise);
    const [x, w, b] = [numbers(4, 3), numbers(3, 2), numbers(2)];
    const parameters = { x, w, b };
    const [X, W, B] = Object.values(parameters).map((data) => new exercise.Value(data, true));
    exercise.backward(square(relu(affine(X, W, B))));
    for (const [name, value] of Object.entries({ x: X, w: W, b: B })) {
      const forward = () => {
        const out = F.relu(F.add(F.matmul(x, w), b));
        return F.mul(out, out).data;
      };
      const data = parameters[/** @type {'x' | 'w' | 'b'} */ (name)];
      near(`${name}.grad`, value.grad, evalNumericalGradientArray(forward, data, ones([4, 2], 'float64')), 1e-5);
    }
  },

  'backward: the gradients of a value that is used twice are added up': (exercise) => {
    const { add, relu, triple } = functions(exercise);
    for (const reluFirst of [true, false]) {
      const x = new exercise.Value(row([-1, 2]), true);
      const h = triple(x);
      exercise.backward(reluFirst ? add(relu(h), h) : add(h, relu(h)));
      near(`x.grad of ${reluFirst ? 'relu(h) + h' : 'h + relu(h)'} with h = 3 · x,`, x.grad, [3, 6]);
    }
  },

  'backward: gradients that two inputs share are not changed': (exercise) => {
    const { add } = functions(exercise);
    const [a, b] = [new exercise.Value(row([1]), true), new exercise.Value(row([1]), true)];
    const sum = add(a, b);
    exercise.backward(add(sum, a));
    near('a.grad of (a + b) + a', a.grad, [2]);
    near('b.grad of (a + b) + a', b.grad, [1]);
  },

  'backward: each function goes back once': (exercise) => {
    const { add, calls } = functions(exercise);
    const x = new exercise.Value(row([1]), true);
    let sum = x;
    for (let i = 0; i < 12; i++) sum = add(sum, sum);
    exercise.backward(sum);
    near('x.grad after 12 doublings', x.grad, [2 ** 12]);
    if (calls() !== 12) wrong(`12 functions went back ${calls()} times: each waits until all its gradients are there`);
  },

  'backward: only parameters have a grad': (exercise) => {
    const { add, triple } = functions(exercise);
    const [x, constant] = [new exercise.Value(row([1]), true), new exercise.Value(row([1]))];
    const h = triple(x);
    const end = add(h, constant);
    exercise.backward(end);
    for (const [name, value] of Object.entries({ 'a constant': constant, 'a value between': h, 'the end': end })) {
      if (value.grad !== null) wrong(`${name} has a grad, expected null: it is no parameter`);
    }
  },

  'backward: a second pass adds to the grad of the first': (exercise) => {
    const { triple } = functions(exercise);
    const x = new exercise.Value(row([1]), true);
    exercise.backward(triple(x));
    const first = x.grad;
    exercise.backward(triple(x));
    near('x.grad after two passes of 3 · x', x.grad, [6]);
    near('the array that was x.grad after the first', first, [3]);
  },

  'backward: a chain of 20,000 functions': (exercise) => {
    const { add } = functions(exercise);
    const x = new exercise.Value(row([1]), true);
    let sum = x;
    for (let i = 0; i < 20_000; i++) sum = add(sum, x);
    try {
      exercise.backward(sum);
    } catch (error) {
      if (error instanceof RangeError)
        wrong(`${error.message}: a function that calls itself for each input goes too deep`);
      throw error;
    }
    near('x.grad', x.grad, [20_001]);
  },

  'namedParameters: in objects and lists, each once': ({ Value, namedParameters }) => {
    const make = () => new Value(zeros([1]), true);
    const shared = make();
    const layers = [{ w: make(), b: make() }, { w: shared }];
    const module = { scale: make(), layers, constant: new Value(zeros([1])), size: 3, none: null, again: shared };
    const found = namedParameters(module);
    if (!Array.isArray(found)) wrong('namedParameters returns no list: return [[name, value], …]');
    const names = found.map(([name]) => name).join(', ');
    const expected = 'scale, layers.0.w, layers.0.b, layers.1.w';
    if (names !== expected) wrong(`the names are ${names || 'none'}, expected ${expected}`);
    if (found[3][1] !== shared) wrong('layers.1.w is not the value that the module has');
  },

  'both: a net learns the exclusive or': (exercise) => {
    const { affine, relu, square, add } = functions(exercise);
    const { Value, backward, namedParameters } = exercise;
    const start = new Random(1);
    const layer = (/** @type {number} */ from, /** @type {number} */ to) => {
      return { w: new Value(start.randn([from, to], 'float64'), true), b: new Value(zeros([to], 'float64'), true) };
    };
    const net = { hidden: layer(2, 16), scores: layer(16, 1) };
    const x = new Value(array([0, 0, 0, 1, 1, 0, 1, 1], [4, 2], 'float64'));
    const minusTarget = new Value(array([0, -1, -1, 0], [4, 1], 'float64'));
    let loss = Infinity;
    for (let step = 0; step < 300; step++) {
      const out = affine(relu(affine(x, net.hidden.w, net.hidden.b)), net.scores.w, net.scores.b);
      const errors = square(add(out, minusTarget));
      loss = F.sum(errors.data).item();
      for (const [, parameter] of namedParameters(net)) parameter.grad = null;
      backward(errors);
      for (const [, parameter] of namedParameters(net)) {
        parameter.data = F.sub(parameter.data, F.mul(parameter.grad, 0.02)).data;
      }
    }
    if (!(loss < 0.01)) wrong(`after 300 steps the loss is ${loss.toFixed(3)}, expected less than 0.01`);
  },
});
