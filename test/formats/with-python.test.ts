import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { array, dtypeOf, hostValues, type NDArray, Random } from '../../src/arrays/index.js';
import {
  type Classifier,
  decodeNpy,
  encodeNpy,
  FullyConnectedNet,
  load,
  models,
  nn,
  noGrad,
  Solver,
  save,
  ThreeLayerConvNet,
  TwoLayerNet,
} from '../../src/index.js';

const PYTHON = '/usr/bin/python3';
const SCRIPT = path.resolve(__dirname, '../../scripts/to_pytorch.py');
const HELPER = path.join(__dirname, 'with-python.py');

const dir = mkdtempSync(path.join(tmpdir(), 'layerwise-python-'));
let missing = false;

function place(name: string): string {
  return path.join(dir, name);
}

function python(...args: string[]): string {
  const { stdout, stderr, status } = spawnSync(PYTHON, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  expect(stderr.replaceAll(/^.*Warning.*\n.*\n?/gm, '')).toBe('');
  expect(status).toBe(0);
  return stdout;
}

afterAll(() => rmSync(dir, { recursive: true }));

const random = new Random(0);
const EXAMPLES = 64;

function images(shape: readonly number[], dtype: 'float32' | 'float64' = 'float32'): NDArray {
  return random.randn([EXAMPLES, ...shape], dtype);
}

/** Trained for a few steps, so that no parameter and no statistic has its initial value. */
function trained(model: Classifier, X: NDArray): (X: NDArray) => NDArray {
  const y = random.randint(0, 10, EXAMPLES);
  const data = { XTrain: X, yTrain: y, XVal: X, yVal: y };
  new Solver(model, data, {
    updateRule: 'adam',
    numEpochs: 2,
    batchSize: EXAMPLES / 4,
    verbose: false,
    seed: 0,
  }).train();
  return (inputs) => model.loss(inputs);
}

/** In evaluation, with statistics of a training pass. */
function evaluated(model: nn.Module, X: NDArray): (X: NDArray) => NDArray {
  model.forward(X);
  model.eval();
  return (inputs) => noGrad(() => model.forward(inputs)).data;
}

const convBlock = () => [new nn.Conv2d(3, 8, 3, { padding: 1 }), new nn.BatchNorm2d(8), new nn.ReLU()];

/** Every module that PyTorch has too. */
function everyModule(): nn.Module {
  return new nn.Sequential(
    ...convBlock(),
    new nn.Dropout2d(),
    new nn.Conv2d(8, 8, [3, 1], { stride: [1, 2], padding: [1, 0], groups: 4, bias: false }),
    new nn.GroupNorm(2, 8),
    new nn.LeakyReLU(0.2),
    new nn.Conv2d(8, 8, 3, { padding: 'same', dilation: 2 }),
    new nn.ELU(0.5),
    new nn.ReflectionPad2d(1),
    new nn.GELU({ approximate: 'tanh' }),
    new nn.MaxPool2d(3, { stride: 2, padding: 1, ceilMode: true }),
    new nn.PReLU({ numParameters: 8 }),
    new nn.ConstantPad2d([1, 0, 2, 1], 0.5),
    new nn.SiLU(),
    new nn.AvgPool2d(2, { stride: 1, padding: 1, countIncludePad: false }),
    new nn.BatchNorm2d(8, { affine: false, momentum: null }),
    new nn.Hardswish(),
    new nn.ReplicationPad2d([1, 0, 0, 1]),
    new nn.Softplus({ beta: 2 }),
    new nn.ZeroPad2d(1),
    new nn.AdaptiveAvgPool2d([4, 3]),
    new nn.LayerNorm([8, 4, 3]),
    new nn.Tanh(),
    new nn.AdaptiveMaxPool2d(2),
    new nn.Identity(),
    new nn.Flatten(),
    new nn.Linear(32, 24),
    new nn.BatchNorm1d(24),
    new nn.ReLU6(),
    new nn.Linear(24, 20, { bias: false }),
    new nn.LayerNorm(20, { bias: false }),
    new nn.LayerNorm(20, { elementwiseAffine: false }),
    new nn.Dropout(0.3),
    new nn.Hardsigmoid(),
    new nn.Sigmoid(),
    new nn.GELU(),
    new nn.Softmax({ dim: 1 }),
    new nn.LogSoftmax({ dim: 1 }),
  );
}

/** Modules that PyTorch does not have. */
function ownModules(): nn.Module {
  const body = new nn.Sequential(new nn.Conv2d(8, 8, 3, { padding: 1 }), new nn.BatchNorm2d(8));
  return new nn.Sequential(
    ...convBlock(),
    new nn.Residual(body, { shortcut: new nn.Conv2d(8, 8, 1) }),
    new nn.Residual(new nn.Conv2d(8, 8, 1)),
    new nn.DenseBlock(new nn.Conv2d(8, 4, 3, { padding: 1 }), new nn.Conv2d(12, 4, 1)),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(16 * 16, 20),
    new nn.Maxout(2),
  );
}

const MODELS: Record<string, () => [model: Classifier | nn.Module, X: NDArray, score: (X: NDArray) => NDArray]> = {
  TwoLayerNet: () => {
    const [model, X] = [new TwoLayerNet({ inputDim: 48, hiddenDim: 20, seed: 0 }), images([3, 4, 4])];
    return [model, X, trained(model, X)];
  },
  'batchnorm and dropout': () => {
    const options = { inputDim: 48, normalization: 'batchnorm', dropout: 0.8, dtype: 'float64', seed: 0 } as const;
    const [model, X] = [new FullyConnectedNet([20, 15], options), images([3, 4, 4], 'float64')];
    return [model, X, trained(model, X)];
  },
  'batchnorm of another eps': () => {
    const model = new FullyConnectedNet([20, 15], { inputDim: 48, normalization: 'batchnorm', seed: 0 });
    model.bnParams[1].eps = 0.5;
    const X = images([48]);
    return [model, X, trained(model, X)];
  },
  layernorm: () => {
    const model = new FullyConnectedNet([20, 15], { inputDim: 48, normalization: 'layernorm', seed: 0 });
    const X = images([48]);
    return [model, X, trained(model, X)];
  },
  'ThreeLayerConvNet of odd images': () => {
    const model = new ThreeLayerConvNet({ inputDim: [3, 9, 7], numFilters: 4, filterSize: 3, hiddenDim: 20, seed: 0 });
    const X = images([3, 9, 7]);
    return [model, X, trained(model, X)];
  },
  'every module': () => {
    const [model, X] = [everyModule(), images([3, 8, 8])];
    return [model, X, evaluated(model, X)];
  },
  'modules of our own': () => {
    const [model, X] = [ownModules(), images([3, 8, 8])];
    return [model, X, evaluated(model, X)];
  },
  'a linear layer in float64': () => {
    const [model, X] = [new nn.Linear(5, 10, { dtype: 'float64' }), images([5], 'float64')];
    return [model, X, evaluated(model, X)];
  },
  resnet8: () => {
    const [model, X] = [models.resnet8(), images([3, 8, 8])];
    return [model, X, evaluated(model, X)];
  },
  fastResnet: () => {
    const [model, X] = [models.fastResnet(), random.randn([4, 3, 32, 32])];
    return [model, X, evaluated(model, X)];
  },
};

describe('NumPy and PyTorch, where /usr/bin/python3 has them', { tags: 'slow' }, () => {
  beforeAll(() => {
    const { status, stderr } = spawnSync(PYTHON, [HELPER, 'write', dir], { encoding: 'utf8' });
    missing = status === null || /ModuleNotFoundError|ImportError/.test(stderr);
    if (!missing) expect([status, stderr]).toEqual([0, '']);
  }, 60_000);

  test('what they write is read', ({ skip }) => {
    skip(missing, `${PYTHON} has no numpy and torch`);
    const { x, f } = load(place('numpy.npz'));
    expect([x.shape, Array.from(hostValues(x)), dtypeOf(x)]).toEqual([[2, 3], [0, 1, 2, 3, 4, 5], 'float64']);
    expect([f.shape, Array.from(hostValues(f)), dtypeOf(f)]).toEqual([[3, 2], [1, 0, 0, 1, 0, 0], 'float32']);
    expect(load(place('compressed.npz')).zeros.shape).toEqual([300, 300]);
    expect(Array.from(hostValues(decodeNpy(readFileSync(place('numpy.npy')))))).toEqual([-3, -2, -1, 0, 1, 2]);
  });

  test('a state dict of PyTorch gives the scores that it gives there', ({ skip }) => {
    skip(missing, `${PYTHON} has no numpy and torch`);
    const model = new nn.Sequential(
      new nn.Conv2d(3, 4, 3, { padding: 1, bias: false }),
      new nn.BatchNorm2d(4),
      new nn.LeakyReLU(0.1),
      new nn.Conv2d(4, 4, 3, { padding: 1, groups: 2 }),
      new nn.BatchNorm2d(4),
      new nn.PReLU(),
      new nn.MaxPool2d(2),
      new nn.GroupNorm(2, 4),
      new nn.Flatten(),
      new nn.Linear(64, 10),
    );
    model.loadStateDict(load(place('state.pt')));
    model.eval();
    const { X, scores, ...rest } = load(place('checkpoint.pth'));
    expect(Object.keys(rest)).toEqual(Object.keys(model.stateDict()).map((name) => `model.${name}`));
    expect(noGrad(() => model.forward(X)).data).toBeAllClose(scores, { rtol: 1e-5, atol: 1e-5 });
    expect(load(place('checkpoint.pth'), { key: 'model' })).toEqual(load(place('state.pt')));
  });

  test('what is written here is read there, and printed networks give equal scores', ({ skip }) => {
    skip(missing, `${PYTHON} has no numpy and torch`);
    for (const name of ['state', 'double']) {
      for (const ending of ['safetensors', 'npz']) save(place(`${name}.${ending}`), load(place(`${name}.pt`)));
    }
    writeFileSync(
      place('ours.npy'),
      encodeNpy(
        array([
          [1, 2],
          [3, 4.5],
        ]).transpose(1, 0),
      ),
    );
    const wanted = Object.entries(MODELS).map(([name, make]) => {
      const [model, X, score] = make();
      save(place(`model-${name}.safetensors`), model);
      save(place(`inputs-${name}.safetensors`), { X });
      return [`model-${name}.safetensors`, score(X)] as const;
    });

    const { scores, equal, classifier, 'ours.npy': ours } = JSON.parse(python(HELPER, 'check', dir));
    expect(equal).toEqual({ state: true, double: true });
    expect(Object.keys(load(place('classifier.pt')))).toEqual(classifier);
    expect(ours).toEqual({ dtype: '<f4', shape: [2, 2], data: [1, 3, 2, 4.5] });
    for (const [name, expected] of wanted) {
      expect(array(scores[name], undefined, 'float64'), name).toBeAllClose(expected, { rtol: 1e-5, atol: 1e-5 });
    }
  });

  test('the command prints a program that runs', ({ skip }) => {
    skip(missing, `${PYTHON} has no numpy and torch`);
    const model = new TwoLayerNet({ inputDim: 4, hiddenDim: 3, numClasses: 2, weightScale: 1, seed: 0 });
    const X = array([[1, 2, 3, 4]]);
    save(place('two.safetensors'), model);
    save(place('two-inputs.safetensors'), { X });
    writeFileSync(place('net.py'), python(SCRIPT, place('two.safetensors')));
    const scores = JSON.parse(python(place('net.py'), '--scores', place('two-inputs.safetensors')));
    expect(array(scores)).toBeAllClose(model.loss(X), { rtol: 1e-5 });
  });
});

test('every module of nn that is a layer has a class in PyTorch or in the printed program', () => {
  const script = readFileSync(SCRIPT, 'utf8');
  const plain = /^PLAIN = set\((.*?)\.split/ms.exec(script)?.[1] ?? '';
  const known = new Set([...plain.matchAll(/\w+/g)].map(([name]) => name));
  for (const [, name] of script.matchAll(/class (\w+)\(nn\./g)) known.add(name);
  const layers = Object.entries(nn)
    .filter(
      ([name, value]) => typeof value === 'function' && value.prototype instanceof nn.Module && !/Loss$/.test(name),
    )
    .map(([name]) => name);
  // Without a forward of their own: only modules of the user's contain them.
  expect(layers.filter((name) => !known.has(name))).toEqual(['ModuleDict', 'ModuleList']);
});

describe('a file that the command refuses', { tags: 'slow' }, () => {
  class Custom extends nn.Sequential {}
  class Residual extends nn.Identity {
    body = new nn.Linear(1, 1);
    act = new nn.ReLU();
  }
  const architecture = (model: unknown, version = 1) => ({ layerwise: JSON.stringify({ version, model }) });
  const refused: [what: string, write: (file: string) => void, message: string][] = [
    [
      'with a module of another class',
      (file) => save(file, new nn.Sequential(new Custom(new nn.Linear(1, 1)))),
      'model.0 is of the class Custom, which has no counterpart that could be printed: write it in Python as an nn',
    ],
    [
      'with a class of its own that has a name of the library',
      (file) => save(file, new Residual()),
      "model has the modules body, act, unlike the library's Residual: give a class of your own another name",
    ],
    [
      'with a module beside those of a Sequential',
      (file) => save(file, Object.assign(new nn.Sequential(new nn.ReLU()), { act: new nn.ReLU() })),
      "model has the modules 0, act, unlike the library's Sequential: give a class of your own another name",
    ],
    [
      'without an architecture',
      (file) => save(file, { x: array([1]) }),
      'does not say what it is made of: write it with save(file, model), where model is a module or a classifier',
    ],
    [
      'of a version to come',
      (file) => save(file, { x: array([1]) }, { metadata: architecture({}, 2) }),
      "is of version 2 of layerwise's metadata, and this program reads version 1",
    ],
    [
      'with code for an option',
      (file) => {
        const model = { class: 'Linear', options: { inFeatures: 1, outFeatures: 1, 'x=1)#': 1 }, children: [] };
        save(file, { x: array([1]) }, { metadata: architecture(model) });
      },
      "has an option of Linear that is none: 'x=1)#'",
    ],
    [
      'with code for a size',
      (file) => {
        const options = { inputDim: '1); exit(', hiddenDim: 1, numClasses: 1 };
        save(file, { x: array([1]) }, { metadata: architecture({ class: 'TwoLayerNet', options, children: [] }) });
      },
      "has a size that is none: '1); exit('",
    ],
    ['that is none', (file) => writeFileSync(file, 'text'), 'is no safetensors file'],
    ['that is not there', () => undefined, 'cannot be read: No such file or directory'],
  ];
  const RUN = [
    'import json, sys',
    'sys.path.insert(0, sys.argv[1])',
    'import to_pytorch',
    'messages = []',
    'for file in sys.argv[2:]:',
    '    try:',
    '        to_pytorch.program(file, to_pytorch.read_header(file))',
    '        messages.append("")',
    '    except to_pytorch.Refused as refused:',
    '        messages.append(str(refused))',
    'print(json.dumps(messages))',
  ].join('\n');

  test('is named, with the reason, and nothing is printed', ({ skip }) => {
    skip(spawnSync('python3', ['--version']).status !== 0, 'there is no python3 on the PATH');
    const files = refused.map(([what, write]) => {
      const file = place(`${what}.safetensors`);
      write(file);
      return file;
    });
    const { stdout } = spawnSync('python3', ['-c', RUN, path.dirname(SCRIPT), ...files], { encoding: 'utf8' });
    const messages = JSON.parse(stdout) as string[];
    for (const [i, [what, , message]] of refused.entries()) expect(messages[i], what).toContain(message);

    const run = spawnSync('python3', [SCRIPT, files[0]], { encoding: 'utf8' });
    expect([run.status, run.stdout]).toEqual([1, '']);
    expect(run.stderr).toContain(`to_pytorch: ${files[0]}: ${refused[0][2]}`);
  });
});
