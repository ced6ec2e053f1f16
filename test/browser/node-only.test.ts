// @module-tag slow

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type * as library from '../../src/index.js';
import { bundled } from './bundle.js';

const NAMES = [
  ...['csv', 'csvLogger', 'DataLoader', 'downloadCifar10', 'fit', 'imageFolder', 'jsonLinesLogger', 'loadCheckpoint'],
  ...['loadCifar10', 'loadCifar100', 'loadFashionMnist', 'loadMnist', 'nn', 'optim', 'readIdx', 'readImage', 'Solver'],
  ...['tensorBoardLogger', 'tensor', 'TwoLayerNet', 'writeSyntheticCifar10', 'zeros'],
] as const;

describe('what needs Node says so in the build for browsers', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwise-node-only-'));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  let built: typeof library;
  beforeAll(async () => {
    const { text } = await bundled(`export { ${NAMES.join(', ')} } from 'layerwise';`);
    const file = path.join(folder, 'bundle.mjs');
    fs.writeFileSync(file, text);
    built = await import(/* @vite-ignore */ file);
  }, 60_000);

  test.each([
    ...(['csv', 'csvLogger', 'imageFolder', 'jsonLinesLogger', 'loadCheckpoint', 'loadCifar10'] as const),
    ...(['loadCifar100', 'loadFashionMnist', 'loadMnist', 'readIdx', 'tensorBoardLogger'] as const),
    ...(['writeSyntheticCifar10'] as const),
  ])('%s', (name) => {
    expect(() => built[name](folder)).toThrow(`${name}: needs Node 20.19 or later (node:fs)`);
  });

  test.each(['downloadCifar10', 'readImage'] as const)('%s, by a promise', async (name) => {
    await expect(async () => built[name](folder)).rejects.toThrow(`${name}: needs Node 20.19 or later (node:fs)`);
  });

  const [N, D, C] = [8, 4, 3];
  const made = () => {
    const [X, y] = [built.zeros([N, D]), Int32Array.from({ length: N }, (_, i) => i % C)];
    return { model: new built.TwoLayerNet({ inputDim: D, hiddenDim: 5, numClasses: C, seed: 1 }), X, y };
  };

  test('the options of a Solver, which trains without them', () => {
    const { model, X, y } = made();
    const data = { XTrain: X, yTrain: y, XVal: X, yVal: y };
    const solver = (options: object) => () => new built.Solver(model, data, { verbose: false, ...options });
    expect(solver({ checkpoint: { dir: folder } })).toThrow('Solver: checkpoint: needs Node 20.19 or later (node:fs)');
    expect(solver({ resume: folder })).toThrow('Solver: resume: needs Node 20.19 or later (node:fs)');
    const distributed = { rank: 0, size: 2 };
    expect(solver({ distributed })).toThrow('Solver: distributed: needs Node 20.19 or later (node:fs)');
    expect(solver({ ui: true })).toThrow('expected false where there is no Node 20.19 or later');
    const trained = solver({ numEpochs: 2, batchSize: 4 })();
    trained.train();
    expect(trained.lossHistory).toHaveLength(4);
  });

  test('the options of fit, which trains without them', () => {
    const { X, y } = made();
    const model = new built.nn.Sequential(new built.nn.Linear(D, C));
    const optimizer = new built.optim.SGD(model.parameters(), { lr: 0.1 });
    const loader = new built.DataLoader({ X, y }, { batchSize: 4 });
    const run = (options: object) => () =>
      built.fit(model, loader, { optimizer, epochs: 1, verbose: false, ...options });
    expect(run({ checkpoint: { dir: folder } })).toThrow('fit: checkpoint: needs Node 20.19 or later (node:fs)');
    expect(run({ resume: folder })).toThrow('fit: resume: needs Node 20.19 or later (node:fs)');
    const distributed = { rank: 0, size: 2 };
    expect(run({ distributed })).toThrow('fit: distributed: needs Node 20.19 or later (node:fs)');
    expect(run({ ui: {} })).toThrow('expected false where there is no Node 20.19 or later');
    expect(run({})).not.toThrow();
  });
});
