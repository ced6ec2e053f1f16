import { describe, expect, test } from 'vitest';
import { array, linspace, type NDArray } from '../../src/arrays/index.js';
import { F, gradCheck, Tensor } from '../../src/autograd/index.js';
import { decodeOnnx } from '../../src/onnx/index.js';
import { modelBytes, type TestNode, type TestTensor } from '../helpers/onnx-bytes.js';

/** The output of one node for the input x, with tensors of the file as its other inputs. */
function run(node: TestNode, x: NDArray, tensors: Record<string, TestTensor> = {}, opset = 17): Tensor {
  const inputs = node.inputs ?? ['x', ...Object.keys(tensors)];
  return decodeOnnx(modelBytes({ nodes: [{ ...node, inputs }], tensors, opset })).forward(x);
}

const floats = (shape: number[], values: number[]): TestTensor => ({ shape, values });
const whole = (...values: number[]): TestTensor => ({ shape: [values.length], values, ints: true });
const scalar = (value: number): TestTensor => ({ shape: [], values: [value] });
const ramp = (...shape: number[]): NDArray => {
  const size = shape.reduce((a, b) => a * b);
  return array(linspace(-1, 1, size), shape, 'float32');
};
const image = array([
  [
    [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 10],
    ],
  ],
]);

describe('Gemm', () => {
  const a = array([
    [1, 2],
    [3, 4],
  ]);
  const b = floats([2, 2], [5, 6, 7, 8]);

  test('alpha, beta and both transpositions', () => {
    const c = floats([2], [1, 1]);
    const attributes = { alpha: { float: 2 }, beta: { float: 0.5 }, transA: 1, transB: 1 };
    // aᵀ · bᵀ = [[1, 3], [2, 4]] · [[5, 7], [6, 8]]
    expect(run({ op: 'Gemm', attributes }, a, { b, c }).tolist()).toEqual([
      [46.5, 62.5],
      [68.5, 92.5],
    ]);
  });

  test('a bias that broadcasts along the other axis, and none', () => {
    expect(run({ op: 'Gemm' }, a, { b, c: floats([2, 1], [1, 2]) }).tolist()).toEqual([
      [20, 23],
      [45, 52],
    ]);
    expect(run({ op: 'Gemm' }, a, { b }).tolist()).toEqual([
      [19, 22],
      [43, 50],
    ]);
  });
});

describe('Conv', () => {
  const w = floats([1, 1, 2, 2], [1, 1, 1, 1]);

  test('SAME_UPPER puts an odd zero behind, SAME_LOWER before', () => {
    const upper = run({ op: 'Conv', attributes: { auto_pad: 'SAME_UPPER' } }, image, { w });
    expect(upper.tolist()).toEqual([
      [
        [
          [12, 16, 9],
          [24, 29, 16],
          [15, 18, 10],
        ],
      ],
    ]);
    const lower = run({ op: 'Conv', attributes: { auto_pad: 'SAME_LOWER' } }, image, { w });
    expect(lower.tolist()).toEqual([
      [
        [
          [1, 3, 5],
          [5, 12, 16],
          [11, 24, 29],
        ],
      ],
    ]);
  });

  test('SAME with a stride has as many outputs as strides begin', () => {
    const attributes = { auto_pad: 'SAME_UPPER', strides: [2, 2] };
    expect(run({ op: 'Conv', attributes }, image, { w }).tolist()).toEqual([
      [
        [
          [12, 9],
          [15, 10],
        ],
      ],
    ]);
  });

  test('zeros on one side', () => {
    const out = run({ op: 'Conv', attributes: { pads: [1, 0, 0, 0] } }, image, { w });
    expect(out.tolist()).toEqual([
      [
        [
          [3, 5],
          [12, 16],
          [24, 29],
        ],
      ],
    ]);
  });

  test('names the node whose input does not fit', () => {
    const node = { op: 'Conv', name: 'first', attributes: { pads: [1, 0] } };
    expect(() => run(node, image, { w })).toThrow("OnnxModel: node 'first' (Conv): pads has 2 numbers, not 4");
    const kernel = { op: 'Conv', attributes: { kernel_shape: [3, 3] } };
    expect(() => run(kernel, image, { w })).toThrow("node 0 (Conv): kernel_shape is 3,3, expected 2,2, the weights'");
    expect(() => run({ op: 'Conv' }, array([[1, 2]]), { w })).toThrow(
      'node 0 (Conv): x has 2 axes, expected (N, C, H, W) or (N, C, L)',
    );
  });
});

describe('poolings', () => {
  test('a max pooling with values missing on one side', () => {
    const attributes = { kernel_shape: [2, 2], pads: [1, 1, 0, 0], strides: [2, 2] };
    expect(run({ op: 'MaxPool', attributes }, image).tolist()).toEqual([
      [
        [
          [1, 3],
          [7, 10],
        ],
      ],
    ]);
  });

  test('a last window that begins in the padding behind does not count', () => {
    const attributes = { kernel_shape: [2, 2], pads: [0, 0, 1, 1], strides: [3, 3], ceil_mode: 1 };
    expect(run({ op: 'MaxPool', attributes }, image).tolist()).toEqual([[[[5]]]]);
  });

  test('an average with padding on one side, which counts or not', () => {
    const attributes = { kernel_shape: [2, 2], pads: [0, 0, 1, 1], strides: [2, 2] };
    expect(run({ op: 'AveragePool', attributes }, image).tolist()).toEqual([
      [
        [
          [3, 4.5],
          [7.5, 10],
        ],
      ],
    ]);
    const counted = { ...attributes, count_include_pad: 1 };
    expect(run({ op: 'AveragePool', attributes: counted }, image).tolist()).toEqual([
      [
        [
          [3, 2.25],
          [3.75, 2.5],
        ],
      ],
    ]);
  });

  test('strides are 1 by default', () => {
    const out = run({ op: 'AveragePool', attributes: { kernel_shape: [3, 2] } }, image);
    expect(out.data).toBeAllClose(array([[[[4.5, 34 / 6]]]]), { rtol: 1e-6 });
  });

  test('windows that do not fit', () => {
    const attributes = { kernel_shape: [2, 5], pads: [0, 0, 0, 1] };
    expect(() => run({ op: 'MaxPool', attributes }, image)).toThrow(
      'node 0 (MaxPool): windows of 5 do not fit on 3 values with padding',
    );
  });
});

describe('Softmax', () => {
  test('before opset 13 goes over all axes from its own on', () => {
    const x = ramp(2, 2, 2);
    const old = run({ op: 'Softmax' }, x, {}, 11);
    expect(old.data).toBeAllClose(F.reshape(F.softmax(F.reshape(x, [2, 4]), 1), [2, 2, 2]).data);
    expect(run({ op: 'Softmax' }, x, {}, 13).data).toBeAllClose(F.softmax(x, -1).data);
    expect(run({ op: 'LogSoftmax', attributes: { axis: 0 } }, x, {}, 11).data).toBeAllClose(
      F.reshape(F.logSoftmax(F.reshape(x, [1, 8]), 1), [2, 2, 2]).data,
    );
  });
});

describe('activations', () => {
  const x = array([-4, -1, 0, 0.5, 3]);

  test.each<[TestNode, Record<string, TestTensor>, number[]]>([
    [{ op: 'HardSigmoid' }, {}, [0, 0.3, 0.5, 0.6, 1]],
    [{ op: 'Clip' }, { low: scalar(-1), high: scalar(1) }, [-1, -1, 0, 0.5, 1]],
    [{ op: 'Clip', inputs: ['x', '', 'high'] }, { high: scalar(1) }, [-4, -1, 0, 0.5, 1]],
    [{ op: 'ThresholdedRelu', attributes: { alpha: { float: 0.5 } } }, {}, [0, 0, 0, 0, 3]],
    [{ op: 'PRelu' }, { slope: floats([5], [1, 2, 3, 4, 5]) }, [-4, -2, 0, 0.5, 3]],
    [
      { op: 'Celu', attributes: { alpha: { float: 2 } } },
      {},
      [-4, -1, 0, 0.5, 3].map((v) => (v > 0 ? v : 2 * Math.expm1(v / 2))),
    ],
  ])('%j', (node, tensors, expected) => {
    expect(run(node, x, tensors).data).toBeAllClose(array(expected), { rtol: 1e-6, atol: 1e-7 });
  });

  test('Erf and its gradient, also where the argument is 0 or large', () => {
    const model = decodeOnnx(modelBytes({ nodes: [{ op: 'Erf' }], inputs: { x: ['n'] } }), { dtype: 'float64' });
    const at = array([-30, -1, -1e-9, 0, 0.5, 7], [6], 'float64');
    const out = model.forward(at);
    const erf = [-1, -0.84270079295, -1.12837916709551e-9, 0, 0.52049987781, 1];
    expect(out.data).toBeAllClose(array(erf, [6], 'float64'), { rtol: 1e-6, atol: 1e-15 });
    expect(gradCheck((x: Tensor) => model.forward(x), [new Tensor(at, { requiresGrad: true })])).toBe(true);
  });
});

describe('integers', () => {
  test('a slice up to the largest number of int64, and one in reverse to the smallest', () => {
    const ends = {
      s: whole(0),
      e: { shape: [1], values: [2 ** 63 - 1024], ints: true },
      a: whole(1),
      t: whole(2),
    };
    expect(run({ op: 'Slice' }, array([[1, 2, 3]]), ends).tolist()).toEqual([[1, 3]]);
    const back = {
      s: whole(-1),
      e: { shape: [1], values: [-(2 ** 63)], ints: true },
      a: whole(1),
      t: whole(-1),
    };
    expect(run({ op: 'Slice' }, array([[1, 2, 3]]), back).tolist()).toEqual([[3, 2, 1]]);
  });

  test('a shape that is computed: Shape, Gather, Mul, Unsqueeze, Concat, Reshape', () => {
    const nodes: TestNode[] = [
      { op: 'Shape', outputs: ['s'] },
      { op: 'Gather', inputs: ['s', 'one'], outputs: ['h'] },
      { op: 'Gather', inputs: ['s', 'two'], outputs: ['w'] },
      { op: 'Mul', inputs: ['h', 'w'], outputs: ['hw'] },
      { op: 'Unsqueeze', inputs: ['hw', 'axis'], outputs: ['list'] },
      { op: 'Concat', inputs: ['minus', 'list'], outputs: ['shape'], attributes: { axis: 0 } },
      { op: 'Reshape', inputs: ['x', 'shape'] },
    ];
    const tensors = {
      one: { shape: [], values: [1], ints: true },
      two: { shape: [], values: [-1], ints: true },
      axis: whole(0),
      minus: whole(-1),
    };
    expect(decodeOnnx(modelBytes({ nodes, tensors })).forward(ramp(2, 3, 4)).shape).toEqual([2, 12]);
  });

  test('an output of whole numbers is float64', () => {
    const out = run({ op: 'ArgMax', attributes: { axis: 1, keepdims: 0 } }, array([[1, 3, 2]]));
    expect([out.dtype, out.tolist()]).toEqual(['float64', [1]]);
  });

  test('TopK has values and places', () => {
    const nodes = [{ op: 'TopK', inputs: ['x', 'k'], outputs: ['v', 'i'], attributes: { largest: 0 } }];
    const model = decodeOnnx<Record<string, Tensor>>(
      modelBytes({ nodes, tensors: { k: whole(2) }, outputs: ['v', 'i'] }),
    );
    const { v, i } = model.forward(array([[4, 1, 3]]));
    expect([v.tolist(), i.tolist()]).toEqual([[[1, 3]], [[1, 2]]]);
  });

  test('a number beyond 2^53 is no size', () => {
    const shape = { shape: [1], values: [2 ** 60], ints: true };
    expect(() => run({ op: 'Reshape' }, array([1]), { shape })).toThrow(
      'node 0 (Reshape): a whole number is Infinity, expected one within ±2^53',
    );
  });

  test.each([
    ['ReduceSumSquare', 9],
    ['ReduceL1', 3],
    ['ReduceL2', 3],
    ['ReduceMean', -3],
    ['ReduceProd', -3],
  ])('%s of a value alone', (op, expected) => {
    expect(run({ op }, array(-3)).tolist()).toBe(expected);
    const kept = run({ op, attributes: { noop_with_empty_axes: 1 } }, array([-3]), { axes: whole() }, 18);
    expect(kept.tolist()).toEqual([expected]);
  });

  test.each([
    ['Flatten', {}, [], [-3, -2, 1, 3]],
    ['Clip', {}, ['', 'two'], [-3, -2, 1, 1]],
    ['Relu', {}, [], [0, 0, 1, 3]],
    ['Pad', {}, ['pads'], [0, -3, -2, 0, 1, 3]],
    ['MatMul', {}, ['square'], [-3, -5, 1, 4]],
    ['Gemm', {}, ['square'], [-3, -5, 1, 4]],
    ['ReduceMean', { axes: [0] }, [], [-1, 0]],
    ['ReduceMax', { axes: [1] }, [], [-2, 3]],
    ['GatherElements', { axis: 1 }, ['places'], [-2, 1]],
    ['Pow', {}, ['twice'], [18, 12, 2, 24]],
  ])('%s of whole numbers makes whole numbers, which are divided as such', (op, attributes, others, expected) => {
    const nodes = [
      { op: 'Cast', attributes: { to: 7 }, outputs: ['whole'] },
      { op, inputs: ['whole', ...others], attributes, outputs: ['made'] },
      { op: 'Div', inputs: ['made', 'two'] },
    ];
    const tensors = {
      two: { shape: [], values: [2], ints: true },
      pads: whole(0, 1, 0, 0),
      square: { shape: [2, 2], values: [1, 1, 0, 1], ints: true },
      places: { shape: [2, 1], values: [1, 0], ints: true },
      twice: scalar(2),
    };
    const x = array([
      [-6.5, -5],
      [2, 7],
    ]);
    const halves = decodeOnnx(modelBytes({ nodes, tensors })).forward(x);
    expect(Array.from(halves.data.data, (value) => value + 0)).toEqual(expected);
  });

  test('a Cast to fewer bits drops the upper ones', () => {
    const cast = (to: number, ...values: number[]): unknown =>
      run({ op: 'Cast', attributes: { to } }, array(values)).tolist();
    expect(cast(2, -250, 255, 256, 300)).toEqual([6, 255, 0, 44]);
    expect(cast(3, -129, -128, 127, 128)).toEqual([127, -128, 127, -128]);
    expect(cast(7, -250, 2 ** 40)).toEqual([-250, 2 ** 40]);
  });

  test('a Dropout that is told to train, and one whose mask is left out', () => {
    const of = (outputs: string[], mode: number): Tensor =>
      decodeOnnx(
        modelBytes({
          nodes: [
            { op: 'Cast', inputs: ['mode'], attributes: { to: 9 }, outputs: ['bool'] },
            { op: 'Dropout', inputs: ['x', '', 'bool'], outputs },
          ],
          tensors: { mode: { shape: [], values: [mode], ints: true } },
        }),
      ).forward(array([1]));
    expect(of(['y', ''], 0).tolist()).toEqual([1]);
    expect(() => of(['y'], 1)).toThrow('node 1 (Dropout): training_mode is true, expected false');
  });

  test('ReduceProd of floats', () => {
    const x = array([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(run({ op: 'ReduceProd' }, x).tolist()).toEqual([[720]]);
    const attributes = { axes: [-1], keepdims: 0 };
    expect(run({ op: 'ReduceProd', attributes }, x).tolist()).toEqual([6, 120]);
    expect(run({ op: 'ReduceProd', attributes: { axes: [0] } }, x).tolist()).toEqual([[4, 10, 18]]);
  });

  test('Pad reflects along any axes', () => {
    const pad = { op: 'Pad', attributes: { mode: 'reflect' } };
    const x = array([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(run(pad, x, { pads: whole(1, 0, 0, 1) }).tolist()).toEqual([
      [4, 5, 6, 5],
      [1, 2, 3, 2],
      [4, 5, 6, 5],
    ]);
    expect(run(pad, image, { pads: whole(0, 0, 0, 2, 0, 0, 0, 0) }).tolist()).toEqual([
      [
        [
          [3, 2, 1, 2, 3],
          [6, 5, 4, 5, 6],
          [10, 8, 7, 8, 10],
        ],
      ],
    ]);
  });

  test('an array whose size the file says is not made larger than 64 MB', () => {
    const shape = whole(2 ** 20, 2 ** 20);
    for (const op of ['Expand', 'Tile']) {
      expect(() => run({ op }, array([[1]]), { shape })).toThrow(/a shape is \(1048576, 1048576\), expected sizes ≥ 0/);
    }
    expect(() => run({ op: 'Pad' }, array([[1]]), { pads: whole(0, 0, 2 ** 20, 2 ** 20) })).toThrow('a shape is');
    const nodes = [{ op: 'ConstantOfShape', inputs: ['s'] }];
    expect(() => decodeOnnx(modelBytes({ nodes, tensors: { s: shape } })).forward(array([1]))).toThrow('a shape is');
  });
});
