import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, type DType, hostValues, type NDArray, ones, Random, zeros } from '../../src/arrays/index.js';
import {
  affineForward,
  type ConvLayerSizes,
  convBackward,
  convBackwardNaive,
  convForward,
  convForwardNaive,
  convOutputShape,
  countFlops,
  dropoutForward,
  maxPoolForward,
  receptiveField,
  reluForward,
  spatialBatchnormForward,
  type WindowedLayer,
} from '../../src/layers/index.js';
import { arraysOf, DTYPES, expectGolden, type FixtureCase } from '../helpers/fixtures.js';
import { describeKernelSets } from '../helpers/kernel-sets.js';
import { casesIn } from '../helpers/normalization.js';
import { pretend } from '../helpers/pretend.js';

// Of this file's ops `kaiming_normal` (initial weights) and `normalize_images` (transforms) have no function yet; there
// is none of its own for `flatten`, which affine layers do.
const FILE = ['notebook_shapes_and_arithmetic'];

interface ArithmeticCase {
  readonly name: string;
  readonly op: string;
  readonly config: Readonly<Record<string, number>> & { readonly kernels?: readonly number[] };
  readonly expected: Readonly<Record<string, number>>;
}

interface ShapeCase {
  readonly name: string;
  readonly op: string;
  readonly config: { readonly x_shape: readonly number[] };
  readonly expected: {
    readonly scores_shape: readonly number[];
    readonly layers: readonly { readonly layer: string; readonly out_shape: readonly number[] }[];
    readonly num_parameters: number;
  };
}

const [outputSizes, operations, twoLayers] = casesIn<ArithmeticCase>(FILE, 'conv_arithmetic');
const [twoLayerNet, threeLayerNet, threeBlockNet] = casesIn<ShapeCase>(FILE, 'shape_check');

function layerOf({ config: { C, H, W, F, HH, WW, stride, pad } }: ArithmeticCase): ConvLayerSizes {
  return { type: 'conv', input: [C, H, W], numFilters: F, filterSize: [HH, WW], stride, pad };
}

describe('the numbers of the assignment', () => {
  test(`${outputSizes.name}: 64 × 64 × 10, ten filters of 6 × 6, stride 2, pad 1`, () => {
    const { out_height, out_width, out_channels, num_parameters, num_weights } = outputSizes.expected;
    const layer = layerOf(outputSizes);
    expect(convOutputShape(layer)).toEqual([out_channels, out_height, out_width]);
    expect(convOutputShape(layer)).toEqual([10, 31, 31]);
    expect(countFlops(layer).outputShape).toEqual([10, 31, 31]);
    expect(countFlops(layer).parameters).toBe(num_parameters);
    expect(countFlops(layer).parameters).toBe(3610);
    expect(countFlops({ ...layer, bias: false }).parameters).toBe(num_weights);
  });

  test(`${operations.name}: 3 × 3 on 128 × 128`, () => {
    const { out_height, out_width, forward_multiplications, forward_additions } = operations.expected;
    const layer = layerOf(operations);
    expect(countFlops({ ...layer, bias: false })).toEqual({
      outputShape: [1, out_height, out_width],
      parameters: 9,
      multiplications: forward_multiplications,
      additions: forward_additions,
    });
    expect([forward_multiplications, forward_additions]).toEqual([142884, 127008]);
    // The gradient of the filter is a convolution of the image with the gradient of the output.
    const gradient = countFlops({ ...layer, filterSize: [out_height, out_width], bias: false });
    expect(gradient.outputShape).toEqual([1, 3, 3]);
    expect(gradient.multiplications).toBe(operations.expected.dw_multiplications);
    expect(gradient.additions).toBe(operations.expected.dw_additions);
  });

  test(`${twoLayers.name}: 5 × 5 twice sees 9 × 9`, () => {
    const { kernels = [], stride } = twoLayers.config;
    const field = receptiveField(kernels.map((size) => ({ size, stride })));
    expect(field).toEqual([twoLayers.expected.equivalent_kernel, twoLayers.expected.equivalent_kernel]);
    expect(field).toEqual([9, 9]);
  });
});

describe('convOutputShape', () => {
  test.each<[layer: Parameters<typeof convOutputShape>[0], shape: number[]]>([
    [{ input: [3, 32, 32], numFilters: 32, filterSize: 7, pad: 3 }, [32, 32, 32]],
    [{ input: [3, 32, 32], numFilters: 5, filterSize: 7 }, [5, 26, 26]],
    [{ input: [1, 7, 9], numFilters: 4, filterSize: [3, 5], stride: [2, 1], pad: [1, 0] }, [4, 4, 5]],
    [{ input: [2, 5, 5], numFilters: 1, filterSize: 5 }, [1, 1, 1]],
    [{ input: [2, 5, 6], numFilters: 1, filterSize: 2, stride: 3, bias: false }, [1, 2, 2]],
    [{ input: [4, 9, 9], numFilters: 8, filterSize: 3, dilation: [2, 4], groups: 4 }, [8, 5, 1]],
    [{ input: [4, 9, 7], numFilters: 2, filterSize: [4, 3], dilation: [1, 2], pad: 'same' }, [2, 9, 7]],
    [{ input: [4, 9, 7], numFilters: 2, filterSize: 4, pad: 'valid', stride: 2 }, [2, 3, 2]],
  ])('of %j is %j', (layer, shape) => {
    expect(convOutputShape(layer)).toEqual(shape);
  });
});

describe('countFlops', () => {
  test.each<[layer: Parameters<typeof countFlops>[0], parameters: number, multiplications: number, additions: number]>([
    [{ type: 'affine', inputDim: 5, outputDim: 3 }, 18, 15, 15],
    [{ type: 'affine', inputDim: 5, outputDim: 3, bias: true }, 18, 15, 15],
    [{ type: 'affine', inputDim: 5, outputDim: 3, bias: false }, 15, 15, 12],
    [{ type: 'affine', inputDim: 1, outputDim: 4, bias: false }, 4, 4, 0],
    // 45 products to each of 4 · 4 · 5 outputs.
    [
      { type: 'conv', input: [3, 7, 9], numFilters: 4, filterSize: [3, 5], stride: [2, 1], pad: [1, 0] },
      4 * 46,
      80 * 45,
      80 * 45,
    ],
    [{ type: 'conv', input: [3, 7, 9], numFilters: 4, filterSize: [3, 5], bias: false }, 180, 100 * 45, 100 * 44],
    // Depthwise: 9 products to each output, however many channels there are.
    [{ type: 'conv', input: [8, 7, 9], numFilters: 16, filterSize: 3, groups: 8 }, 160, 560 * 9, 560 * 9],
    [
      { type: 'conv', input: [6, 9, 9], numFilters: 4, filterSize: 3, groups: 2, dilation: 2, bias: false },
      4 * 27,
      100 * 27,
      100 * 26,
    ],
  ])('of %j', (layer, parameters, multiplications, additions) => {
    expect(countFlops(layer)).toMatchObject({ parameters, multiplications, additions });
  });

  test('a convolution as large as its image costs what an affine layer does', () => {
    const { outputShape, ...conv } = countFlops({ type: 'conv', input: [3, 4, 5], numFilters: 7, filterSize: [4, 5] });
    const affine = countFlops({ type: 'affine', inputDim: 60, outputDim: 7 });
    expect(affine).toEqual({ outputShape: [7], ...conv });
    expect(outputShape).toEqual([7, 1, 1]);
  });
});

describe('receptiveField', () => {
  test.each<[layers: WindowedLayer[], field: number[]]>([
    [[], [1, 1]],
    [[{ size: 7 }], [7, 7]],
    [
      [{ size: 3 }, { size: 3 }, { size: 3 }],
      [7, 7],
    ],
    [
      [{ size: 3 }, { size: 2, stride: 2 }, { size: 3 }],
      [8, 8],
    ],
    [
      [{ size: 1, stride: 4 }, { size: 2 }],
      [5, 5],
    ],
    [
      [{ size: [3, 5], stride: [2, 1] }, { size: [3, 1] }],
      [7, 5],
    ],
    [
      [{ size: 3 }, { size: 3, dilation: 2 }, { size: 3, dilation: [4, 1] }],
      [15, 9],
    ],
  ])('of %j is %j', (layers, field) => {
    expect(receptiveField(layers)).toEqual(field);
  });

  test('is the image from which the layers make one pixel', () => {
    const axis = fc.integer({ min: 1, max: 4 });
    const layer = fc.record({
      size: fc.tuple(axis, axis),
      stride: fc.tuple(axis, axis),
      dilation: fc.tuple(axis, axis),
    });
    fc.assert(
      fc.property(fc.array(layer, { minLength: 1, maxLength: 4 }), (layers) => {
        let [H, W] = receptiveField(layers);
        for (const { size, stride, dilation } of layers) {
          [, H, W] = convOutputShape({ input: [1, H, W], numFilters: 1, filterSize: size, stride, dilation });
        }
        expect([H, W]).toEqual([1, 1]);
      }),
      { numRuns: 100, seed: 1 },
    );
  });
});

describe('what is out of range is named', () => {
  const sizes = { input: [3, 8, 9], numFilters: 4, filterSize: 3 };
  const axes = 'expected a whole number ≥ 1, or [vertical, horizontal] of such';
  const pads = "expected a whole number ≥ 0, [vertical, horizontal] of such, 'same' or 'valid'";
  test.each<[name: string, message: string, wrong: object]>([
    ['ShapeError', 'w has filters of (9, 9), expected at most (8, 9), the padded images', { filterSize: 9 }],
    [
      'ShapeError',
      'w has filters of (3, 12), expected at most (10, 11), the padded images',
      { filterSize: [3, 12], pad: 1 },
    ],
    ['RangeError', 'input is [8, 9], expected [C, H, W]', { input: [8, 9] }],
    ['RangeError', 'input is 3072, expected [C, H, W]', { input: 3072 }],
    ['RangeError', 'input is 0, expected a whole number ≥ 1', { input: [0, 8, 9] }],
    ['RangeError', 'input is 8.5, expected a whole number ≥ 1', { input: [3, 8.5, 9] }],
    ['RangeError', 'numFilters is 0, expected a whole number ≥ 1', { numFilters: 0 }],
    ['RangeError', 'numFilters is undefined, expected a whole number ≥ 1', { numFilters: undefined }],
    ['RangeError', `filterSize is 0, ${axes}`, { filterSize: 0 }],
    ['RangeError', `filterSize is [3, 2.5], ${axes}`, { filterSize: [3, 2.5] }],
    ['RangeError', `stride is 0, ${axes}`, { stride: 0 }],
    ['RangeError', `pad is -1, ${pads}`, { pad: -1 }],
    ['RangeError', `pad is 0.5, ${pads}`, { pad: 0.5 }],
    ['RangeError', `dilation is 0, ${axes}`, { dilation: 0 }],
    ['RangeError', 'groups is 0, expected a whole number ≥ 1', { groups: 0 }],
    ['RangeError', 'groups is 1.5, expected a whole number ≥ 1', { groups: 1.5 }],
    ['RangeError', 'groups is 2, expected a divisor of 3, the channels', { groups: 2 }],
    ['RangeError', 'groups is 3, expected a divisor of 4, the filters', { groups: 3 }],
    ['RangeError', "pad is 'same' at stride 2, expected stride 1", { pad: 'same', stride: 2 }],
    [
      'ShapeError',
      'w has filters of (3, 3), dilated to (9, 9), expected at most (8, 9), the padded images',
      { dilation: 4 },
    ],
    ['TypeError', 'bias is 0, expected true or false', { bias: 0 }],
    [
      'TypeError',
      "unknown option 'strides', expected type, input, numFilters, filterSize, stride, pad, dilation, groups, bias",
      { strides: 2 },
    ],
  ])('of a convolution: a %s that says: %s', (name, message, wrong) => {
    const layer = { type: 'conv', ...sizes, ...wrong };
    for (const [fn, call] of [
      ['convOutputShape', convOutputShape],
      ['countFlops', countFlops],
    ] as const) {
      const said = expect.stringContaining(`${fn}: ${message}`);
      expect(() => call(pretend(layer))).toThrow(expect.objectContaining({ name, message: said }));
    }
  });

  test.each<[name: string, message: string, layer: unknown]>([
    ['RangeError', "type is 'pool', expected 'conv' or 'affine'", { type: 'pool' }],
    ['RangeError', "type is undefined, expected 'conv' or 'affine'", sizes],
    ['RangeError', 'inputDim is 0, expected a whole number ≥ 1', { type: 'affine', inputDim: 0, outputDim: 3 }],
    ['RangeError', 'outputDim is 1.5, expected a whole number ≥ 1', { type: 'affine', inputDim: 3, outputDim: 1.5 }],
    [
      'RangeError',
      'inputDim is [3, 2], expected a whole number ≥ 1',
      { type: 'affine', inputDim: [3, 2], outputDim: 1 },
    ],
    [
      'TypeError',
      "unknown option 'units', expected type, inputDim, outputDim, bias",
      { type: 'affine', inputDim: 3, units: 4 },
    ],
    [
      'TypeError',
      "bias is 'none', expected true or false",
      { type: 'affine', inputDim: 3, outputDim: 2, bias: 'none' },
    ],
  ])('of countFlops: a %s that says: %s', (name, message, layer) => {
    expect(() => countFlops(pretend(layer))).toThrow(
      expect.objectContaining({ name, message: `countFlops: ${message}` }),
    );
  });

  test.each<[message: string, layer: unknown]>([
    [`size is 0, ${axes}`, { size: 0 }],
    [`size is undefined, ${axes}`, { stride: 2 }],
    [`stride is 1.5, ${axes}`, { size: 2, stride: 1.5 }],
    [`stride is [1, 0], ${axes}`, { size: 2, stride: [1, 0] }],
  ])('of receptiveField: %s', (message, layer) => {
    expect(() => receptiveField([{ size: 3 }, pretend(layer)])).toThrow(new RangeError(`receptiveField: ${message}`));
  });

  test.each<[message: string, layers: unknown]>([
    ['layers is an object, expected a list of layers, [{ size, stride }, …]', { size: 3 }],
    ["unknown option 'strides', expected size, stride, dilation", [{ size: 3, strides: 2 }]],
  ])('of receptiveField: %s', (message, layers) => {
    expect(() => receptiveField(pretend(layers))).toThrow(new TypeError(`receptiveField: ${message}`));
  });
});

const PAIRS = [
  { speed: 'naive', forward: convForwardNaive, backward: convBackwardNaive },
  { speed: 'fast', forward: convForward, backward: convBackward },
];

/** What a net of zeros makes of an image of zeros: layer after layer, the shapes, and the parameters there are. */
function runBlocks(c: ShapeCase, dtype: DType): { shapes: number[][]; parameters: number } {
  let h: NDArray = zeros(c.config.x_shape, dtype);
  let parameters = 0;
  const make = (shape: number[], filled = zeros): NDArray => {
    parameters += shape.reduce((size, n) => size * n);
    return filled(shape, dtype);
  };
  const layers: Readonly<Record<string, (out: readonly number[]) => NDArray>> = {
    Conv2d: ([, F]) => convForward(h, make([F, h.shape[1], 3, 3]), make([F]), { pad: 1 })[0],
    BatchNorm2d: ([, C]) => spatialBatchnormForward(h, make([C], ones), make([C]), { mode: 'train' })[0],
    ReLU: () => reluForward(h)[0],
    MaxPool2d: () => maxPoolForward(h, { poolHeight: 2, poolWidth: 2 })[0],
    Flatten: () => array(h, [h.shape[0], h.size / h.shape[0]]),
    Linear: ([, M]) => affineForward(h, make([h.shape[1], M]), make([M]))[0],
    Dropout: () => dropoutForward(h, { mode: 'train', p: 0.5, seed: 1 })[0],
  };
  const shapes = c.expected.layers.map(({ layer, out_shape }) => {
    h = layers[layer](out_shape);
    return h.shape;
  });
  return { shapes, parameters };
}

test('there are these many cases in the fixtures', () => {
  const count = (op: string): number => casesIn(FILE, op).length;
  expect(['conv_arithmetic', 'conv_composition', 'flatten', 'shape_check'].map(count)).toEqual([3, 1, 1, 3]);
});

describeKernelSets('shapes and arithmetic', () => {
  describe.each(DTYPES)('%s', (dtype) => {
    test.each(casesIn<FixtureCase>(FILE, 'conv_composition').flatMap((c) => PAIRS.map((pair) => ({ ...pair, c }))))(
      'golden: two layers are one, $speed',
      ({ c, forward, backward }) => {
        const { x } = arraysOf(c.inputs, dtype);
        const { w1, b1, w2, b2 } = arraysOf(c.params, dtype);
        const [h] = forward(x, w1, b1, {});
        const [out] = forward(h, w2, b2, {});
        // A gradient by the image spreads each value of w2 over the filter that it stands for.
        const image = zeros([w2.shape[0], x.shape[1], 9, 9], dtype);
        const { dx: composed } = backward(w2, forward(image, w1, b1, {})[1]);
        // An image of b1 everywhere, seen by the second layer alone.
        const biases = array(b1.data, [1, 3, 1, 1]);
        const constant = zeros([1, 3, 5, 5], dtype);
        for (let at = 0; at < constant.size; at++) constant.data[at] = biases.data[Math.floor(at / 25)];
        const [b] = forward(constant, w2, b2, {});
        const b_composed = array(b.data, [4]);
        expectGolden(c, { out, w_composed: composed, b_composed }, dtype);
        expectGolden(c, { out: forward(x, composed, b_composed, {})[0], w_composed: composed, b_composed }, dtype);
      },
    );

    test.each(casesIn<FixtureCase>(FILE, 'flatten'))('golden: an affine layer does what $name does', (c) => {
      const { x } = arraysOf(c.inputs, dtype);
      const { out } = arraysOf(c.expected, dtype);
      const D = out.shape[1];
      const identity = zeros([D, D], dtype);
      for (let d = 0; d < D; d++) identity.set(d, d, 1);
      expect(affineForward(x, identity, zeros([D], dtype))[0]).toEqualBits(out);
    });

    test(`golden: ${twoLayerNet.name}`, () => {
      const x = zeros(twoLayerNet.config.x_shape, dtype);
      const random = new Random(1);
      const [h] = reluForward(affineForward(x, random.randn([50, 42], dtype), zeros([42], dtype))[0]);
      expectZeros(affineForward(h, random.randn([42, 10], dtype), zeros([10], dtype))[0], twoLayerNet);
    });

    test(`golden: ${threeLayerNet.name}`, { tags: 'slow' }, () => {
      const x = zeros(threeLayerNet.config.x_shape, dtype);
      const random = new Random(2);
      const layer = (x: NDArray, F: number, size: number) => {
        const w = random.randn([F, x.shape[1], size, size], dtype);
        return reluForward(convForward(x, w, zeros([F], dtype), { pad: (size - 1) / 2 })[0])[0];
      };
      const h = layer(layer(x, 6, 5), 9, 3);
      const [scores] = affineForward(h, random.randn([9 * 32 * 32, 10], dtype), zeros([10], dtype));
      expectZeros(scores, threeLayerNet);
    });

    test(`golden: ${threeBlockNet.name}`, { tags: 'slow' }, () => {
      const { layers, num_parameters } = threeBlockNet.expected;
      expect(runBlocks(threeBlockNet, dtype)).toEqual({
        shapes: layers.map(({ out_shape }) => out_shape),
        parameters: num_parameters,
      });
    });
  });
});

function expectZeros(scores: NDArray, c: ShapeCase): void {
  expect(c.expected).toMatchObject({ all_zero: true });
  expect(scores.shape).toEqual(c.expected.scores_shape);
  expect(hostValues(scores).every((score) => score === 0)).toBe(true);
}
