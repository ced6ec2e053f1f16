import { describe, expect, test } from 'vitest';
import { array, Random } from '../../src/arrays/index.js';
import { noGrad, Tensor } from '../../src/autograd/index.js';
import { FormatError } from '../../src/formats/index.js';
import { decodeOnnx } from '../../src/onnx/index.js';
import { ATTRIBUTE, ATTRIBUTE_TYPE, DATA_TYPE, GRAPH, MODEL, NODE, TENSOR } from '../../src/onnx/schema.js';
import { onnxFixtures } from '../helpers/onnx.js';
import { block, float, int, modelBytes, nodeBytes, type TestModel, varint } from '../helpers/onnx-bytes.js';

const identity = { nodes: [{ op: 'Relu' }] };
/** Reads a model with these more bytes in its graph. */
const withGraph =
  (rest: ArrayLike<number>, model: TestModel = identity) =>
  () =>
    decodeOnnx(modelBytes({ ...model, rest }));
/** Reads bytes of the outermost message. */
const reading =
  (...bytes: readonly number[]) =>
  () =>
    decodeOnnx(Uint8Array.from(bytes));

describe('Protocol Buffers', () => {
  test.each<[string, () => unknown, string]>([
    [
      'a length beyond the end',
      reading(58, 5, 1),
      'model, field 7 at byte 0 has 1 bytes left, expected 5: it is cut off',
    ],
    ['a length of 2^63', reading(58, ...varint(2n ** 63n)), 'model, field 7 at byte 0 has 0 bytes left'],
    [
      'a number that ends with the file',
      reading(8, 200),
      'model, field 1 at byte 0 ends within a number: it is cut off',
    ],
    [
      'a number of 11 bytes',
      reading(8, ...Array(10).fill(255), 1),
      'field 1 at byte 0 is a number of more than 64 bits',
    ],
    ['a number of 65 bits', reading(8, ...Array(9).fill(255), 3), 'field 1 at byte 0 is a number of more than 64 bits'],
    ['a group', reading(3 + 8), 'model, field 1 at byte 0 is a group, expected a whole number, 8 bytes'],
    ['a wire type that is none', reading(8 + 6), 'model, field 1 at byte 0 has wire type 6, expected 0, 1, 2 or 5'],
    ['field 0', reading(0, 0), 'has the number 0, expected 1 to 2^29 - 1'],
    [
      'a field of the wrong wire type',
      reading(56, 1),
      'field 7 at byte 0 is a whole number, expected a length and bytes',
    ],
    ['a fixed number that is cut off', reading(8 + 5, 1, 2), 'has 2 bytes left, expected 4'],
    ['a text that is no UTF-8', withGraph(block(GRAPH.name, [255])), 'graph, field 2 at byte'],
    [
      'packed floats of 5 bytes',
      withGraph(block(GRAPH.initializer, block(TENSOR.floatData, [1, 2, 3, 4, 5]))),
      'has 5 bytes, expected a multiple of 4',
    ],
    [
      'packed numbers that end within one',
      withGraph(block(GRAPH.initializer, block(TENSOR.dims, [128]))),
      'ends within a number',
    ],
    [
      'a second graph',
      reading(...block(MODEL.graph, []), ...block(MODEL.graph, [])),
      'is a second graph, expected one',
    ],
  ])('%s', (_, read, message) => {
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
  });

  test('messages 10,000 deep', () => {
    let graph: number[] = [];
    for (let depth = 0; depth < 300; depth++) {
      graph = block(GRAPH.node, block(NODE.attribute, block(ATTRIBUTE.g, graph)));
    }
    // Subgraphs are not read at all.
    expect(reading(...block(MODEL.graph, graph))).toThrow(FormatError);
  });

  test('unknown fields are passed over', () => {
    const unknown = [...int(900, -1), ...block(901, 'text'), ...float(902, 1), 903 * 8 + 1 - 7216, ...[]].slice(0, -1);
    const model = decodeOnnx(Uint8Array.from([...modelBytes({ ...identity, rest: unknown }), ...unknown]));
    expect(model.forward(array([-1, 2])).tolist()).toEqual([0, 2]);
  });
});

describe('graphs', () => {
  const tensor = (...fields: readonly number[][]): number[] => block(GRAPH.initializer, fields.flat());
  const w = block(TENSOR.name, 'w');
  const uses = { nodes: [{ op: 'Mul', inputs: ['x', 'w'] }] };

  test.each<[string, () => unknown, string]>([
    ['no opset', reading(...block(MODEL.graph, [])), 'the model names no version of the operators'],
    [
      'an old opset',
      () => decodeOnnx(modelBytes({ ...identity, opset: 6 })),
      'the opset is 6, expected 7 to 21: export the model again with opset_version=17',
    ],
    ['a new opset', () => decodeOnnx(modelBytes({ ...identity, opset: 99 })), 'the opset is 99, expected 7 to 21'],
    [
      'a value that is not defined before it is used',
      () =>
        decodeOnnx(
          modelBytes({
            nodes: [
              { op: 'Add', inputs: ['x', 'y'], outputs: ['z'], name: 'n' },
              { op: 'Relu', inputs: ['z'] },
            ],
          }),
        ),
      "node 'n' (Add) takes 'y', expected a value that is defined before it",
    ],
    ['a circle', () => decodeOnnx(modelBytes({ nodes: [{ op: 'Relu', inputs: ['y'] }] })), "node 0 (Relu) takes 'y'"],
    [
      'a name defined twice',
      () => decodeOnnx(modelBytes({ nodes: [{ op: 'Relu' }, { op: 'Relu' }] })),
      "node 1 (Relu) defines 'y', expected a name that is not taken",
    ],
    [
      'an output that is nowhere',
      () => decodeOnnx(modelBytes({ ...identity, outputs: ['q'] })),
      "an output is 'q', expected a value of the graph",
    ],
    [
      'no inputs',
      () =>
        decodeOnnx(
          modelBytes({
            nodes: [{ op: 'Relu', inputs: ['w'] }],
            tensors: { w: { shape: [], values: [1] } },
            inputs: {},
          }),
        ),
      'the graph has no inputs',
    ],
    ['no outputs', () => decodeOnnx(modelBytes({ ...identity, outputs: [] })), 'the graph has no outputs'],
    [
      'an input of whole numbers',
      () => decodeOnnx(modelBytes({ ...identity, dataType: DATA_TYPE.int64 })),
      "input 'x' is a tensor of type int64, expected of floats",
    ],
    [
      'sparse tensors',
      withGraph(block(GRAPH.sparseInitializer, [])),
      'the graph has 1 sparse initializers, expected dense ones',
    ],
    [
      'a tensor without a name',
      withGraph(tensor(int(TENSOR.dataType, 1), int(TENSOR.dims, 0))),
      'an initializer has no name',
    ],
    [
      'fewer values than the shape has',
      withGraph(tensor(w, int(TENSOR.dims, 3), int(TENSOR.dataType, 1), block(TENSOR.rawData, [0, 0, 0, 0]))),
      "ends tensor 'w' with 1 values, expected 3, those of shape (3,)",
    ],
    [
      '2^53 values',
      withGraph(
        tensor(
          w,
          int(TENSOR.dims, 2 ** 31),
          int(TENSOR.dims, 2 ** 31),
          int(TENSOR.dims, 2 ** 31),
          int(TENSOR.dataType, 1),
        ),
      ),
      "ends tensor 'w' with 0 values",
    ],
    ['a negative size', withGraph(tensor(w, int(TENSOR.dims, -1))), 'is a size of -1, expected sizes ≥ 0'],
    [
      '40 axes',
      withGraph(tensor(w, ...Array.from({ length: 40 }, () => int(TENSOR.dims, 1)))),
      'is a shape of more than 32 axes',
    ],
    [
      'an attribute that comes twice',
      () =>
        decodeOnnx(
          modelBytes({
            rest: block(GRAPH.node, [
              ...nodeBytes({ op: 'Elu', attributes: { alpha: { float: 1 } } }),
              ...block(NODE.attribute, block(ATTRIBUTE.name, 'alpha')),
            ]),
          }),
        ),
      "is a second attribute 'alpha'",
    ],
    [
      'an attribute of another kind than its value',
      () =>
        decodeOnnx(
          modelBytes({
            rest: block(
              GRAPH.node,
              block(NODE.attribute, [
                ...block(ATTRIBUTE.name, 'a'),
                ...int(ATTRIBUTE.i, 1),
                ...int(ATTRIBUTE.type, ATTRIBUTE_TYPE.float),
              ]),
            ),
          }),
        ),
      "ends the attribute 'a' of a int, expected its type's: a float",
    ],
  ])('%s', (_, read, message) => {
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
  });

  test('everything that is not supported is listed at once', () => {
    const branch = [...block(ATTRIBUTE.name, 'body'), ...block(ATTRIBUTE.g, []), ...int(ATTRIBUTE.type, 5)];
    const model = modelBytes({
      nodes: [
        { op: 'LSTM', name: 'rnn', outputs: ['a'] },
        { op: 'FusedConv', domain: 'com.microsoft', inputs: ['a'], outputs: ['b'] },
        { op: 'MaxPool', inputs: ['b'], outputs: ['c'], attributes: { ceil_mode: 2 } },
        { op: 'Relu', inputs: ['c'], outputs: ['d'], attributes: { axis: 1 } },
        { op: 'Gemm', inputs: ['d'], outputs: ['e'] },
        { op: 'Gelu', inputs: ['e'], outputs: ['f'] },
        { op: 'Elu', inputs: ['f'], outputs: ['g'], attributes: { alpha: 1 } },
        { op: 'Cast', inputs: ['g'], outputs: ['h'], attributes: { to: DATA_TYPE.float16 } },
        { op: 'MaxPool', inputs: ['h'], outputs: ['i', 'j'], attributes: { kernel_shape: [2, 2] } },
        { op: 'Add', inputs: ['i', 'j'], outputs: ['k'] },
        { op: 'Add', inputs: ['k', ''], outputs: ['l'] },
        { op: 'Conv', inputs: ['l', 'w'], attributes: { kernel_shape: [1, 1, 1] } },
      ],
      rest: [
        ...block(GRAPH.node, [...nodeBytes({ op: 'Loop', outputs: ['z'] }), ...block(NODE.attribute, branch)]),
        ...tensor(
          w,
          int(TENSOR.dims, 1),
          int(TENSOR.dataType, 1),
          block(TENSOR.externalData, []),
          int(TENSOR.dataLocation, 1),
        ),
      ],
    });
    expect(() => decodeOnnx(model)).toThrow(
      `decodeOnnx: bytes: the graph has what is not supported: LSTM (node 'rnn'); com.microsoft.FusedConv (node 1); ${[
        'MaxPool with ceil_mode=2 (node 2)',
        'Relu with attribute axis (node 3)',
        'Gemm of 1 inputs (node 4)',
        'Gelu before opset 20 (node 5)',
        'Elu with attribute alpha of type int (node 6)',
        'Cast with to float16 (node 7)',
        'MaxPool with output 1 (node 8)',
        'Add without input 1 (node 10)',
        'Conv with 3-dimensional windows (node 11)',
        'Loop (node 12)',
      ].join('; ')}`,
    );
  });

  test.each([
    ['in another file', [int(TENSOR.dataType, 1), int(TENSOR.dataLocation, 1)], 'has its values in another file'],
    ['of texts', [int(TENSOR.dataType, DATA_TYPE.string)], 'has values of type string'],
    ['of 4 bits', [int(TENSOR.dataType, DATA_TYPE.int4)], 'has values of type int4'],
    ['of a type that is none', [int(TENSOR.dataType, 77)], 'has values of type data type 77'],
    [
      'of very many integers',
      [int(TENSOR.dataType, DATA_TYPE.int8), int(TENSOR.dims, 2 ** 21)],
      'has 2097152 integers',
    ],
  ])('a tensor %s is named', (_, fields, message) => {
    expect(withGraph(tensor(w, ...fields), uses)).toThrow(`not supported: tensor 'w', which ${message}`);
  });

  test('many numbers in attributes', { tags: 'slow' }, () => {
    const numbers = [...varint(2 ** 20 + 1), ...new Uint8Array(2 ** 20 + 1)];
    const attribute = block(ATTRIBUTE.name, 'axes').concat(varint(ATTRIBUTE.ints * 8 + 2), numbers);
    const node = block(GRAPH.node, block(NODE.attribute, attribute));
    expect(withGraph(node)).toThrow('is entry 1048577 of its list, expected at most 1048576');
  });

  test('many integers in several tensors', { tags: 'slow' }, () => {
    const size = 2 ** 20;
    const names = ['a', 'b', 'c', 'd', 'e'];
    const raw = new Uint8Array(size);
    const tensors = names.flatMap((name) => {
      const head = [...block(TENSOR.name, name), ...int(TENSOR.dims, size), ...int(TENSOR.dataType, DATA_TYPE.int8)];
      head.push(...varint(TENSOR.rawData * 8 + 2), ...varint(size));
      const start = [...varint(GRAPH.initializer * 8 + 2), ...varint(head.length + size), ...head];
      return [Uint8Array.from(start), raw];
    });
    const rest = Buffer.concat(tensors);
    const nodes = [{ op: 'Concat', inputs: ['x', ...names], attributes: { axis: 0 } }];
    expect(withGraph(rest, { nodes })).toThrow('not supported: 5242880 integers, more than 4194304');
  });

  test('a long list of problems is cut', () => {
    const nodes = Array.from({ length: 30 }, (_, i) => ({ op: 'Nope', outputs: [i === 0 ? 'y' : `o${i}`] }));
    expect(() => decodeOnnx(modelBytes({ nodes }))).toThrow(/Nope \(node 19\); and 10 more$/);
  });

  test.each([
    ['float16', DATA_TYPE.float16, [0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0x00, 0x7c], [1, -2, 2 ** -24, Infinity]],
    ['bfloat16', DATA_TYPE.bfloat16, [0x80, 0x3f, 0x00, 0xc0, 0x80, 0x7f, 0x00, 0x00], [1, -2, Infinity, 0]],
    ['double', DATA_TYPE.double, [...new Uint8Array(Float64Array.of(1, 2, 3, 0.5).buffer)], [1, 2, 3, 0.5]],
    ['uint8', DATA_TYPE.uint8, [1, 2, 3, 255], [1, 2, 3, 255]],
    ['int8', DATA_TYPE.int8, [1, 2, 3, 255], [1, 2, 3, -1]],
    ['int32', DATA_TYPE.int32, [...new Uint8Array(Int32Array.of(1, 2, 3, -4).buffer)], [1, 2, 3, -4]],
    ['bool', DATA_TYPE.bool, [1, 0, 1, 7], [1, 0, 1, 1]],
  ])('a tensor of %s in raw bytes', (_, type, raw, values) => {
    const bytes = tensor(w, int(TENSOR.dims, 4), int(TENSOR.dataType, type), block(TENSOR.rawData, raw));
    expect(
      withGraph(bytes, uses)()
        .forward(array([1, 1, 1, 1]))
        .tolist(),
    ).toEqual(values);
  });

  test.each([
    ['floats, packed', DATA_TYPE.float, block(TENSOR.floatData, new Uint8Array(Float32Array.of(1, 2).buffer))],
    ['floats one by one', DATA_TYPE.float, [...float(TENSOR.floatData, 1), ...float(TENSOR.floatData, 2)]],
    ['doubles', DATA_TYPE.double, block(TENSOR.doubleData, new Uint8Array(Float64Array.of(1, 2).buffer))],
    ['float16 as bits', DATA_TYPE.float16, block(TENSOR.int32Data, [...varint(0x3c00), ...varint(0x4000)])],
    ['int64', DATA_TYPE.int64, [...int(TENSOR.int64Data, 1), ...int(TENSOR.int64Data, 2)]],
    ['uint64', DATA_TYPE.uint64, block(TENSOR.uint64Data, [1, 2])],
  ])('a tensor of %s in typed fields', (_, type, field) => {
    const bytes = tensor(w, block(TENSOR.dims, [2]), int(TENSOR.dataType, type), field);
    expect(
      withGraph(bytes, uses)()
        .forward(array([1, 1]))
        .tolist(),
    ).toEqual([1, 2]);
  });
});

/** Reads bytes, and runs what they make: a model that computes or says what is wrong. @returns Whether it could run. */
function survives(bytes: Uint8Array, inputs: readonly unknown[]): boolean {
  try {
    const out = noGrad(() => decodeOnnx<unknown>(bytes).forward(...inputs));
    return out instanceof Tensor || typeof out === 'object';
  } catch (error) {
    expect(error).toSatisfy((e) => e instanceof FormatError || e instanceof RangeError || e instanceof TypeError);
    expect((error as Error).message).toMatch(/^(decodeOnnx: bytes|OnnxModel): /);
    return false;
  }
}

describe('damaged files', () => {
  const models = onnxFixtures();
  const small = models.filter(({ name }) => /^(lenet|shapes|residual|attention|layer norm)/.test(name));

  test('cut off anywhere', () => {
    const { model, inputs } = models.find(({ name }) => name === 'shapes, opset 11') ?? models[0];
    for (let length = 0; length < model.length; length += length < 100 || length > model.length - 100 ? 1 : 41) {
      expect(survives(model.subarray(0, length), inputs)).toBe(false);
    }
  });

  const mutated = (count: number, seed: number): void => {
    const random = new Random(seed);
    for (let i = 0; i < count; i++) {
      const { model, inputs } = small[i % small.length];
      const damaged = model.slice();
      for (let n = 0; n <= i % 3; n++) {
        damaged[random.randint(0, damaged.length, 1)[0]] = random.randint(0, 256, 1)[0];
      }
      survives(damaged, inputs);
    }
  };

  test('200 files with bytes that were changed', () => mutated(200, 7));

  test('600 more files with bytes that were changed', { tags: 'slow' }, () => mutated(600, 8));
});
