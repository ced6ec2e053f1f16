// A table of numbers, read from a CSV file: split, standardized, learned, and asked about a row it has not seen.

import {
  array,
  checkAccuracy,
  csv,
  DataLoader,
  fit,
  manualSeed,
  models,
  optim,
  predict,
  randomSplit,
  Standardizer,
  Subset,
  toNested,
} from 'layerwise';

const { X, y, columns, classes = [] } = csv('examples/fruit.csv', { target: 'kind' });
console.log(`${X.shape[0]} rows of ${columns.join(', ')}; classes ${classes.join(', ')}`);

// Three quarters of the rows to learn from, with the same share of each class.
const [train, test] = randomSplit({ X, y }, [0.75, 0.25], { seed: 0, stratify: [...(y as Int32Array)] });

// Mean and standard deviation of the training rows alone: those of the test rows are not known beforehand.
const scaler = new Standardizer().fit(X, train.indices);
const rows = { X: scaler.transform(X), y };
const loader = new DataLoader(new Subset(rows, train.indices), { batchSize: 20, shuffle: true, seed: 0 });

manualSeed(0);
const model = models.mlp([columns.length, 16, classes.length]);
fit(model, loader, { optimizer: new optim.Adam(model.parameters(), { lr: 1e-2 }), epochs: 20, verbose: false });
const accuracy = checkAccuracy(new DataLoader(new Subset(rows, test.indices), { batchSize: 40 }), model);
console.log(`test accuracy: ${accuracy.toFixed(3)}`);

// A fruit that is in no row: length 9.8 cm, width 6.6 cm, mass 168 g, hue 0.60.
const fruit = scaler.transform(array([[9.8, 6.6, 168, 0.6]]));
const [p] = toNested(predict(fruit, model, { as: 'probabilities' })) as number[][];
const [best] = predict(fruit, model, { as: 'classes' });
console.log(`a new fruit: ${classes[best]}, with probability ${p[best].toFixed(2)}`);
