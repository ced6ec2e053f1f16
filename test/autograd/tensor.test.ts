import { describe, expect, test } from 'vitest';
import { array, F, noGrad, Tensor, tensor, workspace, zeros } from '../../src/index.js';
import '../helpers/matchers.js';

const f64 = { dtype: 'float64' } as const;
const leaf = (data: Parameters<typeof tensor>[0]) => tensor(data, { ...f64, requiresGrad: true });

describe('tensor', () => {
  test('copies nested lists, numbers, typed arrays, arrays and tensors', () => {
    expect(
      tensor([
        [1, 2],
        [3, 4],
      ]).tolist(),
    ).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tensor(5).shape).toEqual([]);
    expect(tensor(new Float64Array([1, 2])).dtype).toBe('float64');
    const a = array([1, 2]);
    const t = tensor(a);
    a.set(0, 9);
    expect(t.tolist()).toEqual([1, 2]);
    expect(tensor(t, f64).dtype).toBe('float64');
  });

  test('takes a strided view', () => {
    expect(
      tensor(
        array([
          [1, 2],
          [3, 4],
        ]).transpose(1, 0),
        { requiresGrad: true },
      ).tolist(),
    ).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  test.each([
    [() => tensor([1], { grad: true } as never), "tensor: unknown option 'grad', expected requiresGrad, dtype"],
    [() => tensor([1], { requiresGrad: 1 } as never), 'tensor: requiresGrad is 1, expected true or false'],
    [() => new Tensor([1, 2] as never), 'Tensor: data is [1, 2], expected an array; see tensor(data)'],
    [() => tensor([1, 2]).item(), 'item: the tensor has shape (2,), expected one value'],
  ])('refuses what it cannot take: %#', (make, message) => {
    expect(make).toThrow(message);
  });

  test('prints itself', () => {
    expect(String(leaf([1, 2]))).toBe('tensor([1., 2.], shape (2,), float64, requires grad)');
    expect(String(F.exp(leaf([0])))).toBe('tensor([1.], shape (1,), float64, from exp)');
    expect(String(new Tensor(zeros([20, 20])))).toMatch(/^tensor\(\[\[0\., 0\., .*\]\], shape \(20, 20\), float32\)$/s);
  });
});

describe.each<[string, unknown]>([
  ['1', 1],
  ['undefined', undefined],
  ['null', null],
  ['[1, 2]', [1, 2]],
  ['a Float32Array', new Float32Array(2)],
])('a tensor whose data JavaScript has set to %s', (found, data) => {
  const broken = (): Tensor => Object.assign(leaf([[1, 2]]), { data });

  test('is refused by name wherever it is used', () => {
    const said = `data is ${found}, expected an array: assign arrays to data, as of array(values)`;
    const x = array([[1, 2]], undefined, 'float64');
    for (const use of [
      () => broken().shape,
      () => broken().dtype,
      () => broken().size,
      () => broken().item(),
      () => broken().tolist(),
      () => broken().backward(),
      () => F.mul(broken(), 2),
    ]) {
      expect(use).toThrow(new TypeError(`Tensor: ${said}`));
    }
    expect(() => F.linear(x, broken())).toThrow(new TypeError(`linear: weight.${said}`));
    expect(() => F.add(broken(), x)).toThrow(`add: a is ${found}, expected an array`);
  });

  test('prints what it has', () => {
    expect(String(broken())).toBe(`tensor(data is ${found})`);
  });
});

describe('backward', () => {
  test('is the chain rule: y = (2x + 1)², dy/dx = 4 (2x + 1)', () => {
    const x = leaf(3);
    const y = F.pow(F.add(F.mul(x, 2), 1), 2);
    y.backward();
    expect(y.item()).toBe(49);
    expect(x.grad?.item()).toBe(28);
  });

  test('sums over all uses of an input, also where paths have different lengths', () => {
    const x = leaf(3);
    const square = F.mul(x, x);
    F.add(F.mul(square, x), F.add(square, x)).backward(); // x³ + x² + x
    expect(x.grad?.item()).toBe(27 + 6 + 1);
  });

  test('takes a given gradient, as a tensor or an array', () => {
    const x = leaf([1, 2]);
    F.mul(x, x).backward(array([10, 100], undefined, 'float64'));
    expect(x.grad?.tolist()).toEqual([20, 400]);
    F.mul(x, x).backward(tensor([1, 1], f64));
    expect(x.grad?.tolist()).toEqual([22, 404]);
  });

  test('accumulates in leaves until grad is set to null', () => {
    const x = leaf(2);
    for (let i = 0; i < 3; i++) F.mul(x, 5).backward();
    expect(x.grad?.item()).toBe(15);
    x.grad = null;
    F.mul(x, 5).backward();
    expect(x).toHaveProperty('grad.data.data.0', 5);
  });

  test('gives each leaf a gradient of its own, where an operation hands on what it got', () => {
    const [x, y] = [leaf([1, 2]), leaf([3, 4])];
    const upstream = array([1, 1], undefined, 'float64');
    F.add(x, y).backward(upstream);
    x.grad?.data.set(0, 99);
    expect(y.grad?.tolist()).toEqual([1, 1]);
    expect(upstream.get(0)).toBe(1);
  });

  test('goes straight to a leaf that it is called on', () => {
    const x = leaf(2);
    x.backward();
    expect(x.grad?.item()).toBe(1);
  });

  test('leaves constants and frozen leaves alone', () => {
    const [w, frozen] = [leaf([1, 2]), leaf([3, 4])];
    frozen.requiresGrad = false;
    const constant = tensor([5, 6], f64);
    F.sum(F.mul(F.mul(w, frozen), constant)).backward();
    expect(w.grad?.tolist()).toEqual([15, 24]);
    expect([frozen.grad, constant.grad]).toEqual([null, null]);
  });

  test('keeps the graph when asked to', () => {
    const x = leaf(3);
    const y = F.mul(x, x);
    y.backward(null, { retainGraph: true });
    y.backward();
    expect(x.grad?.item()).toBe(12);
  });

  test('goes through ten thousand operations in a row', { tags: 'slow' }, () => {
    const x = leaf(1);
    let y: Tensor = x;
    for (let i = 0; i < 10000; i++) y = F.add(y, x);
    y.backward();
    expect(x.grad?.item()).toBe(10001);
  });

  test('works inside of a workspace, and its gradients are there afterwards', () => {
    const x = leaf([1, 2, 3]);
    const gradient = workspace(() => {
      F.sum(F.mul(x, x)).backward();
      return x.grad?.data;
    });
    expect(gradient).toBeAllClose(array([2, 4, 6], undefined, 'float64'));
    workspace(() => {
      x.grad = null;
      F.sum(F.mul(x, x)).backward();
    });
    expect(x.grad?.tolist()).toEqual([2, 4, 6]);
  });
});

describe('backward refuses, and changes nothing,', () => {
  test('a tensor of several values without a gradient', () => {
    const x = leaf([1, 2]);
    expect(() => F.mul(x, 2).backward()).toThrow(
      'backward: the tensor has shape (2,), expected one value: give a gradient of that shape, or reduce it with ' +
        'F.sum or F.mean',
    );
    expect(x.grad).toBeNull();
  });

  test('a gradient of another shape, dtype or kind', () => {
    const y = F.mul(leaf([1, 2]), 2);
    expect(() => y.backward(tensor([1, 2, 3], f64))).toThrow('backward: gradient has shape (3,), expected (2,)');
    expect(() => y.backward(tensor([1, 2]))).toThrow('backward: gradient has dtype float32, expected float64');
    expect(() => y.backward(1 as never)).toThrow('backward: gradient is 1, expected an array of float32 or float64');
    expect(() => y.backward(null, { retain: true } as never)).toThrow("backward: unknown option 'retain'");
  });

  test('a tensor that needs no gradient', () => {
    expect(() => tensor(1).backward()).toThrow('backward: the tensor needs no gradient');
    const x = leaf(1);
    expect(() => noGrad(() => F.mul(x, 2)).backward()).toThrow('made in noGrad or detached');
    expect(() => F.mul(x, 2).detach().backward()).toThrow('the tensor needs no gradient');
  });

  test('a graph that an earlier backward has freed, in whole or in part', () => {
    const x = leaf(2);
    const y = F.mul(x, x);
    const [first, second] = [F.exp(y), F.neg(y)];
    first.backward();
    const before = x.grad?.item();
    expect(() => first.backward()).toThrow('backward: exp has been freed by an earlier backward through it');
    expect(() => second.backward()).toThrow(
      'backward: mul has been freed by an earlier backward through it: run the forward pass again, or give the ' +
        'earlier call { retainGraph: true }',
    );
    expect(x.grad?.item()).toBe(before);
  });

  test('to make the result of an operation a constant', () => {
    const y = F.mul(leaf(2), 2);
    expect(() => {
      y.requiresGrad = false;
    }).toThrow('Tensor: requiresGrad of the result of mul cannot be set: use detach()');
  });
});

describe('noGrad', () => {
  test('records nothing, and records again afterwards, also after an error', () => {
    const x = leaf(2);
    expect(noGrad(() => F.mul(x, x)).requiresGrad).toBe(false);
    expect(() =>
      noGrad(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(F.mul(x, x).requiresGrad).toBe(true);
  });
});
