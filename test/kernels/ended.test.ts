// What becomes of arrays when their workspace ends: the same on all kernels and in both dtypes.

import ndarray from 'ndarray';
import { describe, expect, test, vi } from 'vitest';
import {
  array,
  type DType,
  F,
  kernelInfo,
  linspace,
  type NDArray,
  ones,
  reluForward,
  tensor,
  toNested,
  workspace,
} from '../../src/index.js';
import { blockOf, release, tidied } from '../../src/kernels/index.js';
import { Memory, MemoryFull } from '../../src/kernels/wasm/memory.js';
import { KERNEL_SETS, useKernels } from '../helpers/kernel-sets.js';

const ENDED =
  'this array was made in a workspace that has ended: return it from the function given to workspace(), or copy it ' +
  'with resident(a)';

const used = (): number => kernelInfo().memory?.used ?? 0;

/** Two rows of three numbers. */
function matrix(dtype: DType): NDArray {
  return array([[1, 2, 3], [4, 5, 6]], undefined, dtype); // biome-ignore format: a matrix
}

/** Fills memory that has been given back with other numbers. */
function overwriteFreed(): void {
  workspace(() => [ones([500]), ones([500], 'float64')].map((a) => a.data.fill(-7)).length);
}

const SETS = KERNEL_SETS.filter(({ threads }) => threads === 1).flatMap(({ kernels }) =>
  (['float32', 'float64'] as const).map((dtype) => ({ kernels, dtype })),
);

describe.each(SETS)('after a workspace ($kernels, $dtype)', ({ kernels, dtype }) => {
  useKernels(kernels, 1);

  test('an array that was not returned is empty, of its dtype and shape, and using it says why', () => {
    let stolen = ones([1]);
    let kept = ones([1]);
    workspace(() => {
      stolen = ones([2, 3], dtype);
      kept = ones([2, 3], dtype);
      return { other: ones([1]) };
    });
    overwriteFreed();
    expect(stolen.data.length).toBe(0);
    expect(stolen.shape).toEqual([2, 3]);
    expect(() => reluForward(stolen)).toThrow(new RangeError(`reluForward: x: ${ENDED}`));
    expect(() => F.add(kept, stolen)).toThrow(ENDED);
    expect(() => F.add(ones([2, 3], dtype), stolen)).toThrow(ENDED);
    expect(() => stolen.get(0, 1)).toThrow(new RangeError(ENDED));
    expect(() => stolen.set(0, 1, 5)).toThrow(new RangeError(ENDED));
    expect(() => stolen.data.slice()).toThrow(ENDED);
  });

  test.each<[string, (a: NDArray) => NDArray]>([
    ['pick', (a) => a.pick(1)],
    ['hi', (a) => a.hi(1, 3)],
    ['lo', (a) => a.lo(1, 0)],
    ['transpose', (a) => a.transpose(1, 0)],
    ['step', (a) => a.step(-1)],
    ['a view of a view', (a) => a.transpose(1, 0).pick(2)],
    ['ndarray over its data', (a) => ndarray(a.data, [6])],
  ])('%s of an array that was not returned is an error at the door', (_, viewOf) => {
    let view = ones([1]);
    workspace(() => {
      view = viewOf(matrix(dtype));
    });
    overwriteFreed();
    expect(() => toNested(view)).toThrow(new RangeError(ENDED));
    expect(() => reluForward(view)).toThrow(new RangeError(`reluForward: x: ${ENDED}`));
  });

  test('views that were returned survive beside views that were not', () => {
    let stolen = ones([1]);
    const { row, same } = workspace(() => {
      const a = matrix(dtype);
      stolen = a.pick(0);
      return { row: a.pick(1), same: a };
    });
    overwriteFreed();
    expect(toNested(row)).toEqual([4, 5, 6]);
    expect(toNested(same)).toEqual([[1, 2, 3], [4, 5, 6]]); // biome-ignore format: a matrix
    expect(row.data).toBe(same.data);
    expect(() => toNested(stolen)).toThrow(ENDED);
  });

  test('what an inner workspace returns ends with the outer one', () => {
    const before = used();
    let [scrap, inner, view] = [ones([1]), ones([1]), ones([1])];
    const out = workspace(() => {
      inner = workspace(() => {
        scrap = matrix(dtype);
        return matrix(dtype);
      });
      view = inner.pick(0);
      expect(scrap.data.length).toBe(0);
      expect(toNested(view)).toEqual([1, 2, 3]);
      return reluForward(view)[0];
    });
    overwriteFreed();
    expect(toNested(out)).toEqual([1, 2, 3]);
    for (const gone of [scrap, inner, view]) expect(() => toNested(gone)).toThrow(ENDED);
    expect(used()).toBe(before);
  });

  test('blocks can be released, and tidied ends what is not returned', () => {
    workspace(() => {
      const a = ones([4], dtype);
      const view = a.hi(2);
      release(blockOf(view) ?? expect.fail('an array of a workspace lies in a block'));
      for (const gone of [a, view]) expect(() => toNested(gone)).toThrow(ENDED);
      let scrap = a;
      const kept = tidied(() => {
        scrap = ones([2], dtype);
        return reluForward(scrap)[0];
      });
      expect(() => toNested(scrap)).toThrow(ENDED);
      expect(toNested(kept)).toEqual([1, 1]);
    });
  });

  test('frozen arrays: what is returned survives, the rest is an error', () => {
    const before = used();
    let stolen = ones([1]);
    const { frozen, list } = workspace(() => {
      stolen = Object.freeze(matrix(dtype));
      ones([100], dtype);
      const list = Object.freeze([matrix(dtype), linspace(0, 1, 3, dtype).data]);
      return { frozen: Object.freeze(matrix(dtype).transpose(1, 0)), list };
    });
    overwriteFreed();
    expect(toNested(frozen)).toEqual([[1, 4], [2, 5], [3, 6]]); // biome-ignore format: a matrix
    expect(toNested(list[0] as NDArray)).toEqual([[1, 2, 3], [4, 5, 6]]); // biome-ignore format: a matrix
    expect([...(list[1] as Float32Array)]).toEqual([0, 0.5, 1]);
    expect(() => toNested(stolen)).toThrow(ENDED);
    // Frozen ones stay where they are, at most two cache lines.
    expect(used() - before).toBeLessThanOrEqual(128);
  });

  test('arrays in Sets and Maps, and as keys, survive', () => {
    const { members, entries, bare } = workspace(() => ({
      members: new Set([matrix(dtype), matrix(dtype)]),
      entries: new Map<unknown, unknown>([
        [matrix(dtype), 'key'],
        ['value', matrix(dtype)],
      ]),
      bare: new Set(['first', linspace(0, 1, 3, dtype).data, 'last']),
    }));
    overwriteFreed();
    const arrays = [...members, ...entries.keys(), ...entries.values()].filter((a) => typeof a !== 'string');
    expect(arrays.length).toBe(4);
    // biome-ignore format: a matrix
    for (const a of arrays) expect(toNested(a as NDArray)).toEqual([[1, 2, 3], [4, 5, 6]]);
    const [first, data, last] = bare;
    expect([first, ...(data as Float32Array), last]).toEqual(['first', 0, 0.5, 1, 'last']);
  });

  test('a function that throws leaves nothing, also where it has frozen something', () => {
    const before = used();
    let stolen = ones([1]);
    const fn = (): void => {
      stolen = Object.freeze(ones([100], dtype));
      ones([100], dtype);
      throw new Error('mine');
    };
    expect(() => workspace(fn)).toThrow('mine');
    expect(used()).toBe(before);
    expect(() => toNested(stolen)).toThrow(ENDED);
  });

  test('a tensor that is returned has its values; its graph goes as far as it needs nothing that has ended', () => {
    const w = tensor([1, 2, 3], { requiresGrad: true, dtype });
    const loss = workspace(() => F.sum(F.mul(w, w)));
    expect(loss.item()).toBe(14);
    loss.backward();
    expect(w.grad?.tolist()).toEqual([2, 4, 6]);
    const deep = workspace(() => F.sum(F.exp(w)));
    expect(() => deep.backward()).toThrow(
      'backward: the output of exp was made in a workspace that has ended: call backward inside of it',
    );
    expect(w.grad?.tolist()).toEqual([2, 4, 6]);
  });

  test('arrays made where memory is full end too', () => {
    if (kernels === 'reference') return;
    const before = used();
    let stolen = ones([1]);
    const kept = workspace(() => {
      const take = vi.spyOn(Memory.prototype, 'take').mockImplementation(() => {
        throw new MemoryFull();
      });
      stolen = matrix(dtype);
      const out = reluForward(stolen.pick(1))[0];
      take.mockRestore();
      return out;
    });
    expect(toNested(kept)).toEqual([4, 5, 6]);
    expect(() => toNested(stolen)).toThrow(ENDED);
    expect(used()).toBe(before);
  });
});
