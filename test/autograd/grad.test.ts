import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, hostValues, markChanged, type NDArray, Random, zeros } from '../../src/arrays/index.js';
import { autograd, F, noGrad, op, type Tensor, tensor } from '../../src/autograd/index.js';
import { workspace } from '../../src/kernels/index.js';
import '../helpers/matchers.js';

const f64 = 'float64';
const leaf = (values: number | number[] | number[][]) => tensor(values, { requiresGrad: true, dtype: f64 });
const some = (seed: number, ...shape: number[]) => tensor(new Random(seed).randn(shape, f64), { requiresGrad: true });

describe('autograd.grad', () => {
  test('is the gradient of a leaf, and leaves its grad alone', () => {
    const x = leaf([1, 2, 3]);
    const [dx] = autograd.grad(F.sum(F.mul(x, x)), x);
    expect(dx.tolist()).toEqual([2, 4, 6]);
    expect([x.grad, dx.requiresGrad, dx.isLeaf]).toEqual([null, false, true]);
  });

  test('is that of an activation, of leaves behind it too, in the order asked for', () => {
    const [x, w] = [leaf([1, 2]), leaf([3, 5])];
    const h = F.mul(x, w);
    const [dw, dh, dx] = autograd.grad(F.sum(F.mul(h, h)), [w, h, x]);
    expect(dh.tolist()).toEqual([6, 20]);
    expect(dx.tolist()).toEqual([18, 100]);
    expect(dw.tolist()).toEqual([6, 40]);
  });

  test('takes several outputs, an output twice, and an output that is an input', () => {
    const x = leaf([1, 2]);
    const [y, z] = [F.sum(F.mul(x, 3)), F.sum(F.mul(x, x))];
    expect(autograd.grad([y, z], x, { retainGraph: true })[0].tolist()).toEqual([5, 7]);
    expect(autograd.grad([z, z], [x], { retainGraph: true })[0].tolist()).toEqual([4, 8]);
    const [dz, dx] = autograd.grad(z, [z, x]);
    expect([dz.item(), dx.tolist()]).toEqual([1, [2, 4]]);
    const one = leaf(4);
    expect(autograd.grad(one, one)[0].item()).toBe(1);
  });

  test('starts from the gradients that are given', () => {
    const x = leaf([1, 2]);
    const [y, z] = [F.mul(x, 3), F.sum(x)];
    expect(autograd.grad(y, x, { gradOutputs: array([1, 10], undefined, f64), retainGraph: true })[0].tolist()).toEqual(
      [3, 30],
    );
    const gradOutputs = [tensor([1, 10], { dtype: f64 }), null];
    expect(autograd.grad([y, z], x, { gradOutputs })[0].tolist()).toEqual([4, 31]);
  });

  test('frees what it went through, unless told to retain it, and nothing else', () => {
    const [x, w] = [leaf([1, 2]), leaf([3, 5])];
    const other = F.exp(w);
    const loss = F.sum(F.mul(F.exp(x), other));
    autograd.grad(loss, x, { retainGraph: true });
    autograd.grad(loss, x);
    expect(() => autograd.grad(loss, x)).toThrow('has been freed by an earlier backward through it');
    expect(autograd.grad(F.sum(other), w)[0].shape).toEqual([2]);
  });

  test('runs no operation that leads to none of the inputs', () => {
    const ran: string[] = [];
    const traced = (name: string) =>
      op(
        (x: NDArray): [NDArray, null] => [array(x), null],
        (dout) => {
          ran.push(name);
          return dout;
        },
      );
    const [x, y] = [leaf([1]), leaf([2])];
    const [h, k] = [traced('x')(x), traced('y')(y)];
    const out = F.sum(F.mul(traced('h')(h), k));
    autograd.grad(out, h);
    expect(ran).toEqual(['h']);
  });

  test('returns gradients of its own, also where an operation hands on what it got', () => {
    const [x, y] = [leaf([1, 2]), leaf([3, 4])];
    const gradient = array([1, 1], undefined, f64);
    const sum = F.add(x, y);
    const [dx, dy, ds] = autograd.grad(sum, [x, y, sum], { gradOutputs: gradient });
    hostValues(dx.data).fill(7);
    expect([dy.tolist(), ds.tolist(), hostValues(gradient)]).toEqual([[1, 1], [1, 1], Float64Array.of(1, 1)]);
  });

  test('in a workspace: the gradients that are returned stay', () => {
    const x = some(1, 20, 30);
    const w = some(2, 30, 30);
    const [dx, dh] = workspace(() => {
      const h = F.tanh(F.matmul(x, w));
      const inner = autograd.grad(F.sum(F.mul(F.tanh(h), h)), [x, h]);
      for (let i = 0; i < 5; i++) F.exp(F.mul(x, 2));
      return inner;
    });
    const h = F.tanh(F.matmul(x, w));
    const [wantedX, wantedH] = autograd.grad(F.sum(F.mul(F.tanh(h), h)), [x, h]);
    expect(dx.data).toBeAllClose(wantedX.data, { rtol: 1e-12, atol: 1e-14 });
    expect(dh.data).toBeAllClose(wantedH.data, { rtol: 1e-12, atol: 1e-14 });
  });

  test('an unused input is null where that is allowed', () => {
    const [x, y] = [leaf(2), leaf(3)];
    const out = F.mul(x, x);
    expect(() => autograd.grad(out, [x, y])).toThrow(
      'autograd.grad: inputs[1] has nothing to do with the outputs: set allowUnused to get null for it',
    );
    const [dx, dy] = autograd.grad(out, [x, y], { allowUnused: true });
    expect([dx?.item(), dy]).toEqual([4, null]);
  });

  test('an operation that returns no gradient for an input counts as zeros', () => {
    const steps = op(
      (x: NDArray): [NDArray, null] => [zeros(x.shape, f64), null],
      () => [null],
    );
    const x = leaf([1, 2]);
    expect(autograd.grad(F.sum(steps(x)), x)[0].tolist()).toEqual([0, 0]);
  });

  test.each<[string, () => unknown]>([
    ['autograd.grad: outputs is 1, expected a tensor, or a list of one', () => autograd.grad(1 as never, leaf(1))],
    ['autograd.grad: inputs is [], expected a tensor, or a list of one', () => autograd.grad(leaf(1), [])],
    ['autograd.grad: inputs is [[1]], expected a tensor', () => autograd.grad(leaf(1), [[1]] as never)],
    ['autograd.grad: outputs needs no gradient', () => autograd.grad(tensor(1), leaf(1))],
    ['autograd.grad: outputs[1] needs no gradient', () => autograd.grad([leaf(1), tensor(1)], leaf(1))],
    ['autograd.grad: inputs[0] needs no gradient: make it', () => autograd.grad(leaf(1), [tensor(1)])],
    [
      'outputs needs no gradient',
      () =>
        autograd.grad(
          noGrad(() => F.mul(leaf(1), 2)),
          leaf(1),
        ),
    ],
    [
      'autograd.grad: outputs has shape (2,), expected one value: give a gradient of that shape, or reduce it',
      () => autograd.grad(F.mul(leaf([1, 2]), 2), leaf(1)),
    ],
    [
      'autograd.grad: gradOutputs[1] has shape (3,), expected (2,)',
      () => autograd.grad([leaf(1), leaf([1, 2])], leaf(1), { gradOutputs: [null, zeros([3], f64)] }),
    ],
    [
      'autograd.grad: gradOutputs are 2, expected 1, one for each output',
      () => autograd.grad(leaf(1), leaf(1), { gradOutputs: [null, null] }),
    ],
    [
      'autograd.grad: gradOutputs is one, expected 2, one for each output',
      () => autograd.grad([leaf(1), leaf(1)], leaf(1), { gradOutputs: zeros([], f64) }),
    ],
    [
      'autograd.grad: gradOutputs is 1, expected an array or a tensor, or a list with one or null for each output, ' +
        'or null',
      () => autograd.grad(leaf(1), leaf(1), { gradOutputs: 1 as never }),
    ],
    ["unknown option 'createGraph'", () => autograd.grad(leaf(1), leaf(1), { createGraph: true } as never)],
    ['retainGraph is 1, expected true or false', () => autograd.grad(leaf(1), leaf(1), { retainGraph: 1 as never })],
  ])('says what is wrong: %s', (message, call) => {
    expect(call).toThrow(message);
  });

  test('frees nothing when a value that it needs has changed', () => {
    const x = leaf([1, 2]);
    const loss = F.sum(F.exp(F.mul(x, x)));
    const before = array(x.data);
    hostValues(x.data)[0] = 5;
    markChanged(x.data);
    expect(() => autograd.grad(loss, x)).toThrow('input 0 of mul has been changed in place');
    hostValues(x.data).set(hostValues(before));
    expect(() => autograd.grad(loss, x)).toThrow('input 0 of mul has been changed in place');
  });
});

describe('a part of two graphs that saves nothing', () => {
  /** Functions of two matrices (3, 4) whose derivatives depend on no value. */
  const linear: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
    add: F.add,
    sub: F.sub,
    neg: (x) => F.neg(x),
    turned: (x, y) => F.add(F.transpose(F.reshape(x, [4, 3])), y),
    halves: (x, y) => F.concat([F.slice(x, [null, [0, 2]]), F.slice(y, [null, [2, 4]])], 1),
    means: (x, y) => F.add(F.broadcastTo(F.mean(x, 0), [3, 4]), y),
    layers: (x, y) => F.sum(F.stack([x, y, x]), 0),
  };
  const names = fc.constantFrom(...Object.keys(linear));

  test('can be gone through twice, and the gradients are those of two separate graphs', () => {
    const through = (steps: readonly string[], x: Tensor, y: Tensor): Tensor => {
      let [a, b] = [x, y];
      for (const step of steps) [a, b] = [linear[step](a, b), a];
      return a;
    };
    const losses = [(h: Tensor) => F.sum(F.mul(h, h)), (h: Tensor) => F.sum(F.exp(h))];
    const run = (steps: readonly string[], shared: boolean, inWorkspace: boolean): readonly (NDArray | undefined)[] => {
      const [x, y] = [some(1, 3, 4), some(2, 3, 4)];
      const pass = (): void => {
        const h = through(steps, x, y);
        for (const loss of losses) loss(shared ? h : through(steps, x, y)).backward();
      };
      if (inWorkspace) workspace(pass);
      else pass();
      return [x.grad?.data, y.grad?.data];
    };
    fc.assert(
      fc.property(fc.array(names, { minLength: 1, maxLength: 5 }), fc.boolean(), (steps, inWorkspace) => {
        const [twice, separate] = [run(steps, true, inWorkspace), run(steps, false, inWorkspace)];
        twice.forEach((gradient, i) => {
          if (separate[i] === undefined) expect(gradient).toBeUndefined();
          else expect(gradient).toBeAllClose(separate[i] as NDArray, { rtol: 1e-12, atol: 1e-13 });
        });
      }),
      { numRuns: 60 },
    );
  });

  test('holds no values: the activations under it are not kept', () => {
    const x = leaf([1, 2]);
    const h = F.exp(x);
    const loss = F.sum(F.add(h, 1));
    loss.backward();
    expect(() => loss.backward()).toThrow('backward: exp has been freed by an earlier backward through it');
    expect(x.grad?.tolist()).toEqual(h.tolist());
  });

  test('a check of gradients still knows the shapes of the inputs', () => {
    const wrong = op(
      (x: NDArray): [NDArray, null] => [array(x), null],
      () => zeros([5], f64),
      { name: 'wrong' },
    );
    expect(() => F.sum(wrong(leaf([1, 2]))).backward()).toThrow(
      'op: the backward function of wrong: the gradient of input 0 has shape (5,), expected (2,)',
    );
  });
});
