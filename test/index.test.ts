import { describe, expect, expectTypeOf, test } from 'vitest';
import * as layerwise from '../src/index.js';

/** What users, tests and examples rely on. */
const SURFACE = [
  // Arrays
  ['array', 'full', 'linspace', 'ones', 'Random', 'ShapeError', 'toNested', 'zeros'],
  // Autograd, modules and their training
  ['defaultGenerator', 'F', 'gradCheck', 'manualSeed', 'nn', 'noGrad', 'op', 'Tensor', 'tensor'],
  ['autograd', 'checkAccuracy', 'ensemble', 'evaluate', 'fit', 'models', 'predict', 'WeightAverage'],
  // Classifiers
  ['FullyConnectedNet', 'TwoLayerNet'],
  // Data
  ['cifar10Size', 'downloadCifar10', 'loadCifar10', 'readCifar10Batch', 'writeSyntheticCifar10'],
  ['channelStats', 'ByteDataset', 'DataLoader', 'TensorDataset', 'transforms', 'workerDataset'],
  ['concatDatasets', 'randomSplit', 'Subset', 'WeightedRandomSampler'],
  ['csv', 'decodeImage', 'imageFolder', 'loadCifar100', 'loadFashionMnist', 'loadMnist', 'parseCsv', 'readIdx'],
  ['readImage', 'Standardizer', 'writeImage'],
  // Metrics
  ['argmax', 'confusionMatrix', 'f1Score', 'meanAbsoluteError', 'meanSquaredError', 'precision', 'r2Score', 'recall'],
  ['topKAccuracy'],
  ['RandomSampler', 'SequentialSampler', 'SubsetRandomSampler'],
  // Gradient checking
  ['checkModelGradients', 'evalNumericalGradient', 'evalNumericalGradientArray', 'gradCheckSparse', 'relError'],
  // Kernels and their memory
  ['configureKernels', 'keepsNothing', 'kernelInfo', 'resident', 'workspace'],
  // Layers
  ['affineBackward', 'affineBackwardWeights', 'affineForward'],
  ['affineReluBackward', 'affineReluBackwardWeights', 'affineReluForward'],
  ['reluBackward', 'reluForward', 'softmaxLoss', 'svmLoss'],
  // Training
  ['DivergedError', 'optim', 'ProgressBar', 'Solver'],
].flat();

describe('the public surface', () => {
  test('has every name that it is said to have', () => {
    expect(Object.keys(layerwise)).toEqual(expect.arrayContaining(SURFACE));
  });

  test('optim has the update rules', () => {
    const rules = ['adagrad', 'adam', 'adamw', 'nesterov', 'rmsprop', 'sgd', 'sgdMomentum', 'updateRules'];
    expect(Object.keys(layerwise.optim)).toEqual(expect.arrayContaining(rules));
  });

  test('transforms has the transforms', () => {
    const names = [
      ...['alternatingFlip', 'centerCrop', 'colorJitter', 'compose', 'cutmix', 'cutout', 'horizontalFlip', 'mixup'],
      ...['normalize', 'randomCrop', 'randomErasing', 'randomHorizontalFlip', 'randomResizedCrop', 'randomRotation'],
      ...['resize', 'translate'],
    ];
    expect(Object.keys(layerwise.transforms).sort()).toEqual(names);
  });

  test('optim has the optimizers, their schedules and clipping', () => {
    const { optim } = layerwise;
    const names = ['SGD', 'Adam', 'AdamW', 'RMSprop', 'Adagrad', 'lrScheduler', 'clipGradNorm', 'clipGradValue'];
    expect(Object.keys(optim)).toEqual(expect.arrayContaining(names));
    const schedules = [
      ...['StepLR', 'MultiStepLR', 'ExponentialLR', 'LinearLR', 'CosineAnnealingLR', 'CosineAnnealingWarmRestarts'],
      ...['OneCycleLR', 'LambdaLR', 'SequentialLR', 'ReduceLROnPlateau'],
    ];
    expect(Object.keys(optim.lrScheduler)).toEqual(expect.arrayContaining(schedules));
  });

  test('every function knows its own name, which errors begin with', () => {
    const { nn, optim, F, transforms } = layerwise;
    for (const [where, space] of Object.entries({ layerwise, nn, optim, F, transforms })) {
      for (const [name, value] of Object.entries<unknown>({ ...space })) {
        // A function of F is a closure over its layer's functions; its errors are tested there.
        // No function can be declared as `var`.
        if (typeof value === 'function' && value.name !== '' && name !== 'var')
          expect(`${where}.${value.name}`).toBe(`${where}.${name}`);
      }
    }
  });

  test('a function with two names calls itself by that which was called', () => {
    const { convForward, convForwardFast, convBackward, convBackwardFast, zeros } = layerwise;
    const { maxPoolForward, maxPoolForwardFast, maxPoolBackward, maxPoolBackwardFast } = layerwise;
    const [x, pool] = [zeros([1, 1, 4, 4]), { poolHeight: 2, poolWidth: 2, stride: 2 }];
    const wrong = zeros([1]);
    for (const fn of [convForward, convForwardFast]) {
      const param = { stride: 1, pad: 0 };
      expect(() => fn(wrong, x, wrong, param)).toThrow(`${fn.name}: x has shape (1,), expected (N, C, H, W)`);
      const [, cache] = fn(x, x, wrong, param);
      for (const back of [convBackward, convBackwardFast]) {
        expect(() => back(wrong, cache)).toThrow(`${back.name}: dout has shape (1,), expected (1, 1, 1, 1)`);
      }
    }
    for (const fn of [maxPoolForward, maxPoolForwardFast]) {
      expect(() => fn(wrong, pool)).toThrow(`${fn.name}: x has shape (1,), expected (N, C, H, W)`);
      const [, cache] = fn(x, pool);
      for (const back of [maxPoolBackward, maxPoolBackwardFast]) {
        expect(() => back(wrong, cache)).toThrow(`${back.name}: dout has shape (1,), expected (1, 1, 2, 2)`);
      }
    }
  });
});

describe('the types', () => {
  test('an update rule and its config are held together', () => {
    const { optim, Solver, TwoLayerNet, zeros } = layerwise;
    const model = new TwoLayerNet({ inputDim: 2, hiddenDim: 2, numClasses: 2 });
    const data = { XTrain: zeros([2, 2]), yTrain: [0, 1], XVal: zeros([2, 2]), yVal: [0, 1] };
    new Solver(model, data, { updateRule: optim.adam, optimConfig: { learningRate: 1e-3, beta1: 0.8 } });
    // @ts-expect-error adam has no such field
    const make = () => new Solver(model, data, { updateRule: optim.adam, optimConfig: { beta: 0.8 } });
    expect(make).toThrow("unknown option 'beta'");
  });

  test('a cache of another layer is refused', () => {
    const [, affine] = layerwise.affineForward(layerwise.zeros([1, 2]), layerwise.zeros([2, 2]), layerwise.zeros([2]));
    // @ts-expect-error an affine cache has an x too, but it is not a ReLU's
    const wrong: layerwise.ReluCache = affine;
    expect(wrong.layer).toBe('affine');
  });

  test('parameters and gradients go by their names', () => {
    const net = new layerwise.TwoLayerNet({ inputDim: 2, hiddenDim: 2, numClasses: 2 });
    expectTypeOf<keyof typeof net.params>().toEqualTypeOf<'W1' | 'b1' | 'W2' | 'b2'>();
    expectTypeOf(net.loss(layerwise.zeros([1, 2]))).toEqualTypeOf<layerwise.NDArray>();
    expectTypeOf(net.loss(layerwise.zeros([1, 2]), [0]).grads.W1).toEqualTypeOf<layerwise.NDArray>();
    // @ts-expect-error the names begin with a capital
    expect(net.params.w1).toBeUndefined();
    expectTypeOf(net).toExtend<layerwise.Model>();
  });
});
