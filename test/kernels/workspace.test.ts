import { afterEach, describe, expect, test } from 'vitest';
import {
  affineReluBackward,
  affineReluForward,
  configureKernels,
  kernelInfo,
  linspace,
  type NDArray,
  ones,
  reluForward,
  resident,
  toNested,
  workspace,
  zeros,
} from '../../src/index.js';
import { blockOf, isResident, release, tidied } from '../../src/kernels/index.js';
import { reshapeForward } from '../../src/layers/index.js';

const used = (): number => kernelInfo().memory?.used ?? 0;

afterEach(() => {
  configureKernels({ kernels: 'wasm' });
});

describe('workspace', () => {
  test('returns what the function returns, whole and outside of WebAssembly memory', () => {
    const before = used();
    const { out, list, views, count } = workspace(() => {
      const a = ones([2, 3]);
      expect(isResident(a)).toBe(true);
      const b = linspace(0, 5, 6);
      return { out: a, list: [b, [b]] as const, views: new Map([['t', a.transpose(1, 0)]]), count: 7 };
    });
    expect(count).toBe(7);
    expect(toNested(out)).toEqual([[1, 1, 1], [1, 1, 1]]); // biome-ignore format: a matrix
    expect([...list[0].data]).toEqual([0, 1, 2, 3, 4, 5]);
    expect(list[1][0]).toBe(list[0]);
    expect(views.get('t')?.shape).toEqual([3, 2]);
    for (const a of [out, list[0], views.get('t') as NDArray]) expect(isResident(a)).toBe(false);
    expect(used()).toBe(before);
  });

  test('what survives is never overwritten by later workspaces', () => {
    const kept = Array.from({ length: 20 }, (_, i) => workspace(() => linspace(i, i + 1, 50)));
    for (let i = 0; i < 50; i++) workspace(() => zeros([100]).data.fill(-1));
    kept.forEach((a, i) => {
      expect(a).toEqualBits(linspace(i, i + 1, 50));
    });
  });

  test('an array that is smuggled out is empty, and using it says why', () => {
    let stolen = zeros([1]);
    let view = zeros([1]);
    workspace(() => {
      stolen = ones([2, 2]);
      view = reluForward(stolen)[0];
    });
    expect(stolen.data.length).toBe(0);
    for (const a of [stolen, view]) {
      expect(() => reluForward(a)).toThrow(
        'reluForward: x: this array was made in a workspace that has ended: return it from the function given to ' +
          'workspace(), or copy it with resident(a)',
      );
    }
  });

  test('nested: what the inner one returns belongs to the outer one, uncopied', () => {
    const before = used();
    let address = -1;
    const result = workspace(() => {
      const inner = workspace(() => {
        const scrap = ones([1000]);
        const kept = linspace(0, 1, 5);
        address = kept.data.byteOffset;
        return { kept, sum: scrap.data.length };
      });
      expect(isResident(inner.kept)).toBe(true);
      expect(inner.kept.data.byteOffset).toBe(address);
      expect(inner.sum).toBe(1000);
      ones([1000]);
      return inner.kept.data.map((v) => v * 2);
    });
    expect([...result]).toEqual([0, 0.5, 1, 1.5, 2]);
    expect(used()).toBe(before);
  });

  test('arrays from outside are left alone, residents made inside live on', () => {
    const outside = ones([3]);
    let made = zeros([1]);
    const same = workspace(() => {
      made = resident(linspace(1, 3, 3));
      return outside;
    });
    expect(same).toBe(outside);
    for (let i = 0; i < 20; i++) workspace(() => zeros([3], 'float64'));
    expect([...made.data]).toEqual([1, 2, 3]);
    expect(isResident(made)).toBe(true);
  });

  test('a cache that is returned works outside', () => {
    const [x, w, b] = [linspace(-1, 1, 6), linspace(-1, 1, 12), linspace(0, 1, 4)];
    const [X, W] = [x, w].map((a, i) =>
      Object.assign(
        ones(
          [
            [2, 3],
            [3, 4],
          ][i],
          'float64',
        ),
        { data: a.data },
      ),
    );
    const [, inside] = workspace(() => affineReluForward(X, W, b));
    const [out, plain] = affineReluForward(X, W, b);
    const [a, e] = [affineReluBackward(out, inside), affineReluBackward(out, plain)];
    for (const name of ['dx', 'dw', 'db'] as const) expect(a[name]).toEqualBits(e[name]);
  });

  test('typed arrays in the result survive too', () => {
    const { data } = workspace(() => ({ data: linspace(0, 1, 3).data }));
    workspace(() => zeros([3], 'float64'));
    expect([...data]).toEqual([0, 0.5, 1]);
  });

  test('a function that throws leaves nothing behind', () => {
    const before = used();
    expect(() =>
      workspace(() => {
        ones([100]);
        throw new Error('mine');
      }),
    ).toThrow('mine');
    expect(used()).toBe(before);
    expect(isResident(zeros([2]))).toBe(false);
  });

  test('an asynchronous function is refused', () => {
    expect(() => workspace(async () => 1)).toThrow(
      new TypeError('workspace: fn returned a promise, expected a synchronous function: await outside of it'),
    );
  });

  test('zeros are zeros on recycled memory', () => {
    workspace(() => ones([5000]).data.fill(7));
    const z = workspace(() => zeros([5000]));
    expect(z.data.every((v) => v === 0)).toBe(true);
  });

  test('on the reference kernels arrays lie on the heap, and survive there', () => {
    configureKernels({ kernels: 'reference' });
    const a = workspace(() => ones([2]));
    expect([...a.data]).toEqual([1, 1]);
    expect(kernelInfo().memory).toBeNull();
  });
});

describe('before the end of a workspace', () => {
  test("a block can be released: all arrays over it are empty, and its memory is the next one's", () => {
    workspace(() => {
      const a = ones([4, 6]);
      const [view] = reshapeForward(a, [24]);
      const other = ones([4, 6]);
      const address = a.data.byteOffset;
      const block = blockOf(view);
      if (block === null) throw new Error('an array of a workspace lies in one of its blocks');
      expect(blockOf(a)).toBe(block);
      expect(blockOf(other)).not.toBe(block);
      release(block);
      for (const ended of [a, view]) expect(() => reluForward(ended)).toThrow('in a workspace that has ended');
      const next = ones([4, 6]);
      expect(next.data.byteOffset).toBe(address);
      release(block);
      expect([...next.data, ...other.data]).toEqual(new Array(48).fill(1));
    });
  });

  test('only blocks of the open one can be', () => {
    expect(blockOf(ones([2]))).toBeNull();
    workspace(() => {
      const outside = ones([2]);
      workspace(() => {
        expect(blockOf(outside)).toBeNull();
        expect(blockOf(resident(outside))).toBeNull();
      });
      expect(blockOf(outside)).not.toBeNull();
    });
  });

  test('views made inside of another one end with the memory that they are over', () => {
    let view = zeros([1]);
    workspace(() => {
      const a = ones([2, 2]);
      workspace(() => {
        [view] = reshapeForward(a, [4]);
      });
      expect([...view.data]).toEqual([1, 1, 1, 1]);
    });
    expect(view.data.length).toBe(0);
  });

  test('tidied: what a function makes and does not return ends with it', () => {
    let scrap = zeros([1]);
    const sum = (): NDArray => {
      scrap = ones([2]);
      return reluForward(scrap)[0];
    };
    expect([...tidied(sum).data, ...scrap.data]).toEqual([1, 1, 1, 1]);
    workspace(() => {
      const out = tidied(sum);
      expect(scrap.data.length).toBe(0);
      expect([...out.data]).toEqual([1, 1]);
      expect(isResident(out)).toBe(true);
    });
  });
});

describe('resident', () => {
  test('copies into WebAssembly memory, views dense', () => {
    const a = linspace(0, 5, 6);
    const copy = resident(a.step(-1));
    expect([...copy.data]).toEqual([5, 4, 3, 2, 1, 0]);
    expect(isResident(copy)).toBe(true);
    copy.data[0] = 9;
    expect(a.data[5]).toBe(5);
  });
});
