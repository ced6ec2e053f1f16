import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { array, type NDArray, ones, Random, zeros } from '../../src/arrays/index.js';
import { defaultGenerator, F, manualSeed, noGrad, op, Tensor, type TensorLike } from '../../src/autograd/index.js';
import * as nn from '../../src/nn/index.js';
import { decodeOnnx, encodeOnnx, exportOnnx } from '../../src/onnx/index.js';
import { Applied, encode, graphOf, messageOf, opTypes } from '../helpers/onnx-models.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'export-onnx-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Compares the file of a function with the function, in batches of 1 and 3. */
function compare(apply: (x: Tensor, module: Applied) => unknown, inputShape: readonly number[] = [4]): void {
  const model = new Applied(apply).eval();
  const read = decodeOnnx(encodeOnnx(model, { inputShape }));
  for (const N of [1, 3]) {
    const x = new Random(N).randn([N, ...inputShape]);
    expect(read.forward(x).data).toBeAllClose(noGrad(() => model.forward(new Tensor(x))).data, {
      rtol: 1e-5,
      atol: 1e-6,
    });
  }
}

describe('bytes', () => {
  test('of a linear layer, field by field', () => {
    const model = new nn.Linear(2, 1);
    model.loadStateDict({ weight: array([[1, 2]], undefined, 'float32'), bias: array([3], undefined, 'float32') });
    const text = (value: string): number[] => [value.length, ...new TextEncoder().encode(value)];
    const message = (field: number, ...parts: readonly number[][]): number[] => {
      const body = parts.flat();
      return [field, body.length, ...body];
    };
    const port = (field: number, name: string, size: number): number[] =>
      message(
        field,
        [0x0a, ...text(name)],
        message(
          0x12, // type
          message(
            0x0a, // tensor_type
            [0x08, 1], // elem_type FLOAT
            message(0x12, message(0x0a, [0x12, ...text('N')]), message(0x0a, [0x08, size])),
          ),
        ),
      );
    const attribute = message(0x2a, [0x0a, ...text('transB')], [0x18, 1], [0xa0, 0x01, 2]);
    const node = message(
      0x0a,
      [0x0a, ...text('input')],
      [0x0a, ...text('weight')],
      [0x0a, ...text('bias')],
      [0x12, ...text('scores')],
      [0x1a, ...text('scores')],
      [0x22, ...text('Gemm')],
      attribute,
    );
    const weight = message(
      0x2a,
      [0x08, 1],
      [0x08, 2],
      [0x10, 1],
      [0x42, ...text('weight')],
      [
        ...[0x4a, 8, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40], // raw_data: 1, 2
      ],
    );
    const bias = message(0x2a, [0x08, 1], [0x10, 1], [0x42, ...text('bias')], [0x4a, 4, 0, 0, 0x40, 0x40]);
    const graph = [node, [0x12, ...text('Linear')], weight, bias, port(0x5a, 'input', 2), port(0x62, 'scores', 1)];
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    const entry = (key: string, value: string): number[] => message(0x72, [0x0a, ...text(key)], [0x12, ...text(value)]);
    expect([...encodeOnnx(model, { inputShape: [2] })]).toEqual(
      [
        [0x08, 8], // ir_version
        [0x12, ...text('layerwise')],
        [0x1a, ...text(version)],
        [0x3a, (graph.flat().length % 128) | 0x80, 1, ...graph.flat()],
        message(0x42, [0x0a, 0], [0x10, 17]), // opset_import
        entry('model', 'Linear'),
        entry('dtype', 'float32'),
      ].flat(),
    );
  });
});

describe('what is written', () => {
  test('parameters keep their names; what is shared is written once, and what is not used not at all', () => {
    class Shared extends nn.Module {
      readonly first = new nn.Linear(4, 4);
      readonly again = this.first;
      readonly unused = new nn.Linear(4, 4);
      readonly norm = new nn.BatchNorm1d(4);

      override forward(x: TensorLike): Tensor {
        return this.norm.forward(this.again.forward(F.relu(this.first.forward(x))));
      }
    }
    const { initializers } = graphOf(encodeOnnx(new Shared(), { inputShape: 4 }));
    expect(initializers.map(({ name }) => name)).toEqual([
      'first.weight',
      'first.bias',
      'norm.weight',
      'norm.bias',
      'norm.running_mean',
      'norm.running_var',
    ]);
  });

  test('a parameter named as the input gets another name', () => {
    class Odd extends nn.Module {
      readonly input = new nn.Parameter(ones([4]));
      override forward(x: TensorLike): Tensor {
        return F.add(x, this.input);
      }
    }
    expect(graphOf(encodeOnnx(new Odd(), { inputShape: 4 })).nodes[0].inputs).toEqual(['input', 'input_2']);
  });

  test('padding as large as the window of a max pooling, which onnxruntime does not take, is a Pad', () => {
    const pool = (length: number): Uint8Array =>
      encodeOnnx(new nn.MaxPool2d([1, 3], { stride: 4, dilation: 2, ceilMode: true }), { inputShape: [1, 1, length] });
    // Windows reach from 0 to 4 and from 4 to 8: two values beyond seven, three beyond six.
    expect(opTypes(pool(7))).toEqual(['MaxPool']);
    expect(opTypes(pool(6))).toEqual(['Pad', 'MaxPool']);
  });

  test('modules that run in one pass otherwise are nodes of their own', () => {
    const model = new nn.Sequential(new nn.Conv2d(3, 4, 3), new nn.BatchNorm2d(4), new nn.ReLU(), new nn.Flatten());
    expect(opTypes(encodeOnnx(model, { inputShape: [3, 5, 5] }))).toEqual([
      'Conv',
      'BatchNormalization',
      'Relu',
      'Reshape',
    ]);
  });

  test('input, output, and the batch N', () => {
    const { inputs, outputs } = graphOf(encodeOnnx(new nn.Conv2d(3, 4, 3), { inputShape: [3, 6, 5] }));
    expect(inputs).toMatchObject([{ name: 'input', shape: ['N', 3, 6, 5] }]);
    expect(outputs).toMatchObject([{ name: 'scores', shape: ['N', 4, 4, 3] }]);
    // A size that is computed from the batch has no name of its own.
    expect(graphOf(encode((x) => F.concat([x, x]))).outputs).toMatchObject([{ shape: ['', 4] }]);
    expect(graphOf(encode((x) => x.sum(0))).outputs).toMatchObject([{ shape: [4] }]);
  });

  test('softmax: probabilities of the classes, axis 1', () => {
    const model = new nn.Linear(4, 3);
    const bytes = encodeOnnx(model, { inputShape: 4, softmax: true });
    expect(graphOf(bytes).outputs[0].name).toBe('probabilities');
    const x = new Random(1).randn([5, 4]);
    expect(decodeOnnx(bytes).forward(x).data).toBeAllClose(F.softmax(model.forward(x)).data, { rtol: 1e-5 });
  });

  test('texts of the caller stand beside those of the library', () => {
    const given = (metadata: Record<string, string>) =>
      new TextDecoder().decode(encodeOnnx(new nn.Linear(4, 2), { inputShape: 4, metadata }));
    const text = given({ classes: '["cat","chat où"]', model: 'mine' });
    expect(text.replace(/\p{Cc}/gu, '|')).toMatch(
      /\|model\|\|mine.*\|dtype\|\|float32.*\|classes\|\|\["cat","chat où"\]/,
    );
    expect(() => given({ classes: 1 as never })).toThrow(
      'encodeOnnx: metadata is an object, expected an object of texts by name, in Unicode',
    );
  });

  test('opset and name', () => {
    const given = new nn.LayerNorm(4);
    const [before, after] = [16, 17].map((opset) => encodeOnnx(given, { inputShape: 4, opset, name: 'my net' }));
    expect(messageOf(before).opsets.get('')).toBe(16);
    expect(graphOf(after).name).toBe('my net');
    expect(opTypes(before)).toEqual(['ReduceMean', 'Sub', 'Mul', 'ReduceMean', 'Add', 'Sqrt', 'Div', 'Mul', 'Add']);
    expect(opTypes(after)).toEqual(['LayerNormalization']);
  });

  test('float64: as it is where onnxruntime can, else as asked for', () => {
    const dense = new nn.Linear(4, 3, { dtype: 'float64' });
    expect(graphOf(encodeOnnx(dense, { inputShape: 4 })).inputs[0].dataType).toBe(11);
    const conv = new nn.Conv2d(1, 1, 2, { dtype: 'float64' });
    expect(() => encodeOnnx(conv, { inputShape: [1, 4, 4] })).toThrow(
      [
        'encodeOnnx: model is of float64 and has the operator Conv, which onnxruntime computes in float32 ',
        "only: give { dtype: 'float32' }, or { dtype: 'float64' } for another program",
      ].join(''),
    );
    const x = new Random(1).randn([2, 1, 4, 4], 'float64');
    const expected = conv.forward(x).data;
    const double = decodeOnnx(encodeOnnx(conv, { inputShape: [1, 4, 4], dtype: 'float64' }));
    expect(double.forward(x).data).toBeAllClose(expected, { rtol: 1e-12 });
    const single = decodeOnnx(encodeOnnx(conv, { inputShape: [1, 4, 4], dtype: 'float32' }));
    expect(single.forward(array(x, x.shape, 'float32')).dtype).toBe('float32');
    expect(single.forward(array(x, x.shape, 'float32')).double().data).toBeAllClose(expected, {
      rtol: 1e-5,
      atol: 1e-6,
    });
  });

  test('sizes that follow from the batch are computed in the graph', () => {
    compare((x) => x.reshape([x.shape[0], 2, 2]).transpose(1, 2).reshape([-1, 4]));
    compare((x) => x.mean(0, true).expand([x.shape[0], -1]).sub(x));
    compare((x) => F.concat([x, new Tensor(zeros(x.shape))], 1));
    compare((x) =>
      x.slice([
        [0, x.shape[0]],
        [1, null],
      ]),
    );
    compare((x) => x.var(0, { unbiased: false }));
  });

  test('a residual, two uses of one value, constants, and an input that is returned', () => {
    compare((x, { weight }) => F.add(x, F.mul(F.relu(F.mul(x, weight)), 0.5)));
    compare((x) => F.mul(x, array([1, 2, 3, 4], undefined, 'float32')));
    compare((x) => x);
    compare((x) => new Tensor(x.data));
  });

  test('a branch by the mode, and dropout, are those of evaluation', () => {
    compare((x, { training }) => F.dropout(training ? F.neg(x) : x, 0.5, { training }));
  });

  test('an own operation that only passes on what functions of F made', () => {
    const square = op(
      (x: NDArray): [NDArray, NDArray] => [F.mul(x, x).data, x],
      (dout) => dout,
      { name: 'square' },
    );
    compare((x) => square(x));
  });
});

describe('the model stays as it is', () => {
  test('the generator that dropout draws from, also if the model is refused', () => {
    manualSeed(3);
    const before = defaultGenerator().stateDict();
    encode((x) => [F.dropout(x, 0.5), F.relu(x)][1]);
    expect(() => encode((x) => F.dropout(x, 0.5))).toThrow('F.dropout');
    expect(defaultGenerator().stateDict()).toEqual(before);
  });

  test('modes, also different ones, and running statistics to the bit', () => {
    const model = new nn.Sequential(new nn.Linear(4, 4), new nn.BatchNorm1d(4), new nn.Dropout(0.5));
    model.forward(new Random(1).randn([8, 4]));
    model.at(1).eval();
    const before = model.stateDict();
    encodeOnnx(model, { inputShape: 4 });
    expect(model.modules().map(({ training }) => training)).toEqual([true, true, false, true]);
    expect(model.stateDict()).toEqual(before);
  });

  test('buffers that a forward pass changes in evaluation too, and after an error', () => {
    const model = new Applied((x, { noted }) => {
      noted.data.data[0] += 1;
      return F.batchNorm(x, noted, new Tensor(ones([4])), null, null, { training: true });
    });
    expect(opTypes(encodeOnnx(model, { inputShape: 4 }))).toContain('ReduceMean');
    expect(() => encodeOnnx(model, { inputShape: 3 })).toThrow();
    expect(model.noted.tolist()).toEqual([0, 0, 0, 0]);
    expect(model.training).toBe(true);
  });
});

describe('files', () => {
  test('hold what encodeOnnx returns', () => {
    const model = new nn.Linear(4, 3);
    const file = path.join(folder, 'model.onnx');
    exportOnnx(model, file, { inputShape: 4 });
    expect(new Uint8Array(readFileSync(file))).toEqual(encodeOnnx(model, { inputShape: 4 }));
  });

  test('of another ending, of a model that is refused, or in no folder are not written', () => {
    const model = new nn.Linear(4, 3);
    const before = readdirSync(folder);
    const at = (name: string): string => path.join(folder, name);
    expect(() => exportOnnx(model, at('model.pb'), { inputShape: 4 })).toThrow(
      `exportOnnx: file is '${at('model.pb')}', expected a name that ends with .onnx`,
    );
    expect(() => exportOnnx(model, '', { inputShape: 4 })).toThrow("exportOnnx: file is '', expected a path");
    expect(() => exportOnnx(model, at('refused.onnx'), { inputShape: 5 })).toThrow('exportOnnx: inputShape is (5,)');
    expect(() => exportOnnx(model, at('none/model.onnx'), { inputShape: 4 })).toThrow(
      `exportOnnx: there is no folder ${at('none')} to write model.onnx to`,
    );
    expect(readdirSync(folder)).toEqual(before);
  });
});
