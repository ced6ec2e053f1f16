import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, expectTypeOf, test } from 'vitest';
import { array, linspace, Random, ShapeError } from '../../src/arrays/index.js';
import { F, manualSeed, type Tensor } from '../../src/autograd/index.js';
import { DataLoader, TensorDataset } from '../../src/data/index.js';
import { workspace } from '../../src/kernels/index.js';
import * as nn from '../../src/nn/index.js';
import { decodeOnnx, importOnnx, OnnxModel } from '../../src/onnx/index.js';
import { DATA_TYPE } from '../../src/onnx/schema.js';
import * as optim from '../../src/optim/index.js';
import { checkAccuracy, fit, predict } from '../../src/training/index.js';
import { onnxFixtures } from '../helpers/onnx.js';
import { modelBytes, type TestModel } from '../helpers/onnx-bytes.js';

const fixture = (name: string) => {
  const found = onnxFixtures().find((it) => it.name === name);
  if (found === undefined) throw new Error(name);
  return found;
};

/** `y = relu(x · w + b)` of two features to two. */
const SMALL: TestModel = {
  nodes: [
    { op: 'Gemm', inputs: ['x', 'fc.weight', 'fc.bias'], outputs: ['h'] },
    { op: 'Relu', inputs: ['h'] },
  ],
  tensors: { 'fc.weight': { shape: [2, 2], values: [1, 2, 3, 4] }, 'fc.bias': { shape: [2], values: [0, -5] } },
  inputs: { x: ['N', 2] },
};

describe('importOnnx', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onnx-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('reads a file', () => {
    const file = join(folder, 'small.onnx');
    writeFileSync(file, modelBytes(SMALL));
    const model = importOnnx(file);
    expectTypeOf(model.forward).returns.toEqualTypeOf<Tensor>();
    expect(model).toBeInstanceOf(OnnxModel);
    expect(model.forward(array([[1, 1]])).tolist()).toEqual([[4, 1]]);
  });

  test('names a file that is not there, is no ONNX, or is empty', () => {
    expect(() => importOnnx(join(folder, 'none.onnx'))).toThrow(/^importOnnx: .*none\.onnx/);
    const text = join(folder, 'text.onnx');
    writeFileSync(text, 'hello');
    expect(() => importOnnx(text)).toThrow(`importOnnx: ${text}: model, field 13 at byte 2 is a group`);
    writeFileSync(text, '');
    expect(() => importOnnx(text)).toThrow(`importOnnx: ${text}: the model has no graph, expected an ONNX model`);
  });

  test('checks its arguments', () => {
    expect(() => importOnnx(3 as never)).toThrow('importOnnx: file is 3');
    expect(() => decodeOnnx('x' as never)).toThrow("decodeOnnx: bytes is 'x', expected a Uint8Array");
    expect(() => decodeOnnx(modelBytes(SMALL), { dtype: 'float16' as never })).toThrow(
      "decodeOnnx: dtype is 'float16', expected 'float32' or 'float64', or null",
    );
    expect(() => decodeOnnx(modelBytes(SMALL), { type: 1 } as never)).toThrow('decodeOnnx: unknown option');
  });

  test('leaves bytes as they are, also those that do not begin at a multiple of four', () => {
    const bytes = modelBytes(SMALL);
    const shifted = new Uint8Array(bytes.length + 1).subarray(1);
    shifted.set(bytes);
    expect(
      decodeOnnx(shifted)
        .forward(array([[1, 1]]))
        .tolist(),
    ).toEqual([[4, 1]]);
    expect(shifted).toEqual(bytes);
  });
});

describe('OnnxModel', () => {
  test('has the inputs, outputs and opset of the file, and prints them', () => {
    const model = decodeOnnx(modelBytes(SMALL));
    expect(model.inputs).toEqual([{ name: 'x', shape: ['N', 2] }]);
    expect([model.outputs, model.opset, model.training]).toEqual([['y'], 17, false]);
    expect(String(model)).toBe('OnnxModel(x: (N, 2); 2 nodes, opset 17)');
  });

  test('has its state under the names of the file', () => {
    const model = decodeOnnx(modelBytes(SMALL));
    const state = model.stateDict();
    expect(Object.keys(state)).toEqual(['fc.weight', 'fc.bias']);
    expect(model.namedParameters().map(([name]) => name)).toEqual(['fc.weight', 'fc.bias']);
    model.loadStateDict({ ...state, 'fc.bias': array([1, 1]) });
    expect(model.forward(array([[1, 1]])).tolist()).toEqual([[5, 7]]);
    expect(() => model.loadStateDict({ 'fc.bias': array([1]) })).toThrow('missing fc.weight');
  });

  test('is made of a file only', () => {
    expect(() => new (OnnxModel as unknown as new () => OnnxModel)()).toThrow(
      'OnnxModel: importOnnx(file) and decodeOnnx(bytes) make one',
    );
  });

  test('takes names that are strange', () => {
    const [odd, nodes] = ['__proto__', [{ op: 'Mul', inputs: ['x', '__proto__'] }]];
    const tensors = Object.fromEntries([[odd, { shape: [1], values: [3] }]]);
    const model = decodeOnnx(modelBytes({ nodes, tensors }));
    expect(Object.keys(model.stateDict())).toEqual([odd]);
    model.loadStateDict(model.stateDict());
    expect(model.forward(array([2])).tolist()).toEqual([6]);
  });

  test('bounds and numbers of nodes are no parameters', () => {
    const nodes = [
      { op: 'Constant', inputs: [], outputs: ['two'], attributes: { value: { shape: [], values: [2] } } },
      { op: 'Mul', inputs: ['x', 'two'], outputs: ['h'] },
      { op: 'Clip', inputs: ['h', 'low', 'high'] },
    ];
    const tensors = { low: { shape: [], values: [0] }, high: { shape: [], values: [3] } };
    const model = decodeOnnx(modelBytes({ nodes, tensors }));
    expect(model.forward(array([-1, 1, 2])).tolist()).toEqual([0, 2, 3]);
    expect(model.stateDict()).toEqual({});
  });

  test('numbers that exportOnnx writes for formulas are no parameters', () => {
    const file = {
      nodes: [{ op: 'Mul', inputs: ['x', 'layerwise/constant_1'] }],
      tensors: { 'layerwise/constant_1': { shape: [], values: [2] } },
    };
    expect(decodeOnnx(modelBytes({ ...file, producer: 'layerwise' })).parameters()).toEqual([]);
    expect(decodeOnnx(modelBytes(file)).parameters()).toHaveLength(1);
  });

  test('is scored', () => {
    const { model, inputs, outputs } = fixture('lenet, opset 11');
    const net = decodeOnnx(model);
    const X = array([...outputs[0].data], outputs[0].shape);
    const y = Int32Array.of(X.data.indexOf(Math.max(...X.data)));
    expect(checkAccuracy([[inputs[0], y]], net)).toBe(1);
    expect([...predict(inputs[0], net, { as: 'classes' })]).toEqual([...y]);
  });

  test('trains on: the loss falls, running statistics move, and the result has the gradient of the same module', () => {
    manualSeed(1);
    const { model: bytes, inputs } = fixture('batch norm 1d, opset 13, names kept');
    const model = decodeOnnx(bytes);
    const own = new nn.Sequential(new nn.BatchNorm1d(5), new nn.Linear(5, 2), new nn.BatchNorm1d(2, { affine: false }));
    const state = model.stateDict();
    const named = Object.fromEntries(Object.entries(state).filter(([name]) => !/^2\.(weight|bias)$/.test(name)));
    own.loadStateDict(named, { strict: false });
    model.train();
    const loss = (net: nn.Module): Tensor =>
      F.mseLoss(
        net.forward(inputs[0]),
        array([
          [1, -1],
          [-1, 1],
          [0, 0],
        ]),
      );
    const [a, b] = [loss(model), loss(own)];
    expect(a.item()).toBeCloseTo(b.item(), 5);
    a.backward();
    b.backward();
    for (const [name, { grad }] of own.namedParameters()) {
      const mine = model.namedParameters().find(([key]) => key === name)?.[1].grad;
      expect(mine?.data).toBeAllClose(grad?.data as never, { rtol: 1e-4, atol: 1e-5 });
    }
    const after = model.stateDict()['0.running_mean'];
    expect(after).toBeAllClose(own.stateDict()['0.running_mean'], { rtol: 1e-5 });
    expect([...after.data]).not.toEqual([...state['0.running_mean'].data]);

    const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
    const first = loss(model).item();
    for (let step = 0; step < 20; step++) {
      optimizer.zeroGrad();
      loss(model).backward();
      optimizer.step();
    }
    expect(loss(model).item()).toBeLessThan(first / 2);
  });

  test('fit trains it, and summary describes it', () => {
    const model = decodeOnnx(fixture('batch norm 1d, opset 13, names kept').model);
    const X = new Random(1).randn([40, 5]);
    const y = Int32Array.from({ length: 40 }, (_, i) => Number(X.get(i, 0) > X.get(i, 1)));
    const loader = new DataLoader(new TensorDataset(X, y), { batchSize: 20, seed: 1 });
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
    fit(model, loader, { optimizer, epochs: 15, verbose: false });
    expect(checkAccuracy([[X, y]], model)).toBeGreaterThan(0.9);
    expect(model.summary([5]).totalParameters).toBe(10 + 12);
  });

  test('drops in training only', () => {
    const file = { nodes: [{ op: 'Dropout', inputs: ['x', 'p'] }], tensors: { p: { shape: [], values: [0.5] } } };
    const model = decodeOnnx(modelBytes(file));
    const x = array(linspace(1, 2, 100), [100], 'float32');
    expect(model.forward(x).data).toBeAllClose(x);
    manualSeed(1);
    const dropped = model
      .train()
      .forward(x)
      .data.data.filter((value) => value === 0);
    expect(dropped.length).toBeGreaterThan(30);
    expect(dropped.length).toBeLessThan(70);
  });

  test('tensors of equal values that PyTorch wrote once are trained apart', () => {
    const nodes = [
      { op: 'Identity', inputs: ['a'], outputs: ['b'] },
      { op: 'Mul', inputs: ['x', 'a'], outputs: ['h'] },
      { op: 'Add', inputs: ['h', 'b'] },
    ];
    const model = decodeOnnx(modelBytes({ nodes, tensors: { a: { shape: [1], values: [1] } } }));
    F.sum(model.forward(array([5]))).backward();
    expect(model.namedParameters().map(([name, { grad }]) => [name, grad?.tolist()])).toEqual([
      ['a', [5]],
      ['b', [1]],
    ]);
  });

  test('runs in a workspace and in float64', () => {
    const { model: bytes, inputs, outputs } = fixture('residual, opset 13');
    const model = decodeOnnx(bytes, { dtype: 'float64' });
    const x = array(inputs[0], inputs[0].shape, 'float64');
    const out = workspace(() => model.forward(x).data);
    expect(out).toBeAllClose(array(outputs[0], outputs[0].shape, 'float64'), { rtol: 1e-5, atol: 1e-6 });
    expect(model.float().forward(inputs[0]).dtype).toBe('float32');
  });

  test('constants follow when the model is converted', () => {
    const nodes = [
      { op: 'Constant', inputs: [], outputs: ['two'], attributes: { value: { shape: [], values: [2] } } },
      { op: 'Mul', inputs: ['x', 'two'], outputs: ['h'] },
      { op: 'Mul', inputs: ['h', 'w'] },
    ];
    const model = decodeOnnx(modelBytes({ nodes, tensors: { w: { shape: [1], values: [3] } } }));
    const out = workspace(() => model.double().forward(array([1], [1], 'float64')).data);
    expect([...out.data]).toEqual([6]);
    expect(
      model
        .float()
        .forward(array([1]))
        .tolist(),
    ).toEqual([6]);
  });

  test('doubles are float64, half floats float32', () => {
    expect(decodeOnnx(fixture('double, opset 13').model).parameters()[0].dtype).toBe('float64');
    const model = decodeOnnx(modelBytes({ ...SMALL, dataType: DATA_TYPE.float16 }));
    expect(model.forward(array([[1, 1]])).dtype).toBe('float32');
  });

  test('several inputs and outputs', () => {
    const model = decodeOnnx<Record<string, Tensor>>(
      modelBytes({
        nodes: [
          { op: 'Add', inputs: ['a', 'b'], outputs: ['sum'] },
          { op: 'Mul', inputs: ['a', 'b'], outputs: ['product'] },
        ],
        inputs: { a: ['N'], b: ['N'] },
        outputs: ['product', 'sum', 'a'],
      }),
    );
    const out = model.forward(array([1, 2]), array([3, 4]));
    expect(Object.entries(out).map(([name, value]) => [name, value.tolist()])).toEqual([
      ['product', [3, 8]],
      ['sum', [4, 6]],
      ['a', [1, 2]],
    ]);
    expect(() => model.forward(array([1]))).toThrow("OnnxModel: forward has 1 inputs, expected 2: 'a', 'b'");
    expect(() => model.forward(array([1]), array([1, 2]))).toThrow(
      "OnnxModel: input 'b' has shape (2,), expected (N=1,)",
    );
  });
});

describe('an input', () => {
  const model = decodeOnnx(modelBytes(SMALL));

  test('of another shape, dtype or kind is named', () => {
    expect(() => model.forward(array([[1, 2, 3]]))).toThrow(ShapeError);
    expect(() => model.forward(array([[1, 2, 3]]))).toThrow("OnnxModel: input 'x' has shape (1, 3), expected (N, 2)");
    expect(() => model.forward(array([1, 2]))).toThrow("OnnxModel: input 'x' has shape (2,), expected (N, 2)");
    expect(() => model.forward(array([[1, 2]], [1, 2], 'float64'))).toThrow(
      "OnnxModel: input 'x' has dtype float64, expected float32: read the file with { dtype: 'float64' }, or convert",
    );
    expect(() => model.forward([[1, 2]])).toThrow("OnnxModel: input 'x' is [[1, 2]], expected a tensor or an array");
  });

  test('of a fixed batch has a way out', () => {
    const fixed = decodeOnnx(modelBytes({ ...SMALL, inputs: { x: [1, 2] } }));
    expect(() =>
      fixed.forward(
        array([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).toThrow(
      "input 'x' has shape (2, 2), expected (1, 2): export it with dynamic_axes={'x': {0: 'N'}} for other batches",
    );
  });
});
