import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { array, dtypeOf, hostValues, linspace, type NDArray, zeros } from '../../src/arrays/index.js';
import { manualSeed, tensor } from '../../src/autograd/index.js';
import { FullyConnectedNet, TwoLayerNet } from '../../src/classifiers/index.js';
import { decodeSafetensors, FormatError, load, type Saveable, save } from '../../src/formats/index.js';
import * as nn from '../../src/nn/index.js';
import { temporaryDir } from '../helpers/cifar10.js';

const WRITTEN = ['.safetensors', '.npz', '.json'];
const at = (name: string) => path.join(temporaryDir(), name);
const SIZES = { inputDim: 6, numClasses: 3, weightScale: 0.5 };

const numbersOf = (state: Readonly<Record<string, NDArray>>) =>
  Object.entries(state).map(([name, a]) => [name, a.shape, dtypeOf(a), [...hostValues(a)]]);

describe.each(WRITTEN)('%s', (ending) => {
  test('takes a module there and back', () => {
    const make = () => new nn.Sequential(new nn.Conv2d(1, 2, 3), new nn.BatchNorm2d(2), new nn.Flatten());
    manualSeed(1);
    const [from, to] = [make(), make()];
    const x = array([...hostValues(linspace(-1, 1, 50))], [2, 1, 5, 5]);
    from.forward(x);
    const file = at(`model${ending}`);
    save(file, from);
    expect(to.loadStateDict(load(file))).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(numbersOf(to.stateDict())).toEqual(numbersOf(from.stateDict()));
    expect(to.eval().forward(x).tolist()).toEqual(from.eval().forward(x).tolist());
  });

  test('takes a classifier, another model and a state there and back', () => {
    const file = at(`model${ending}`);
    const make = (seed: number) => new FullyConnectedNet([4], { ...SIZES, normalization: 'batchnorm', seed });
    const [from, to] = [make(1), make(2)];
    from.bnParams[0].runningVar = linspace(1, 2, 4, 'float32');
    save(file, from);
    to.loadStateDict(load(file));
    expect(numbersOf(to.stateDict())).toEqual(numbersOf(from.stateDict()));

    save(file, { params: from.params, loss: () => zeros([1, 3]) });
    expect(Object.keys(load(file)).sort()).toEqual(Object.keys(from.params).sort());
    const state = { a: tensor([1, 2]), b: array([[1, 2]], [1, 2], 'float64').transpose(1, 0), 'ü.0': array([5], []) };
    save(file, state);
    expect(numbersOf(load(file)).sort()).toEqual([
      ['a', [2], 'float32', [1, 2]],
      ['b', [2, 1], 'float64', [1, 2]],
      ['ü.0', [], 'float32', [5]],
    ]);
    expect(numbersOf(load(file, { dtype: 'float64' })).every(([, , dtype]) => dtype === 'float64')).toBe(true);
  });

  test('refuses what is no file of its format', () => {
    const file = at(`model${ending}`);
    fs.writeFileSync(file, 'pickle');
    expect(() => load(file)).toThrow(FormatError);
    expect(() => load(file)).toThrow(`load: ${file}: `);
  });
});

describe('save', () => {
  const metadataOf = (file: string) => ({ ...decodeSafetensors(fs.readFileSync(file)).metadata });

  test('writes what the model is made of beside the numbers', () => {
    const file = at('m.safetensors');
    const module = new nn.Sequential(new nn.Linear(2, 3, { bias: false }), new nn.ReLU());
    save(file, module, { metadata: { epoch: '7' } });
    const { layerwise, ...rest } = metadataOf(file);
    expect(rest).toEqual({ format: 'pt', epoch: '7' });
    expect(JSON.parse(layerwise)).toEqual({
      version: 1,
      model: {
        class: 'Sequential',
        options: {},
        children: [
          { name: '0', class: 'Linear', options: { inFeatures: 2, outFeatures: 3, bias: null }, children: [] },
          { name: '1', class: 'ReLU', options: {}, children: [] },
        ],
      },
    });
    const net = new TwoLayerNet(SIZES);
    save(file, net);
    const { layerwise: text, ...others } = metadataOf(file);
    expect([others, JSON.parse(text).model]).toEqual([{}, net.architecture()]);
    save(file, net.params);
    expect(metadataOf(file)).toEqual({});
  });

  test('takes a module that has a loss of its own, and a subclass with a state of its own', () => {
    class Net extends nn.Sequential {
      loss = () => 0;
    }
    const file = at('m.safetensors');
    save(file, new Net(new nn.Linear(1, 1)));
    expect(Object.keys(load(file))).toEqual(['0.weight', '0.bias']);
    class Counting extends TwoLayerNet {
      override stateDict(): never {
        return { calls: 3 } as never;
      }
    }
    save(file, new Counting(SIZES));
    expect(Object.keys(load(file))).toEqual(['W1', 'b1', 'W2', 'b2']);
  });

  test('replaces a file in one piece, and leaves it where it cannot', () => {
    const file = at('m.safetensors');
    save(file, { a: array([1]) });
    expect(() => save(file, { a: [2] } as never)).toThrow("save: 'a' is [2], expected an array or a tensor");
    expect([...hostValues(load(file).a)]).toEqual([1]);
    expect(fs.readdirSync(path.dirname(file))).toEqual(['m.safetensors']);
    expect(() => save(path.join(file, 'm.npz'), {})).toThrow(`save: there is no folder ${file} to write m.npz to`);
  });

  const state = { a: zeros([1]) };
  test.each<[unknown, unknown, object, string]>([
    ['m.bin', state, {}, "file is 'm.bin', expected a name that ends in .safetensors, .npz or .json"],
    ['safetensors', state, {}, "file is 'safetensors', expected a name that ends in"],
    ['a.npz/m', state, {}, "file is 'a.npz/m', expected a name that ends in"],
    ['', state, {}, "file is '', expected a path"],
    [
      'm.npz',
      state,
      { metadata: { a: 'b' } },
      'metadata is an object, expected none: only .safetensors and .json keep',
    ],
    ['m.json', state, { metadata: { a: 1 } }, 'metadata is an object, expected an object of texts by name, in Unicode'],
    ['m.json', state, { meta: 1 }, "unknown option 'meta', expected metadata"],
    ['m.json', null, {}, 'model is null, expected a module, a classifier, a model with params, or arrays by name'],
    ['m.json', 3, {}, 'model is 3, expected a module'],
    ['m.json', [zeros([1])], {}, 'state is [an array of shape (1,)], expected an object of arrays by name'],
    ['m.json', zeros([1]), {}, 'state is an array of shape (1,), expected an object of arrays by name: give it a name'],
    [
      'm.json',
      tensor([1]),
      {},
      'state is a tensor of shape (1,), expected an object of arrays by name: give it a name',
    ],
    ['m.json', { a: [1, 2] }, {}, "'a' is [1, 2], expected an array or a tensor: make it with array(x)"],
    [
      'm.json',
      { epoch: 3, model: { W1: zeros([1]) } },
      {},
      "'epoch' is 3, expected an array or a tensor: the option checkpoint of fit and Solver saves runs",
    ],
  ])('refuses %o', (file, model, options, message) => {
    expect(() => save(file as string, model as Saveable, options)).toThrow(`save: ${message}`);
  });
});

const filesOfPytorch = JSON.parse(
  fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'files_pytorch.json'), 'utf8'),
) as { read: { name: string; file: string }[] };

describe('load', () => {
  test('says what is wrong with the file', () => {
    const dir = temporaryDir();
    const missing = path.join(dir, 'no.safetensors');
    expect(() => load(missing)).toThrow(
      `load: cannot read ${missing} (ENOENT: there is no such file or folder); check the path`,
    );
    const folder = path.join(dir, 'd.npz');
    fs.mkdirSync(folder);
    expect(() => load(folder)).toThrow(`load: ${folder} is a folder, expected a regular file; name a file of arrays`);
    expect(() => load('m.h5')).toThrow("load: file is 'm.h5', expected a name that ends in .safetensors, .npz");
    expect(() => load(missing, { dtype: 'int8' as never })).toThrow(
      "load: dtype is 'int8', expected 'float32' or 'flo",
    );
    const cut = path.join(dir, 'cut.safetensors');
    save(cut, { a: zeros([4]) });
    fs.truncateSync(cut, fs.statSync(cut).size - 1);
    expect(() => load(cut)).toThrow(`load: ${cut}: numbers have 15 bytes, expected 16: the file is cut off`);
  });

  test('names what reads and writes files of other endings', () => {
    const dir = temporaryDir();
    expect(() => load('m.onnx')).toThrow('.pt or .pth: importOnnx(file) reads networks');
    expect(() => save('m.onnx', {})).toThrow('or .json: exportOnnx(model, file, { inputShape }) writes networks');
    expect(() => load('m.npy')).toThrow(': decodeNpy(readFileSync(file)) reads one array');
    expect(() => save('m.npy', {})).toThrow(': writeFileSync(file, encodeNpy(a)) writes one array');
    expect(() => load(dir)).toThrow(': loadCheckpoint reads the folder of a run');
  });

  test.each(['a.safetensors', 'a.npz', 'a.json'])('reads what is below a name: %s', (name) => {
    const file = at(name);
    save(file, { 'net.0.weight': zeros([1]), 'net.1.bias': zeros([2]), 'network.0': zeros([3]), 'opt.lr': zeros([]) });
    expect(Object.keys(load(file, { key: 'net' }))).toEqual(['0.weight', '1.bias']);
    expect(Object.keys(load(file, { key: 'net.1' }))).toEqual(['bias']);
    expect(() => load(file, { key: 'model' })).toThrow("load: key is 'model', expected one of 'net', 'network', 'opt'");
    save(file, { W1: zeros([1]) });
    expect(() => load(file, { key: 'W1' })).toThrow("load: key is 'W1', expected no key: no name has a dot");
  });

  test('reads files of PyTorch, all of them or an entry, and writes none', () => {
    const file = at('checkpoint.PTH');
    const [{ file: stored }] = filesOfPytorch.read.filter(({ name }) => name === 'a checkpoint');
    fs.writeFileSync(file, Buffer.from(stored, 'base64'));
    expect(Object.keys(load(file, { key: 'model' }))).toContain('0.weight');
    expect(Object.keys(load(file))).toContain('model.0.weight');
    expect(Object.keys(load(file, { key: 'model.0' }))).toEqual(['weight', 'bias']);
    expect(() => load(file, { key: 'net' })).toThrow("load: key is 'net', expected one of 'epoch', 'model'");
    expect(() => save(file, {})).toThrow('.npz or .json: .pth is read only; Python reads a safetensors file, see docs');
    fs.truncateSync(file, 100);
    expect(() => load(file)).toThrow(`load: ${file}: zip file has no directory at its end: it is cut off`);
  });

  test('gives the dtype that is asked for to a model that has another', () => {
    const file = at('m.SAFETENSORS');
    save(file, new nn.Linear(2, 2, { dtype: 'float64' }));
    const model = new nn.Linear(2, 2);
    expect(() => model.loadStateDict(load(file))).toThrow(
      'loadStateDict: the state does not fit Linear: weight, bias are float64, expected float32',
    );
    model.loadStateDict(load(file, { dtype: 'float32' }));
  });

  test('has any name as an entry, and no others', () => {
    const file = at('m.safetensors');
    save(file, { ['__proto__']: array([1]), constructor: array([2]) });
    const state = load(file);
    expect(Object.keys(state)).toEqual(['__proto__', 'constructor']);
    expect('toString' in state).toBe(false);
    expect(() => new nn.Linear(1, 1).loadStateDict(state)).toThrow('unexpected __proto__, constructor');
  });
});
