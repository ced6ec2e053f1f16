// @module-tag slow
// The tables of the chapters for those who come from elsewhere: what they call the library's is there, what one would
// look for stands in them, and so does everything under PyTorch's names that the library has.

import { describe, expect, test } from 'vitest';
import * as distributed from '../../src/distributed/index.js';
import * as layerwise from '../../src/index.js';
import * as searches from '../../src/search/index.js';
import { chapterText } from '../helpers/chapters.js';

interface Row {
  readonly theirs: readonly string[];
  readonly ours: readonly string[];
}

/** The rows of a chapter's tables whose second column has the head `here`: the names in their first two columns. */
function rowsOf(chapter: string): Row[] {
  const rows: Row[] = [];
  let isOfNames = false;
  for (const line of chapterText(chapter).split('\n')) {
    if (!line.startsWith('|')) isOfNames = false;
    const [, theirs, ours, differs, ...rest] = line.split('|').map((cell) => cell.trim());
    if (ours === 'here') isOfNames = true;
    else if (isOfNames && !/^-+$/.test(ours)) {
      expect([differs, rest], line).toEqual([expect.any(String), ['']]);
      rows.push({ theirs: namesIn(theirs), ours: ours === '—' ? [] : namesIn(ours) });
      if (ours !== '—') expect(rows.at(-1)?.ours.length, line).toBeGreaterThan(0);
    }
  }
  return rows;
}

/** The code in a cell, without arguments and what else is behind a name. */
function namesIn(cell: string): string[] {
  return Array.from(cell.matchAll(/`([^`]+)`/g), ([, code]) => code.replace(/[([\s].*$/, ''));
}

const net = new layerwise.TwoLayerNet({ inputDim: 2, hiddenDim: 2, numClasses: 2 });
const X = layerwise.zeros([4, 2]);
const data = { XTrain: X, yTrain: [0, 1, 0, 1], XVal: X, yVal: [0, 1, 0, 1] };
/** What the chapters call values of the library's classes, each with its methods and fields. */
const VALUES: Readonly<Record<string, readonly object[]>> = {
  x: [X, layerwise.Tensor.prototype],
  random: [layerwise.Random.prototype],
  model: [layerwise.nn.Module.prototype],
  optimizer: [layerwise.optim.Optimizer.prototype],
  solver: [new layerwise.Solver(net, data)],
};

function exists(name: string): boolean {
  const [first, ...rest] = name.split('.');
  const starts = VALUES[first] ?? [layerwise, distributed, searches];
  const path = first in VALUES ? rest : [first, ...rest];
  return starts.some((start) => {
    let value: unknown = start;
    return path.every((part, i) => {
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null || !(part in value))
        return false;
      // A getter of a prototype has no value to go on with.
      if (i < path.length - 1) value = value[part as keyof typeof value];
      return true;
    });
  });
}

const CS231N = [
  ...['affine', 'relu', 'batchnorm', 'layernorm', 'dropout', 'spatial_batchnorm', 'spatial_groupnorm', 'affine_relu'],
  ...['conv_relu', 'conv_bn_relu', 'conv_relu_pool'],
].flatMap((layer) => [`${layer}_forward`, `${layer}_backward`]);
const LOOKED_FOR: Readonly<Record<string, readonly string[]>> = {
  'coming-from-cs231n': [
    ...CS231N,
    ...['conv', 'max_pool'].flatMap((layer) =>
      ['naive', 'fast'].flatMap((speed) => [`${layer}_forward_${speed}`, `${layer}_backward_${speed}`]),
    ),
    ...['batchnorm_backward_alt', 'softmax_loss', 'svm_loss', 'sgd', 'sgd_momentum', 'rmsprop', 'adam', 'Solver'],
    ...['TwoLayerNet', 'FullyConnectedNet', 'ThreeLayerConvNet', 'KNearestNeighbor', 'LinearSVM', 'lstm_forward'],
    ...['eval_numerical_gradient', 'eval_numerical_gradient_array', 'grad_check_sparse', 'rel_error'],
    ...['load_CIFAR10', 'get_CIFAR10_data', 'visualize_grid', 'im2col_indices'],
  ],
  'coming-from-pytorch': [
    ...['torch.tensor', 'torch.cat', 'torch.einsum', 'torch.no_grad', 'torch.autograd.Function', 'torch.compile'],
    ...['torch.save', 'torch.cuda', 'nn.LSTM', 'nn.Embedding', 'nn.MultiheadAttention', 'nn.ConvTranspose2d'],
    ...[
      'state_dict',
      'register_buffer',
      'nn.DataParallel',
      'nn.parallel.DistributedDataParallel',
      'nn.SyncBatchNorm',
      'utils.data.DataLoader',
      'utils.data.Dataset',
    ],
    ...['clip_grad_norm_', 'lr_scheduler.StepLR', 'torch.manual_seed', 'torchvision.models', 'SummaryWriter'],
  ],
  'coming-from-tensorflow-js': [
    ...['tf.tensor', 'tf.variable', 'tf.tidy', 'tf.dispose', 'tf.memory', 'tf.grad', 'tf.variableGrads', 'tf.ready'],
    ...['tf.sequential', 'tf.model', 'tf.layers.dense', 'tf.layers.conv2d', 'tf.layers.lstm', 'model.compile'],
    ...['model.fit', 'model.fitDataset', 'model.predict', 'model.save', 'tf.loadLayersModel', 'tf.loadGraphModel'],
    ...['tf.setBackend', 'tf.nextFrame', 'tf.browser.fromPixels', 'tf.data.csv', 'tf.train.adam', 'tfvis.show.history'],
  ],
};

describe.each(Object.entries(LOOKED_FOR))('%s', (chapter, expected) => {
  const rows = rowsOf(chapter);

  test('names what the library has', () => {
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.flatMap(({ ours }) => ours).filter((name) => !exists(name))).toEqual([]);
  });

  test('has what one would look for', () => {
    const found = new Set(rows.flatMap(({ theirs }) => theirs));
    expect(expected.filter((name) => !found.has(name))).toEqual([]);
  });
});

test('what does not exist is noticed', () => {
  const names = ['F.relu', 'x.relu', 'x.pick', 'nn.Linear', 'optim.lrScheduler.StepLR', 'nn.Linaer', 'x.cuda', 'torch'];
  expect(names.map(exists)).toEqual([true, true, true, true, true, false, false, false]);
});

test('functions of cs231n keep their names, in camelCase', () => {
  const camel = (name: string) =>
    name.replace('_bn_', '_batchnorm_').replace(/_([a-z0-9])/g, (_, c) => c.toUpperCase());
  for (const name of CS231N) expect(exists(camel(name)), name).toBe(true);
});

test("coming-from-pytorch has everything that stands under PyTorch's names", () => {
  const { nn, F, optim, transforms, models } = layerwise;
  const mentioned = new Set(rowsOf('coming-from-pytorch').flatMap(({ ours }) => ours));
  const has = (prefix: string, name: string): boolean =>
    mentioned.has(prefix + name) || (prefix === 'F.' && mentioned.has(`x.${name}`));
  const missing = (prefix: string, names: readonly string[]): string[] =>
    names.filter((name) => !has(prefix, name)).map((name) => prefix + name);
  const classes = (of: object): string[] => Object.keys(of).filter((name) => /^[A-Z]/.test(name));
  expect([
    ...missing('nn.', classes(nn)),
    ...missing('nn.init.', Object.keys(nn.init)),
    ...missing('F.', Object.keys(F)),
    ...missing('optim.', classes(optim)),
    ...missing(
      'optim.lrScheduler.',
      Object.keys(optim.lrScheduler).filter((name) => name !== 'RateSchedule'),
    ),
    ...missing('transforms.', Object.keys(transforms)),
    ...missing('models.', Object.keys(models)),
  ]).toEqual([]);
});
