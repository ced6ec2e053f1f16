// A number from a table: prices of houses from a CSV file with categories and missing values.

import {
  csv,
  DataLoader,
  evaluate,
  F,
  fit,
  manualSeed,
  meanAbsoluteError,
  models,
  type NDArray,
  optim,
  parseCsv,
  predict,
  r2Score,
  randomSplit,
  Standardizer,
  Subset,
} from 'layerwise';

const HOUSES = { target: 'price', categories: ['garden', 'town'], missing: 'nan' } as const;
const { X, y: target, columns, inputs: sources, categories } = csv('examples/houses.csv', HOUSES);
// A target of numbers is an array, one of categories would be labels.
const y = target as NDArray;
console.log(`${X.shape[0]} houses of ${columns.join(', ')}`);

// A test part that nothing is learned of: neither the weights, nor the means and deviations that inputs are scaled by.
const [train, test] = randomSplit({ X, y }, [0.8, 0.2], { seed: 0 });
const inputs = new Standardizer().fit(X, train.indices);
const prices = new Standardizer().fit(y, train.indices);
const houses = { X: inputs.transform(X), y: prices.transform(y) };
const loader = new DataLoader(new Subset(houses, train.indices), { batchSize: 32, shuffle: true, seed: 0 });
const testLoader = new DataLoader(new Subset(houses, test.indices), { batchSize: 64 });

manualSeed(0);
const model = models.mlp([columns.length, 32, 32, 1]);
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-2 });
const schedule = new optim.lrScheduler.ReduceLROnPlateau(optimizer, { factor: 0.3, patience: 5 });
const metrics = { r2: r2Score };
fit(model, loader, { optimizer, schedule, loss: F.mseLoss, metrics, epochs: 60, verbose: false });

const scores = evaluate(testLoader, model, { loss: F.mseLoss, metrics: { ...metrics, error: meanAbsoluteError } });
console.log(`R² on the test part: ${scores.metrics.r2.toFixed(3)}`);
// Back from standard deviations to thousands.
console.log(`mean error: ${(scores.metrics.error * prices.std[0]).toFixed(1)} thousand`);

// A house that is in no row, with columns and categories of the file that the model has learned from, in any order.
const house = parseCsv('town,garden,area,rooms,age\nBrook,yes,95,3,12', {
  columns: sources,
  categories,
  missing: 'nan',
});
const price = prices.inverseTransform(predict(inputs.transform(house.X), model, { as: 'scores' }));
console.log(`a new house: ${price.get(0, 0).toFixed(0)} thousand`);
