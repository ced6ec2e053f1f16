import { describe, expect, test } from 'vitest';
import { array, ones, zeros } from '../../src/arrays/index.js';
import { DataLoader, TensorDataset } from '../../src/data/index.js';
import { Flatten, Linear, ReLU, Sequential } from '../../src/nn/index.js';
import { pointsOf, snapshotOf, type TaskData, type TaskPart } from '../../src/runs/index.js';
import { temporaryDir } from '../helpers/cifar10.js';
import { recordedRun, twoEpochs } from '../helpers/recorded-run.js';

/** Eight pictures of one channel, 2 × 2, half of which are taken for the wrong class by a model that says 1. */
function part(): TaskPart {
  const X = ones([8, 1, 2, 2]);
  const labels = Int32Array.from({ length: 8 }, (_, i) => i % 2);
  const loader = new DataLoader({ X, y: labels });
  const pictures = (indices: ArrayLike<number>) => {
    const pixels = Array.from({ length: 4 * indices.length }, (_, i) => indices[Math.floor(i / 4)]);
    return array(pixels, [indices.length, 1, 2, 2]);
  };
  const batch = (indices: ArrayLike<number>) => loader.batch(indices)[0];
  const dataset = new TensorDataset(X, labels) as TaskPart['dataset'];
  return { length: 8, labels, targets: null, dataset, loader: loader as TaskPart['loader'], batch, pictures };
}

function dataOf(classes: string[] | null = ['cat', 'dog']): TaskData {
  const preprocessing = {
    kind: 'images' as const,
    inputShape: [1, 2, 2],
    classes: ['cat', 'dog'],
    mean: [0],
    std: null,
  };
  const both = { classes, inputShape: [1, 2, 2], source: 'pictures' };
  return { train: part(), val: part(), test: null, ...both, preprocessing };
}

/** Says dog of everything. */
function says1(): Sequential {
  const last = new Linear(3, 2);
  last.weight.data.data.fill(0);
  last.bias?.data.data.set([0, 3]);
  return new Sequential(new Flatten(), new Linear(4, 3), new ReLU(), last);
}

const bytes = (text: string | null) => [...Buffer.from(text ?? '', 'base64')];

test('what a model has learned', () => {
  const run = recordedRun(temporaryDir(), 'a', twoEpochs());
  const told: number[][] = [];
  const { info, insight, status } = snapshotOf(run, { model: says1(), data: dataOf() }, (...n) => told.push(n));
  expect(info).toMatchObject({ fn: 'fit', classes: ['cat', 'dog'], parameters: 4 * 3 + 3 + 3 * 2 + 2 });
  expect(info.config.report).toEqual({ examples: '8 validation examples' });
  expect(info.layers.map(({ name, kind }) => [name, kind])).toEqual([
    ['0', 'Flatten'],
    ['1', 'Linear'],
    ['2', 'ReLU'],
    ['3', 'Linear'],
  ]);
  expect(status.state).toBe('finished');
  // Of the best epoch, whose weights the model is said to have.
  expect(insight?.iteration).toBe(2);
  const last = snapshotOf(run, { model: says1(), data: dataOf(), weights: 'last' });
  expect(last.insight?.iteration).toBe(4);
  expect(insight?.confusion).toEqual({ counts: [0, 4, 0, 4], classes: ['cat', 'dog'], examples: 8 });
  expect(insight?.mistakes).toMatchObject({ height: 2, width: 2, channels: 1, examples: 8, wrong: 4 });
  const [first] = insight?.mistakes?.items ?? [];
  expect(first).toMatchObject({ label: 0, predicted: 1, probability: expect.closeTo(1 / (1 + Math.exp(-3))) });
  expect(bytes(first.pixels)).toEqual(new Array(4).fill(first.index));
  expect(insight?.filters).toMatchObject({ count: 3, height: 2, width: 2, channels: 1, change: null });
  expect(insight?.layers?.[3]).toMatchObject({ name: '3', weight: { mean: 0, std: 0 }, gradient: null });
  expect(insight?.layers?.[0].weight).toBe(null);
  expect(told).toEqual([[8, 8]]);
  expect(JSON.parse(JSON.stringify(insight))).toEqual(insight);
});

test('of targets that are numbers there is no confusion', () => {
  const { insight } = snapshotOf(recordedRun(temporaryDir(), 'a'), { model: says1(), data: dataOf(null) });
  expect([insight?.confusion, insight?.mistakes]).toEqual([null, null]);
});

test('a model without mistakes, and one of a user that says nothing of its layers', () => {
  const run = recordedRun(temporaryDir(), 'a');
  const W = ones([4, 2]);
  const right = { params: { W }, loss: () => array([[0, 0]].concat(new Array(7).fill([0, 1]))) };
  const data = dataOf();
  const labels = Int32Array.from([0, 1, 1, 1, 1, 1, 1, 1]);
  const { insight, info } = snapshotOf(run, { model: right, data: { ...data, val: { ...part(), labels } } } as never);
  expect(info).toMatchObject({ fn: 'Solver', layers: [], parameters: 8 });
  expect(insight?.mistakes).toEqual({ height: 0, width: 0, channels: 1, examples: 8, wrong: 0, items: [] });
  expect(insight?.layers).toMatchObject([{ name: 'W', activation: null, weight: { mean: 1 } }]);
});

test('without a model there are curves and settings', () => {
  const { info, insight, epochs, points } = snapshotOf(recordedRun(temporaryDir(), 'a', twoEpochs(null)), null);
  expect([info.layers, insight]).toEqual([[], null]);
  expect(epochs).toHaveLength(2);
  const values = new Float64Array(Uint8Array.from(bytes(points)).buffer);
  expect([...values]).toEqual([1, 2, 3, 4, 2, 1, Number.NaN, 0.5, 0.1, 0.1, 0.1, 0.1]);
});

describe('points of a long run', () => {
  test('are the lowest and the highest of each part', () => {
    const iteration = Float64Array.from({ length: 1000 }, (_, i) => i + 1);
    const loss = iteration.map((i) => (i === 555 ? 99 : i === 777 ? -99 : Math.sin(i)));
    const points = pointsOf(
      { steps: { iteration, loss, learningRate: zeros([1000]).data as never, seconds: iteration } },
      100,
    );
    const n = points.length / 3;
    expect(n).toBeLessThanOrEqual(100);
    const kept = [...points.subarray(0, n)];
    expect(kept).toEqual([...kept].sort((a, b) => a - b));
    expect(kept).toEqual(expect.arrayContaining([555, 777]));
    expect(kept.map((i) => loss[i - 1])).toEqual([...points.subarray(n, 2 * n)]);
  });
});
