import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allKeys, type ConfigParts, MODELS, makeConfig, type RunConfig, settingRows } from '../../src/runs/index.js';
import { temporaryDir } from '../helpers/cifar10.js';

/** A config without anything from the surroundings. */
function made(parts: ConfigParts): Promise<RunConfig> {
  return makeConfig('train', { model: 'twolayer', data: 'synthetic', env: {}, ...parts });
}

describe('a config', () => {
  test('has the settings of the notebook for its two-layer net', async () => {
    expect(await made({})).toEqual({
      layerwise: expect.stringMatching(/^\d+\.\d+\.\d+/),
      model: { name: 'twolayer', options: { hiddenDim: 100, weightScale: 1e-3, reg: 0, numClasses: null } },
      data: {
        kind: 'synthetic',
        path: null,
        ...{ numTraining: null, numValidation: null, numTest: null },
        normalize: 'mean',
      },
      training: { optimizer: 'sgd', lr: 1e-3, lrDecay: 0.95, batchSize: 100, epochs: 10, printEvery: 100 },
      seed: 231,
    });
  });

  test('has the recipe of the challenge for fastResnet', async () => {
    const { training, data } = await made({ model: 'fastResnet' });
    expect(training).toMatchObject({
      ...{ optimizer: 'SGD', lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 5e-4, weightDecayOf: 'matrices' },
      ...{ schedule: 'onecycle', pctStart: 0.25, annealStrategy: 'linear', divFactor: 10, finalDivFactor: 100 },
      ...{ batchSize: 64, epochs: 10, labelSmoothing: 0.1, weightAverage: 0.995, keepBest: false },
    });
    expect(data).toMatchObject({ normalize: 'channels', crop: 2, flip: true });
  });

  test.each(Object.keys(MODELS))('of %s is complete: made again from its JSON it is the same text', async (model) => {
    const text = JSON.stringify(await made({ model }));
    expect(JSON.stringify(await made({ model: undefined, data: undefined, base: JSON.parse(text) }))).toBe(text);
  });

  test('takes settings by short and by dotted keys, values as JSON or texts, the last of two', async () => {
    const set = ['hiddenDims=30,20', 'model.dropout=0.1', 'model.options.batchNorm=true', 'lr=1', 'training.lr=0.5'];
    const { model, training, seed } = await made({ model: 'mlp', set: [...set, 'seed=abc', 'optimizer=sgd_momentum'] });
    expect(model.options).toMatchObject({ hiddenDims: [30, 20], dropout: 0.1, batchNorm: true });
    expect(training).toMatchObject({ lr: 0.5, optimizer: 'SGD', momentum: 0.9, nesterov: false });
    expect(seed).toBe('abc');
    expect((await made({ model: 'fc', set: ['hiddenDims=7'] })).model.options.hiddenDims).toEqual([7]);
  });

  test('has the defaults of another optimizer, not those of the recipe', async () => {
    const { training } = await made({ model: 'fastResnet', set: ['optimizer=adamw'] });
    expect(training).toMatchObject({ optimizer: 'AdamW', lr: 1e-3, weightDecay: 1e-2, epochs: 10 });
    expect(training).not.toHaveProperty('momentum');
    const base = await made({ model: 'fastResnet', set: ['lr=0.3', 'epochs=3'] });
    const other = await made({ model: undefined, base, set: ['optimizer=adam'] });
    expect(other.training).toMatchObject({ optimizer: 'Adam', lr: 1e-3, epochs: 3 });
  });

  test('of another model than that of the config keeps the data and the seed, and has its own recipe', async () => {
    const base = await made({ model: 'fastResnet', set: ['epochs=3', 'seed=7'] });
    const { training, data, seed } = await made({ model: 'twolayer', data: undefined, base });
    expect([training.epochs, data.kind, seed]).toEqual([10, 'synthetic', 7]);
  });

  test('resizes pictures for models that take one size, and mirrors no digits', async () => {
    const dir = temporaryDir();
    writeFileSync(join(dir, 'train-images-idx3-ubyte'), '');
    expect((await made({ model: 'fastResnet', data: dir })).data).toMatchObject({
      kind: 'mnist',
      size: 32,
      flip: false,
    });
    expect((await made({ model: 'resnet8', data: dir })).data).toMatchObject({ kind: 'mnist', size: null });
  });
});

describe('settings', () => {
  test('have short keys that are unique, and a comment each', () => {
    const short = allKeys().map((key) => key.slice(key.indexOf('.') + 1));
    expect(new Set(short).size).toBe(short.length);
    const rows = settingRows();
    expect(rows.find(({ key }) => key === 'training.momentum')).toMatchObject({
      expected: 'a number ≥ 0',
      owners: ['optimizer=sgd_momentum', 'optimizer=nesterov', 'optimizer=SGD', 'optimizer=RMSprop'],
    });
    for (const { key, comment } of rows) expect([key, comment]).toEqual([key, expect.stringMatching(/^.{10,110}$/)]);
  });
});

describe('a config is refused', () => {
  const refusals: readonly [set: string, message: string][] = [
    ['lr', '--set lr: it has no value, expected key=value, such as lr=0.1'],
    ['=1', '--set =1: it has no key, expected key=value, such as lr=0.1'],
    ['lr=abc', '--set lr=abc: expected a number > 0'],
    ['lr=0', '--set lr=0: expected a number > 0'],
    ['seed=null', '--set seed=null: expected a number or a string'],
    ['learningRate=1', '--set learningRate=1: there is no setting learningRate: did you mean lr?'],
    ['momentun=1', '--set momentun=1: there is no setting momentun: did you mean momentum?'],
    ['training.reg=1', '--set training.reg=1: there is no setting training.reg: did you mean model.reg?'],
    ['zzzzzz=1', '--set zzzzzz=1: there is no setting zzzzzz'],
    ['path=a', '--set path=a: a path, expected --data with it'],
    [
      'momentum=0.5',
      '--set momentum=0.5: it is for optimizer=sgd_momentum and optimizer=nesterov, and this run has optimizer=sgd',
    ],
    ['weightDecay=1', '--set weightDecay=1: it is for optimizer=adamw, and this run has optimizer=sgd; set reg'],
    ['normalization=batchnorm', '--set normalization=batchnorm: it is for fc, and this run has the model twolayer'],
    [
      'flip=true',
      '--set flip=true: it is for pictures that fit trains on, and this run has the model twolayer, which a Solver ' +
        'trains',
    ],
    [
      'schedule=cosine',
      '--set schedule=cosine: it is for modules, which fit trains, and this run has the model twolayer, which a ' +
        'Solver trains: set lrDecay',
    ],
    [
      'optimizer=adm',
      '--set optimizer=adm: there is no such optimizer, expected sgd, sgd_momentum, nesterov, rmsprop, adagrad, ' +
        'adam, adamw: did you mean adam?',
    ],
    ['numClasses=20', 'model.numClasses is 20, and synthetic data have 10 classes, expected 10, or null'],
    [
      'numValidation=0',
      'data.numValidation is 0, and a Solver trains twolayer, expected at least 1: it keeps the best parameters',
    ],
    ['target=price', '--set target=price: it is for csv, and this run has synthetic data'],
    ['data.kind=csv', '--data synthetic is given with data.kind=csv, expected one of the two, or a path'],
    [
      'data.kind=tsv',
      '--set data.kind=tsv: expected one of synthetic, cifar10, cifar100, mnist, fashion-mnist, folder, csv',
    ],
  ];
  test.each(refusals)('for --set %s', async (set, message) => {
    await expect(made({ set: [set] })).rejects.toThrow(`train: ${message}`);
  });

  test.each([
    [
      ['schedule=step', 'pctStart=0.2'],
      '--set pctStart=0.2: it is for schedule=onecycle, and this run has schedule=step',
    ],
    [['schedule=cosin'], '--set schedule=cosin: there is no such schedule, expected constant, step, cosine, onecycle'],
    [
      ['optimizer=adam', 'nesterov=true'],
      '--set nesterov=true: it is for optimizer=SGD, and this run has optimizer=Adam',
    ],
    [['momentum=0'], 'training.nesterov is true, and training.momentum 0, expected momentum > 0 with nesterov'],
    [
      ['reg=1'],
      '--set reg=1: it is for twolayer, fc and convnet3, and this run has the model fastResnet; set weightDecay',
    ],
    [['patience=2', 'numValidation=0'], 'training.patience is 2, and data.numValidation 0'],
    [
      ['beta1=0.5'],
      'it is for optimizer=adam and optimizer=adamw, and this run has the model fastResnet, which fit trains',
    ],
  ])('of fastResnet for %s', async (set, message) => {
    await expect(made({ model: 'fastResnet', set })).rejects.toThrow(message);
  });

  test('for a model that there is not, with the nearest', async () => {
    await expect(made({ model: 'resnt20' })).rejects.toThrow(
      /^train: MODEL resnt20: there is no such model, expected one of twolayer, .*: did you mean resnet20\?$/,
    );
    await expect(made({ model: undefined })).rejects.toThrow(/^train: MODEL is missing, expected one of twolayer, /);
  });

  test('for parts of a config that there are not, or that contradict each other', async () => {
    const of = (base: unknown): Promise<RunConfig> => made({ base });
    await expect(of([])).rejects.toThrow('train: config is [], expected an object');
    await expect(of({ trainin: {} })).rejects.toThrow(/config has 'trainin', .*did you mean training\?$/);
    await expect(of({ training: { lrr: 1 } })).rejects.toThrow(
      'train: config: training.lrr: there is no such setting: did you mean training.lr?',
    );
    await expect(of({ training: { lr: 'x' } })).rejects.toThrow(
      "train: config: training.lr is 'x', expected a number > 0",
    );
    await expect(of({ training: { optimizer: 'sgd', momentum: 0.9 } })).rejects.toThrow(
      'train: config: training.momentum: it is for optimizer=sgd_momentum and optimizer=nesterov',
    );
    await expect(of({ data: { kind: 'cifr' } })).rejects.toThrow(
      "train: config: data.kind is 'cifr', expected synthetic",
    );
    await expect(of({ model: { name: 3 } })).rejects.toThrow('train: config: model.name is 3, expected a text');
    await expect(of({ seed: {} })).rejects.toThrow('train: config: seed is an object, expected a number or a string');
  });

  test('for missing values that would stay', async () => {
    const set = ['missing=nan', 'standardize=false'];
    await expect(made({ data: 'examples/houses.csv', set })).rejects.toThrow(
      "train: data.missing is nan, and data.standardize false, expected 'mean' or 'drop'",
    );
  });

  test('for pictures of another size, or rows', async () => {
    const dir = temporaryDir();
    writeFileSync(join(dir, 'train-images-idx3-ubyte'), '');
    await expect(made({ model: 'fastResnet', data: dir, set: ['size=28'] })).rejects.toThrow(
      'train: model fastResnet takes pictures of 32 × 32 pixels, and data.size=28 gives (1, 28, 28)',
    );
    writeFileSync(join(dir, 'a.csv'), 'a,b\n1,2\n');
    await expect(made({ model: 'fastResnet', data: join(dir, 'a.csv') })).rejects.toThrow(
      'train: model fastResnet takes pictures, and csv data are rows, expected twolayer, fc, mlp or a file of yours',
    );
  });
});
