import type {
  ConfusionView,
  EpochRow,
  FiltersView,
  Insight,
  LayerStats,
  MistakesView,
  RunInfo,
  Snapshot,
  Statistics,
} from '../../src/ui/protocol.js';

export const CLASSES = ['plane', 'car', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

/** Numbers in [0, 1) that are the same each time. */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Points of a loss that falls: columns of Float64. */
export function madePoints(count: number, seed = 1): Float64Array {
  const random = numbers(seed);
  const columns = new Float64Array(3 * count);
  for (let i = 0; i < count; i++) {
    columns[i] = i + 1;
    columns[count + i] = 0.4 + 2 * Math.exp((-4 * i) / count) + 0.5 * random() * Math.exp((-2 * i) / count);
    columns[2 * count + i] = 1e-3 * 0.95 ** Math.floor((20 * i) / count);
  }
  return columns;
}

/** The points from the n-th on, as a server sends them. */
export function bytesFrom(columns: Float64Array, from: number): Buffer {
  const count = columns.length / 3;
  const part = [0, 1, 2].flatMap((c) => [...columns.subarray(c * count + Math.min(from, count), (c + 1) * count)]);
  return Buffer.from(Float64Array.from(part).buffer);
}

export function madeEpochs(count: number, iterations: number, top: number): EpochRow[] {
  return Array.from({ length: count }, (_, i) => ({
    iteration: Math.round(((i + 1) * iterations) / count),
    epoch: i + 1,
    trainAcc: top * (1 - Math.exp((-3 * (i + 1)) / count)) + 0.1,
    valAcc: (top - 0.08) * (1 - Math.exp((-4 * (i + 1)) / count)) + 0.1,
    valLoss: 0.8 + 1.4 * Math.exp((-4 * (i + 1)) / count),
    learningRate: 1e-3 * 0.95 ** i,
    seconds: 12 * (i + 1),
    metrics: { f1: { train: 0.5 + 0.02 * i, val: 0.45 + 0.02 * i } },
  }));
}

function statistics(std: number, zeros: number, random: () => number): Statistics {
  const histogram = Array.from({ length: 30 }, (_, i) =>
    Math.round(1000 * Math.exp(-((i - 14) ** 2) / 30) + 5 * random()),
  );
  return { mean: std / 10, std, min: -3 * std, max: 3 * std, zeros, histogram };
}

function base64(length: number, random: () => number): string {
  return Buffer.from(Uint8Array.from({ length }, () => Math.floor(256 * random()))).toString('base64');
}

export function madeFilters(count = 32): FiltersView {
  const random = numbers(5);
  const pixels = base64(count * 7 * 7 * 3, random);
  const change = base64(count * 7 * 7 * 3, random);
  return {
    count,
    height: 7,
    width: 7,
    channels: 3,
    pixels,
    change,
    changeNorms: Array.from({ length: count }, random),
  };
}

export function madeConfusion(classes: readonly string[] = CLASSES): ConfusionView {
  const random = numbers(6);
  const counts = classes.flatMap((_, i) =>
    classes.map((_, j) => (i === j ? 60 + Math.floor(30 * random()) : Math.floor(12 * random() ** 3))),
  );
  return { counts, classes, examples: counts.reduce((sum, count) => sum + count, 0) };
}

export function madeMistakes(): MistakesView {
  const random = numbers(7);
  const items = Array.from({ length: 24 }, (_, i) => {
    const label = Math.floor(10 * random());
    const predicted = (label + 1 + Math.floor(9 * random())) % 10;
    return { index: 17 * i, pixels: base64(32 * 32 * 3, random), label, predicted, probability: 0.99 - 0.02 * i };
  });
  return { height: 32, width: 32, channels: 3, examples: 1000, wrong: 240, items };
}

export function madeInsight(iteration: number): Insight {
  const random = numbers(8);
  const layers: LayerStats[] = ['conv1', 'conv2', 'fc1', 'fc2'].map((name, i) => ({
    name,
    activation: statistics(0.8 / (i + 1), i === 1 ? 0.985 : 0.4, random),
    weight: statistics(0.05, 0, random),
    gradient: statistics(i === 0 ? 1e-12 : 1e-3, 0, random),
    updateRatio: 1e-3 * (i + 1),
  }));
  const confusion = madeConfusion();
  return { iteration, layers, filters: madeFilters(), confusion, mistakes: madeMistakes() };
}

/** What the page knows of a run that is going on: 600 of 1,000 iterations. */
export function madeRun(id: string, changes: Partial<RunInfo> = {}): Snapshot {
  const info: RunInfo = {
    id,
    title: `convnet3-cifar10-${id}`,
    fn: 'Solver',
    startedAt: Date.UTC(2025, 0, 31, 12, 5),
    totalIterations: 1000,
    totalEpochs: 10,
    batchSize: 50,
    classes: CLASSES,
    layers: [
      { name: 'conv1', kind: 'Conv2d(3, 32, kernelSize=7)', outputShape: [32, 32, 32], parameters: 4736, flops: 9.6e6 },
      { name: 'relu1', kind: 'ReLU', outputShape: [32, 32, 32], parameters: 0, flops: 32768 },
      { name: 'pool1', kind: 'MaxPool2d(2)', outputShape: [32, 16, 16], parameters: 0, flops: null },
      { name: 'fc1', kind: 'Linear(8192, 100)', outputShape: [100], parameters: 819300, flops: 1.6e6 },
      { name: 'fc2', kind: 'Linear(100, 10)', outputShape: [10], parameters: 1010, flops: 2000 },
    ],
    parameters: 825046,
    config: {
      layerwise: '0.3.0',
      model: { name: 'convnet3', options: { hiddenDim: 100, weightScale: 1e-3, reg: Number(id) || 0.001 } },
      data: { kind: 'cifar10', path: '/data/cifar-10-batches-bin' },
      training: { epochs: 10, batchSize: 50, optimizer: 'adam', lr: 1e-3, betas: [0.9, 0.999] },
      seed: 231,
    },
    folder: `/runs/convnet3-cifar10-${id}`,
    isControllable: true,
    ...changes,
  };
  return {
    info,
    status: {
      state: 'running',
      iteration: 600,
      epoch: 6,
      loss: 0.5123,
      learningRate: 9.5e-4,
      imagesPerSecond: 1234,
      secondsLeft: 97,
      seconds: 145,
      points: 600,
      message: null,
    },
    epochs: madeEpochs(6, 600, 0.6),
    insight: madeInsight(600),
    points: null,
  };
}
