import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { array, hostValues, ones, Random, zeros } from '../../src/arrays/index.js';
import { F, Tensor, type TensorLike, tensor } from '../../src/autograd/index.js';
import * as nn from '../../src/nn/index.js';

/** A module of our own: everything in it is found by itself. */
class Net extends nn.Module {
  readonly scale = tensor([2, 3], { requiresGrad: true });
  readonly stem = new nn.Linear(3, 2);
  readonly blocks = [new nn.Linear(2, 2), new nn.BatchNorm1d(2)];
  readonly heads = { mean: new nn.Linear(2, 1), spread: { raw: new nn.Linear(2, 1, { bias: false }) } };
  readonly extra = new Map<string, unknown>([['shift', new nn.Parameter(zeros([2]))]]);
  readonly count = new nn.Buffer(zeros([]));
  readonly constant = tensor([1]);
  readonly history = [1, 2, 3];
  readonly notes: string | null = null;

  override forward(x: TensorLike): Tensor {
    const [linear, norm] = this.blocks;
    const hidden = norm.forward(linear.forward(F.mul(this.stem.forward(x), this.scale)));
    return F.add(this.heads.mean.forward(hidden), this.heads.spread.raw.forward(hidden));
  }
}

const NAMES = [
  ...['scale', 'extra.shift', 'stem.weight', 'stem.bias', 'blocks.0.weight', 'blocks.0.bias'],
  ...['blocks.1.weight', 'blocks.1.bias', 'heads.mean.weight', 'heads.mean.bias', 'heads.spread.raw.weight'],
];

describe('what a module is made of', () => {
  test('is found among its properties, in lists, objects and Maps, its own parameters first', () => {
    const net = new Net();
    expect(net.namedParameters().map(([name]) => name)).toEqual(NAMES);
    expect(net.parameters()).toEqual(net.namedParameters().map(([, parameter]) => parameter));
    const buffers = ['count', 'blocks.1.running_mean', 'blocks.1.running_var', 'blocks.1.num_batches_tracked'];
    expect(net.namedBuffers().map(([name]) => name)).toEqual(buffers);
    expect(net.buffers()[0]).toBe(net.count);
    const children = ['stem', 'blocks.0', 'blocks.1', 'heads.mean', 'heads.spread.raw'];
    expect(net.namedChildren().map(([name]) => name)).toEqual(children);
    expect(net.children()[0]).toBe(net.stem);
    expect(net.namedModules().map(([name]) => name)).toEqual(['', ...children]);
    expect(net.modules()[0]).toBe(net);
  });

  test('goes to any depth', () => {
    const net = new nn.Sequential(new Net(), new nn.Residual(new nn.Sequential(new nn.Linear(1, 1))));
    const names = net.namedParameters().map(([name]) => name);
    expect(names).toEqual([...NAMES.map((name) => `0.${name}`), '1.body.0.weight', '1.body.0.bias']);
  });

  test('is what it is now: a property that is set later counts, one that is replaced does not', () => {
    class Growing extends nn.Module {
      layer: nn.Module | null = null;
      override forward(x: TensorLike): Tensor {
        return (this.layer as nn.Linear).forward(x);
      }
    }
    const net = new Growing();
    expect(net.parameters()).toEqual([]);
    const first = new nn.Linear(1, 1);
    net.layer = first;
    expect(net.parameters()).toEqual([first.weight, first.bias]);
    net.layer = new nn.Identity();
    expect(net.parameters()).toEqual([]);
  });

  test('is listed once where it is shared, and under every name in the state dict', () => {
    const shared = new nn.Linear(2, 2);
    const tied = new nn.Linear(2, 2, { bias: false });
    Object.assign(tied, { weight: shared.weight });
    const net = new nn.Sequential(shared, new nn.Tanh(), shared, tied);
    expect(net.namedParameters().map(([name]) => name)).toEqual(['0.weight', '0.bias']);
    expect(net.modules()).toHaveLength(4);
    expect(net.children()).toHaveLength(3);
    expect(Object.keys(net.stateDict())).toEqual(['0.weight', '0.bias', '2.weight', '2.bias', '3.weight']);

    const x = new Random(1).randn([4, 2]);
    F.sum(net.forward(x)).backward();
    expect((shared.weight.grad as Tensor).shape).toEqual([2, 2]);
  });

  test('may contain itself', () => {
    class Node extends nn.Module {
      readonly weight = new nn.Parameter(ones([1]));
      next: Node | null = null;
      override forward(x: TensorLike): Tensor {
        return F.mul(x, this.weight);
      }
    }
    const [a, b] = [new Node(), new Node()];
    a.next = b;
    b.next = a;
    expect(a.namedParameters().map(([name]) => name)).toEqual(['weight', 'next.weight']);
    expect(Object.keys(a.stateDict())).toEqual(['weight', 'next.weight']);
    expect(String(a)).toBe('Node(\n  (next): Node()\n)');
    const list: unknown[] = [];
    list.push(list, b.weight);
    Object.assign(b, { next: null, list });
    expect(b.namedParameters().map(([name]) => name)).toEqual(['weight']);
    let calls = 0;
    a.apply(() => calls++);
    expect(calls).toBe(2);
  });

  test('a parameter stays one when it is frozen; the result of an operation is none', () => {
    class Scale extends nn.Module {
      readonly weight = new nn.Parameter(ones([2]), { requiresGrad: false });
      last: Tensor | null = null;
      override forward(x: TensorLike): Tensor {
        this.last = F.mul(x, this.weight);
        return this.last;
      }
    }
    const net = new Scale();
    net.forward(tensor([1, 2], { requiresGrad: true }));
    expect(net.namedParameters()).toEqual([['weight', net.weight]]);
    expect(net.weight.requiresGrad).toBe(false);
    expect(net.buffers()).toEqual([]);
  });
});

describe('train, eval, requiresGrad_, zeroGrad and apply', () => {
  test('train and eval reach every module, and return theirs', () => {
    const net = new nn.Sequential(new Net(), new nn.Residual(new nn.Dropout()));
    const modes = () => new Set(net.modules().map(({ training }) => training));
    expect(modes()).toEqual(new Set([true]));
    expect(net.eval()).toBe(net);
    expect(modes()).toEqual(new Set([false]));
    expect(net.train()).toBe(net);
    expect(modes()).toEqual(new Set([true]));
    net.train(false);
    expect(modes()).toEqual(new Set([false]));
    expect(() => net.train('yes' as unknown as boolean)).toThrow("train: mode is 'yes', expected true or false");
  });

  test('requiresGrad_ freezes', () => {
    const net = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 1));
    expect((net.at(0) as nn.Linear).requiresGrad_(false)).toBe(net.at(0));
    F.sum(net.forward(ones([1, 2]))).backward();
    expect(net.parameters().map(({ grad }) => grad === null)).toEqual([true, true, false, false]);
    net.requiresGrad_();
    expect(net.parameters().every(({ requiresGrad }) => requiresGrad)).toBe(true);
    expect(() => net.requiresGrad_(1 as unknown as boolean)).toThrow('requiresGrad_: requiresGrad is 1, expected true');
  });

  test('zeroGrad forgets all gradients, which add up until then', () => {
    const net = new nn.Linear(2, 1, { bias: false });
    const x = array([[3, 4]]);
    F.sum(net.forward(x)).backward();
    F.sum(net.forward(x)).backward();
    expect((net.weight.grad as Tensor).tolist()).toEqual([[6, 8]]);
    net.zeroGrad();
    expect(net.weight.grad).toBeNull();
  });

  test('apply comes to each module once, after those in it', () => {
    const relu = new nn.ReLU();
    const net = new nn.Sequential(relu, new nn.Residual(relu), new nn.Tanh());
    const seen: string[] = [];
    expect(net.apply((module) => seen.push(module.constructor.name))).toBe(net);
    expect(seen).toEqual(['ReLU', 'Identity', 'Residual', 'Tanh', 'Sequential']);
    expect(() => net.apply(3 as never)).toThrow('apply: fn is 3, expected a function');
    expect(() => net.apply(async () => {})).toThrow('apply: fn returned a promise, expected a synchronous function');
  });
});

test('forward may take what it needs', () => {
  class Scaled extends nn.Module {
    readonly inner = new nn.Identity();
    override forward(x: Tensor, factor: number): Tensor {
      return F.mul(this.runChild('inner', this.inner, x), factor);
    }
  }
  expect(new Scaled().forward(tensor([1, 2]), 3).tolist()).toEqual([3, 6]);
});

describe('printing', () => {
  test('shows the structure', () => {
    const net = new nn.Sequential(
      new nn.Conv2d(3, 8, [3, 5], { padding: [1, 2], bias: false }),
      new nn.BatchNorm2d(8),
      new nn.Residual(new nn.Sequential(new nn.ReLU()), { shortcut: new nn.Linear(4, 2, { bias: false }) }),
      new nn.Dropout(0.2),
    );
    const text = [
      'Sequential(',
      '  (0): Conv2d(3, 8, kernelSize=(3, 5), stride=1, padding=(1, 2), bias=false)',
      '  (1): BatchNorm2d(8, eps=1e-5, momentum=0.1)',
      '  (2): Residual(',
      '    (body): Sequential(',
      '      (0): ReLU()',
      '    )',
      '    (shortcut): Linear(4, 2, bias=false)',
      '  )',
      '  (3): Dropout(p=0.2)',
      ')',
    ].join('\n');
    expect(String(net)).toBe(text);
    expect(inspect(net)).toBe(text);
    expect(inspect({ net: new nn.ReLU() })).toBe('{ net: ReLU() }');
  });

  test.each<[nn.Module, string]>([
    [new nn.Linear(3, 2), 'Linear(3, 2)'],
    [new nn.Conv2d(3, 2, 1, { stride: 2 }), 'Conv2d(3, 2, kernelSize=1, stride=2)'],
    [new nn.Conv2d(4, 8, 3, { padding: 'same' }), 'Conv2d(4, 8, kernelSize=3, stride=1, padding=same)'],
    [
      new nn.Conv2d(4, 8, 3, { padding: 2, dilation: [2, 1], groups: 4, bias: false }),
      'Conv2d(4, 8, kernelSize=3, stride=1, padding=2, dilation=(2, 1), groups=4, bias=false)',
    ],
    [
      new nn.BatchNorm1d(2, { momentum: null, affine: false, trackRunningStats: false }),
      'BatchNorm1d(2, eps=1e-5, momentum=null, affine=false, trackRunningStats=false)',
    ],
    [new nn.LayerNorm([3, 4]), 'LayerNorm((3, 4), eps=1e-5)'],
    [new nn.LayerNorm(3, { bias: false }), 'LayerNorm((3,), eps=1e-5, bias=false)'],
    [new nn.LayerNorm(3, { elementwiseAffine: false }), 'LayerNorm((3,), eps=1e-5, elementwiseAffine=false)'],
    [new nn.GroupNorm(2, 4), 'GroupNorm(2, 4, eps=1e-5)'],
    [new nn.GroupNorm(2, 4, { affine: false }), 'GroupNorm(2, 4, eps=1e-5, affine=false)'],
    [new nn.LeakyReLU(0.2), 'LeakyReLU(negativeSlope=0.2)'],
    [new nn.ELU(), 'ELU(alpha=1)'],
    [new nn.ReLU6(), 'ReLU6()'],
    [new nn.Dropout2d(0.2), 'Dropout2d(p=0.2)'],
    [new nn.Softmax({ dim: 1 }), 'Softmax(dim=1)'],
    [new nn.LogSoftmax(), 'LogSoftmax(dim=-1)'],
    [new nn.GELU(), "GELU(approximate='none')"],
    [new nn.GELU({ approximate: 'tanh' }), "GELU(approximate='tanh')"],
    [new nn.Softplus(), 'Softplus(beta=1, threshold=20)'],
    [new nn.PReLU(), 'PReLU(numParameters=1)'],
    [new nn.Maxout(2), 'Maxout(pieces=2)'],
    [new nn.AvgPool2d(2, 1), 'AvgPool2d(kernelSize=2, stride=1, padding=0)'],
    [
      new nn.MaxPool2d([3, 2], { padding: [1, 0], ceilMode: true }),
      'MaxPool2d(kernelSize=(3, 2), stride=(3, 2), padding=(1, 0), dilation=1, ceilMode=true)',
    ],
    [new nn.AdaptiveMaxPool2d([null, 2]), 'AdaptiveMaxPool2d(outputSize=(null, 2))'],
    [new nn.AdaptiveAvgPool2d(1), 'AdaptiveAvgPool2d(outputSize=1)'],
    [new nn.Flatten(), 'Flatten(startDim=1)'],
    [new nn.Sequential(), 'Sequential()'],
    [
      new Net(),
      'Net(\n  (stem): Linear(3, 2)\n  (blocks.0): Linear(2, 2)\n  (blocks.1): BatchNorm1d(2, eps=1e-5, ' +
        'momentum=0.1)\n  (heads.mean): Linear(2, 1)\n  (heads.spread.raw): Linear(2, 1, bias=false)\n)',
    ],
  ])('%s', (module, text) => {
    expect(String(module)).toBe(text);
  });
});

describe('Parameter and Buffer', () => {
  test('copy their values', () => {
    const values = array([1, 2], [2], 'float64');
    const parameter = new nn.Parameter(values);
    const buffer = new nn.Buffer(new Tensor(values));
    values.data[0] = 9;
    expect([...hostValues(parameter.data), ...hostValues(buffer.data)]).toEqual([1, 2, 1, 2]);
    expect([parameter.dtype, parameter.requiresGrad, buffer.requiresGrad]).toEqual(['float64', true, false]);
  });

  test('name what they cannot be made of', () => {
    expect(() => new nn.Parameter([1, 2] as never)).toThrow(
      'Parameter: values is [1, 2], expected an array or a tensor, see array(values)',
    );
    expect(() => new nn.Buffer(null as never)).toThrow('Buffer: values is null, expected an array or a tensor');
    expect(() => new nn.Parameter(zeros([1]), { grad: true } as never)).toThrow("Parameter: unknown option 'grad'");
  });
});
