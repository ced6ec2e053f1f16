import { describe, expect, test } from 'vitest';
import { ones, ShapeError, zeros } from '../../src/arrays/index.js';
import { F, type Tensor, type TensorLike } from '../../src/autograd/index.js';
import { countFlops } from '../../src/layers/index.js';
import * as nn from '../../src/nn/index.js';

describe('summary', () => {
  // The numbers by hand: a convolution sums 27 products and a bias for each of 4·8·8 outputs.
  const model = () =>
    new nn.Sequential(
      new nn.Conv2d(3, 4, 3, { padding: 1 }),
      new nn.BatchNorm2d(4),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Linear(64, 10, { bias: false }),
    );

  test('lists the layers', () => {
    const summary = model().summary([3, 8, 8]);
    const rows = summary.rows.map((row) => [row.name, row.type, row.outputShape, row.parameters, row.flops]);
    expect(rows).toEqual([
      ['0', 'Conv2d', [4, 8, 8], 112, 256 * (27 + 27)],
      ['1', 'BatchNorm2d', [4, 8, 8], 8, 0],
      ['2', 'ReLU', [4, 8, 8], 0, 0],
      ['3', 'MaxPool2d', [4, 4, 4], 0, 0],
      ['4', 'Flatten', [64], 0, 0],
      ['5', 'Linear', [10], 640, 10 * (64 + 63)],
    ]);
    expect(summary.rows.map((row) => row.outputBytes)).toEqual([1024, 1024, 1024, 256, 256, 40]);
    expect(summary.rows.map((row) => row.parameterBytes)).toEqual([448, 32, 0, 0, 0, 2560]);
    expect(summary).toMatchObject({
      totalParameters: 760,
      trainableParameters: 760,
      totalFlops: 15094,
      outputBytes: 3624,
      parameterBytes: 3040,
    });
    const { multiplications, additions } = countFlops({
      type: 'conv',
      input: [3, 8, 8],
      numFilters: 4,
      filterSize: 3,
      pad: 1,
    });
    expect(summary.rows[0].flops).toBe(multiplications + additions);
  });

  test('prints as a table', () => {
    expect(String(model().summary([3, 8, 8]))).toBe(
      [
        'Sequential, input (3, 8, 8)',
        'layer            output     parameters   FLOPs  output memory  parameter memory',
        '-------------------------------------------------------------------------------',
        '0 (Conv2d)       (4, 8, 8)         112  13,824        1.0 KiB             448 B',
        '1 (BatchNorm2d)  (4, 8, 8)           8       0        1.0 KiB              32 B',
        '2 (ReLU)         (4, 8, 8)           0       0        1.0 KiB               0 B',
        '3 (MaxPool2d)    (4, 4, 4)           0       0          256 B               0 B',
        '4 (Flatten)      (64,)               0       0          256 B               0 B',
        '5 (Linear)       (10,)             640   1,270           40 B           2.5 KiB',
        '-------------------------------------------------------------------------------',
        'total                              760  15,094        3.5 KiB           3.0 KiB',
      ].join('\n'),
    );
  });

  test('counts float64, frozen parameters, and rows of a sequence', () => {
    const linear = new nn.Linear(2, 3, { dtype: 'float64' });
    linear.weight.requiresGrad = false;
    const { rows, ...totals } = linear.summary([5, 2]);
    expect(rows).toEqual([
      {
        name: '',
        type: 'Linear',
        outputShape: [5, 3],
        parameters: 9,
        flops: 5 * 3 * (2 + 2),
        outputBytes: 5 * 3 * 8,
        parameterBytes: 72,
      },
    ]);
    expect(totals).toMatchObject({ totalParameters: 9, trainableParameters: 3 });
    expect(String(linear.summary(2))).toMatch(/^Linear, input \(2,\)\n.*\n-+\nLinear +\(3,\) +9 +12 /);
  });

  test('counts what is shared once, and what does not run too', () => {
    class Net extends nn.Module {
      readonly scale = new nn.Parameter(zeros([2]));
      readonly shared = new nn.Linear(2, 2);
      readonly unused = new nn.Linear(4, 1);
      override forward(x: TensorLike): Tensor {
        return F.mul(this.shared.forward(this.shared.forward(x)), this.scale);
      }
    }
    const summary = new Net().summary([2]);
    expect(summary.rows.map((row) => [row.name, row.outputShape, row.parameters, row.flops, row.outputBytes])).toEqual([
      ['', [2], 2, 0, 0],
      ['shared', [2], 6, 8, 8],
      ['shared', [2], 0, 8, 8],
      ['unused', null, 5, 0, 0],
    ]);
    expect(summary.totalParameters).toBe(13);
    expect(String(summary)).toContain('unused (Linear)  not run');
  });

  test('of several inputs takes a list of shapes, or shapes by name', () => {
    class Pair extends nn.Module {
      readonly left = new nn.Linear(3, 2);
      readonly right = new nn.Linear(4, 2);
      override forward(x: TensorLike, v: TensorLike): Tensor {
        return F.add(this.left.forward(x), this.right.forward(v));
      }
    }
    class Named extends nn.Module<Tensor> {
      readonly pair = new Pair();
      override forward({ x, v }: { readonly x: TensorLike; readonly v: TensorLike }): Tensor {
        return this.pair.forward(x, v);
      }
    }
    const list = new Pair().summary([[3], [4]]);
    expect(list.rows.map(({ outputShape, flops }) => [outputShape, flops])).toEqual([
      [[2], 12],
      [[2], 16],
    ]);
    expect(String(list)).toMatch(/^Pair, input \(3,\), \(4,\)\n/);
    const named = new Named().summary({ x: [5, 3], v: [5, 4] });
    expect(named.totalFlops).toBe(5 * 12 + 5 * 16);
    expect(String(named)).toMatch(/^Named, input x \(5, 3\), v \(5, 4\)\n/);
    expect(() => new Pair().summary([[3], 4] as never)).toThrow(
      'summary: shape is 4, expected a list of whole numbers',
    );
  });

  test('counts what a module says of itself', () => {
    class Squares extends nn.Module {
      override forward(x: TensorLike): Tensor {
        return F.mul(x, x);
      }
      override flops([size]: readonly number[]): number {
        return size;
      }
    }
    expect(new nn.Sequential(new nn.Tanh(), new Squares()).summary([7]).totalFlops).toBe(7);
  });

  test('the flops of a module that is made of others are the sum over these, and its own products', () => {
    const net = model();
    expect(net.flops([3, 8, 8])).toBe(net.summary([3, 8, 8]).totalFlops);
    expect(net.flops([3, 8, 8])).toBeGreaterThan(net.at(0).flops([3, 8, 8]));
    class Scaled extends nn.Module {
      readonly scale = new nn.Parameter(ones([1]));
      readonly net = new nn.Linear(3, 2);
      override forward(x: TensorLike): Tensor {
        return F.mul(this.net.forward(x), this.scale);
      }
    }
    expect(new Scaled().flops([3])).toBe(new nn.Linear(3, 2).flops([3]));
    expect(() => net.flops([2, 8, 8])).toThrow('Sequential[0] (Conv2d): x has shape (2, 2, 8, 8)');
  });

  test('leaves the model as it was', () => {
    const net = model();
    net.append(new nn.BatchNorm1d(10, { trackRunningStats: false }));
    net.at(1).training = false;
    const replaced = net.at(2);
    replaced.forward = F.tanh as typeof replaced.forward;
    const look = () => ({
      state: net.stateDict(),
      training: net.modules().map(({ training }) => training),
      keys: net.modules().map((module) => Object.getOwnPropertyDescriptor(module, 'forward')),
    });
    const before = look();
    net.summary([3, 8, 8]);
    expect(look()).toEqual(before);
    expect(() => net.summary([3, 6, 6])).toThrow(ShapeError);
    expect(look()).toEqual(before);
    expect(net.parameters().every(({ grad }) => grad === null)).toBe(true);
  });

  test('names what does not fit', () => {
    expect(() => model().summary([2, 8, 8])).toThrow(
      'Sequential[0] (Conv2d): x has shape (2, 2, 8, 8), expected (N, C=3, H, W)',
    );
    expect(() => model().summary('3' as never)).toThrow("summary: shape is '3', expected a list of whole numbers ≥ 0");
    class Wrong extends nn.Module {
      override forward(): Tensor {
        return 3 as unknown as Tensor;
      }
    }
    expect(() => new Wrong().summary(1)).toThrow('Wrong: forward returned 3, expected a tensor');
  });
});
