import { runInNewContext } from 'node:vm';
import ndarray from 'ndarray';
import ops from 'ndarray-ops';
import { expect } from 'vitest';
import { type DType, dtypeOf, type Floats, hostValues, type NDArray } from '../../src/arrays/index.js';
import { resident } from '../../src/kernels/index.js';

/** An array full of NaN, so that whoever reads outside of a view shows it. */
function noise(shape: readonly number[], like: NDArray): NDArray {
  const length = shape.reduce((size, n) => size * n, 1);
  const data: Floats = dtypeOf(like) === 'float64' ? new Float64Array(length) : new Float32Array(length);
  return ndarray(data.fill(Number.NaN), [...shape]) as NDArray;
}

/** The classes of another realm: such an array is no instance of this one's. */
const ELSEWHERE: Readonly<Record<DType, typeof Float32Array | typeof Float64Array>> = runInNewContext(
  '({ float32: Float32Array, float64: Float64Array })',
);

/** Ways to hold the values of an array that has at least one axis: each gives a view of the same shape and values. */
export const VIEWS: Readonly<Record<string, (a: NDArray) => NDArray>> = {
  transposed: (a) => {
    const axes = a.shape.map((_, axis) => a.shape.length - 1 - axis);
    const view = noise([...a.shape].reverse(), a).transpose(...axes);
    ops.assign(view, a);
    return view;
  },
  sliced: (a) => {
    const larger = noise(
      a.shape.map((n, axis) => n + 2 + axis),
      a,
    );
    const view = larger.lo(...a.shape.map((_, axis) => 1 + (axis % 2))).hi(...a.shape);
    ops.assign(view, a);
    return view;
  },
  reversed: (a) => {
    const view = noise(a.shape, a).step(...a.shape.map(() => -1));
    ops.assign(view, a);
    return view;
  },
  'every second': (a) => {
    const larger = noise(
      a.shape.map((n) => 2 * n),
      a,
    );
    const view = larger.step(...a.shape.map(() => 2));
    ops.assign(view, a);
    return view;
  },
  picked: (a) => {
    const view = noise([...a.shape, 3], a).pick(...a.shape.map(() => null), 1);
    ops.assign(view, a);
    return view;
  },
  resident: (a) => resident(a),
  'from another thread': (a) => structuredClone({ ...a }),
  'of another realm': (a) => ndarray(new ELSEWHERE[dtypeOf(a)](hostValues(a)), [...a.shape]) as NDArray,
  'transposed resident': (a) => {
    const axes = a.shape.map((_, axis) => a.shape.length - 1 - axis);
    return resident(a.transpose(...axes)).transpose(...axes);
  },
};

/** A copy of everything in the memory of an array, outside of the view too. */
function memoryOf(a: NDArray): Buffer {
  return Buffer.from(new Uint8Array(a.data.buffer, a.data.byteOffset, a.data.byteLength));
}

/**
 * Runs `call` on `args`, and checks that it writes to none of them and that no result shares their memory.
 *
 * @returns What `call` returned.
 */
export function callPurely(args: readonly NDArray[], call: (...args: NDArray[]) => NDArray[]): NDArray[] {
  const before = args.map(memoryOf);
  const results = call(...args);
  args.forEach((a, i) => {
    expect(memoryOf(a).equals(before[i]), `argument ${i} was not written to`).toBe(true);
  });
  for (const result of results) {
    for (const [i, a] of args.entries()) {
      expect(result.data.buffer === a.data.buffer, `a result lies in the memory of argument ${i}`).toBe(false);
    }
  }
  return results;
}

/** Checks that `call` returns the same bits for every kind of view of `args` as for `args` themselves, purely. */
export function expectSameOnViews(args: readonly NDArray[], call: (...args: NDArray[]) => NDArray[]): void {
  const expected = callPurely(args, call);
  for (const [kind, viewOf] of Object.entries(VIEWS)) {
    const views = args.map(viewOf);
    views.forEach((view, i) => {
      expect(view, `the ${kind} view of argument ${i}`).toEqualBits(args[i]);
    });
    callPurely(views, call).forEach((result, i) => {
      expect(result, `result ${i} for ${kind} arguments`).toEqualBits(expected[i]);
    });
  }
}
