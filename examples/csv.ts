// A table of numbers, read from a CSV file: split, normalized, learned, and asked about a row it has not seen.
// `npx ts-node examples/csv.ts`, from the root of the repository.

import { readFileSync } from 'node:fs';
import {
  array,
  checkAccuracy,
  DataLoader,
  F,
  fit,
  manualSeed,
  nn,
  noGrad,
  optim,
  Random,
  TensorDataset,
  tensor,
  toNested,
} from 'layerwise';

/** The rows of a file without quoted fields, after its header: the last column is the class, the others are numbers. */
function readTable(file: string): { columns: string[]; rows: number[][]; labels: string[] } {
  const [header, ...lines] = readFileSync(file, 'utf8').trim().split(/\r?\n/);
  const cells = lines.map((line) => line.split(','));
  const rows = cells.map((row) => row.slice(0, -1).map(Number));
  const wrong = rows.findIndex((row) => row.some(Number.isNaN));
  if (wrong >= 0)
    throw new Error(`${file}, line ${wrong + 2}: expected numbers before the class, got '${lines[wrong]}'`);
  return { columns: header.split(',').slice(0, -1), rows, labels: cells.map((row) => row[row.length - 1]) };
}

const { columns, rows, labels } = readTable('examples/fruit.csv');
const classes = [...new Set(labels)].sort();
console.log(`${rows.length} rows of ${columns.join(', ')}; classes ${classes.join(', ')}`);

// Three quarters of the rows to learn from, in an order that the seed gives.
const order = [...new Random(0).permutation(rows.length)];
const parts = { train: order.slice(0, 120), test: order.slice(120) };

// Mean and standard deviation of the training rows alone: those of the test rows are not known beforehand.
const mean = columns.map((_, j) => average(parts.train.map((i) => rows[i][j])));
const std = columns.map((_, j) => Math.sqrt(average(parts.train.map((i) => (rows[i][j] - mean[j]) ** 2))));
const normalized = (row: readonly number[]): number[] => row.map((value, j) => (value - mean[j]) / std[j]);

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function dataset(part: readonly number[]): TensorDataset {
  const y = part.map((i) => classes.indexOf(labels[i]));
  return new TensorDataset(array(part.map((i) => normalized(rows[i]))), y);
}

const train = new DataLoader(dataset(parts.train), { batchSize: 20, shuffle: true, seed: 0 });
const test = new DataLoader(dataset(parts.test), { batchSize: 40 });

manualSeed(0);
const hidden = new nn.Linear(columns.length, 16);
const model = new nn.Sequential(hidden, new nn.ReLU(), new nn.Linear(16, classes.length));
fit(model, train, { optimizer: new optim.Adam(model.parameters(), { lr: 1e-2 }), epochs: 20, verbose: false });
console.log(`test accuracy: ${checkAccuracy(test, model).toFixed(3)}`);

// A fruit that is in no row: length 9.8 cm, width 6.6 cm, mass 168 g, hue 0.60.
model.eval();
const X = tensor([normalized([9.8, 6.6, 168, 0.6])]);
const probabilities = toNested(noGrad(() => F.softmax(model.forward(X))).data) as number[][];
const [p] = probabilities;
const best = p.indexOf(Math.max(...p));
console.log(`a new fruit: ${classes[best]}, with probability ${p[best].toFixed(2)}`);
