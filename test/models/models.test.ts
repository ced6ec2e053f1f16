import { beforeEach, describe, expect, test } from 'vitest';
import { F, manualSeed, models, nn, noGrad, optim, Random, tensor } from '../../src/index.js';

/** The models of images; those with millions of weights to draw are slow to make. */
const IMAGE_MODELS = [
  ['resnet8', []],
  ['resnet14', []],
  ['resnet20', []],
  ['resnet32', ['slow']],
  ['vgg11', ['slow']],
  ['mobilenetV2', ['slow']],
  ['convnet6', []],
  ['fastResnet', ['slow']],
] as const;

/** Layers with weights, normalizations aside: what the papers count. */
function depthOf(model: nn.Module): number {
  return model.modules().filter((module) => module instanceof nn.Conv2d || module instanceof nn.Linear).length;
}

function kindsOf(model: nn.Sequential): string[] {
  return [...model].map((layer) => layer.constructor.name);
}

describe('resnet', () => {
  // Filters and the last layer's weights and biases, and two parameters to each channel of a normalization: by hand,
  // 16·3·9 + n·2·(16²·9) + (16·32 + (2n − 1)·32²)·9 + (32·64 + (2n − 1)·64²)·9 + 650, and 2·(16 + 2n·112).
  test.each([
    ['resnet8', 1, 8, 75_290],
    ['resnet14', 2, 14, 172_506],
    ['resnet20', 3, 20, 269_722], // the paper's table 6: 0.27M
    ['resnet32', 5, 32, 464_154], // 0.46M
  ] as const)('%s has the layers and the parameters of the paper', (name, n, layers, parameters) => {
    const model = models[name]();
    const filters = 16 * 3 * 9 + n * 2 * 256 * 9 + (512 + (2 * n - 1) * 1024) * 9 + (2048 + (2 * n - 1) * 4096) * 9;
    expect(filters + 650 + 2 * (16 + 2 * n * 112)).toBe(parameters);
    expect(model.summary([3, 32, 32]).totalParameters).toBe(parameters);
    expect(depthOf(model)).toBe(layers);
  });

  test('resnet20 takes 40.6 million multiplications', () => {
    const { totalFlops } = models.resnet20().summary([3, 32, 32]);
    expect(totalFlops / 2 / 1e6).toBeCloseTo(40.5, 0);
  });

  test('the shortcut of a smaller stage takes every second pixel and fills the new channels with zeros', () => {
    const model = models.resnet8({ dtype: 'float64' });
    const grown = model.modules().filter((module) => module instanceof nn.Residual)[1];
    const x = new Random(0).randn([2, 16, 5, 5], 'float64');
    const past = grown.shortcut.forward(x).tolist() as number[][][][];
    expect([past.length, past[0].length, past[0][0].length, past[0][0][0].length]).toEqual([2, 32, 3, 3]);
    expect(past[1][3][1][2]).toBe(x.get(1, 3, 2, 4));
    expect(past[1][16].flat()).toEqual(Array(9).fill(0));
  });
});

describe('vgg11', () => {
  test('has the eight convolutions of configuration A, and the eleven layers', { tags: 'slow' }, () => {
    // The paper's net without its linear layers: 132,863,336 parameters less 123,642,856.
    const plain = models.vgg11({ batchNorm: false });
    const convolutions = plain.modules().filter((module) => module instanceof nn.Conv2d);
    const count = convolutions.flatMap((module) => module.parameters()).reduce((sum, { size }) => sum + size, 0);
    expect([convolutions.length, count]).toEqual([8, 9_220_480]);
    expect(depthOf(models.vgg11({ hiddenDims: [64, 64] }))).toBe(11);
  });
});

describe('mobilenetV2', { tags: 'slow' }, () => {
  test('has the parameters and the multiplications of the paper', () => {
    // 3.4M parameters and 300M multiplications and additions, table 4; torchvision's has 3,504,872.
    const { totalParameters, totalFlops } = models
      .mobilenetV2({ numClasses: 1000, reduction: 32 })
      .summary([3, 224, 224]);
    expect(totalParameters).toBe(3_504_872);
    expect(totalFlops / 2 / 1e6).toBeCloseTo(300, -1);
    expect(depthOf(models.mobilenetV2())).toBe(53);
  });

  test('leaves out the first two reductions for small images', () => {
    const sizes = models
      .mobilenetV2()
      .summary([3, 32, 32])
      .rows.map(({ outputShape }) => outputShape?.[1]);
    expect([...new Set(sizes.slice(0, -4))]).toEqual([32, 16, 8, 4]);
  });

  test('scales its channels in multiples of eight', () => {
    // torchvision's mobilenet_v2(width_mult=0.5) and (1.4).
    const parametersOf = (width: number): number =>
      models
        .mobilenetV2({ width, numClasses: 1000 })
        .parameters()
        .reduce((sum, { size }) => sum + size, 0);
    expect(parametersOf(0.5)).toBe(1_968_680);
    expect(parametersOf(1.4)).toBe(6_108_776);
  });

  test('refuses another reduction', () => {
    expect(() => models.mobilenetV2({ reduction: 16 as 8 })).toThrow('mobilenetV2: reduction is 16, expected 8 or 32');
  });
});

describe('mlp', () => {
  test('is linear layers with a ReLU between two of them', () => {
    const model = models.mlp([12, 5, 4, 3]);
    expect(kindsOf(model)).toEqual(['Flatten', 'Linear', 'ReLU', 'Linear', 'ReLU', 'Linear']);
    expect(model.forward(new Random(0).randn([2, 3, 2, 2])).shape).toEqual([2, 3]);
    const full = models.mlp([12, 5, 3], { batchNorm: true, dropout: 0.1 });
    expect(kindsOf(full)).toEqual(['Flatten', 'Linear', 'BatchNorm1d', 'ReLU', 'Dropout', 'Linear']);
    expect(depthOf(models.mlp([3, 2]))).toBe(1);
  });

  test.each([[[]], [[3]], [[3, 0]], [[3, 2.5]], ['3,2' as unknown as number[]]])('refuses the sizes %j', (dims) => {
    expect(() => models.mlp(dims)).toThrow(/^mlp: dims is .*, expected at least two whole numbers ≥ 1: input/);
  });
});

describe.each(IMAGE_MODELS)('%s', (name, tags) => {
  const create = models[name];

  test('scores images, and every parameter gets a gradient', { tags: [...tags] }, () => {
    const model = create({ numClasses: 7, inChannels: 1, random: new Random(0) });
    const x = new Random(1).randn([4, 1, 32, 32]);
    F.crossEntropy(model.forward(x), [0, 1, 2, 6]).backward();
    for (const [path, { grad, shape }] of model.namedParameters()) expect(grad?.shape, path).toEqual(shape);
    expect(noGrad(() => model.forward(x)).shape).toEqual([4, 7]);
  });

  test('begins with the weights of its generator, in the dtype asked for', { tags: [...tags] }, () => {
    // The generator that is there without the option goes on, so it would give others.
    const [first, again] = [0, 0].map((seed) => {
      const model = create({ dtype: 'float64', random: new Random(seed) });
      return model.parameters()[0];
    });
    expect(first.dtype).toBe('float64');
    expect(again.tolist()).toEqual(first.tolist());
  });

  test('names an unknown option, and one out of range', () => {
    expect(() => create({ classes: 3 } as object)).toThrow(`${name}: unknown option 'classes'`);
    expect(() => create({ numClasses: 0 })).toThrow(`${name}: numClasses is 0, expected a whole number ≥ 1`);
  });
});

describe('filters', () => {
  test.each(['resnet20'] as const)('of %s begin with variance 2 / fan out', (name) => {
    for (const module of models[name]({ random: new Random(0) }).modules()) {
      if (!(module instanceof nn.Conv2d) || module.weight.size < 5000) continue;
      const values = [...module.weight.data.data];
      const variance = values.reduce((sum, v) => sum + v * v, 0) / values.length;
      expect(variance * module.outChannels * 9).toBeCloseTo(2, 0);
    }
  });
});

describe('training', () => {
  beforeEach(() => manualSeed(0));

  test('resnet8 learns a few images by heart', () => {
    const model = models.resnet8({ numClasses: 2 });
    const x = tensor(new Random(0).randn([8, 3, 16, 16]));
    const y = [0, 1, 0, 1, 1, 0, 1, 0];
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
    let last = Number.POSITIVE_INFINITY;
    for (let step = 0; step < 20; step++) {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(model.forward(x), y);
      loss.backward();
      optimizer.step();
      last = loss.item();
    }
    expect(last).toBeLessThan(0.1);
  });
});
