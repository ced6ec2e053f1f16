// @module-tag slow

import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { DataLoader, FullyConnectedNet, fit, kernelInfo, optim, Solver, save } from '../../src/index.js';
import { temporaryDir } from '../helpers/cifar10.js';
import { blobs } from '../helpers/nets.js';
import { convNet, images, rows, scoresOf } from '../helpers/saved-nets.js';

test('what was trained and saved scores the same to the bit in another process', { timeout: 120_000 }, () => {
  const classifier = new FullyConnectedNet([8, 8], { inputDim: 6, numClasses: 3, normalization: 'batchnorm', seed: 1 });
  const options = { verbose: false, seed: 1, numEpochs: 2, batchSize: 10 };
  new Solver(classifier, blobs(80, 6, 3, 1), options).train();
  const modules = convNet(1);
  const loader = new DataLoader({ X: images(), y: Uint8Array.from({ length: 16 }, (_, i) => i % 3) }, { batchSize: 4 });
  fit(modules, loader, { optimizer: new optim.SGD(modules.parameters(), { lr: 0.05 }), epochs: 2, verbose: false });

  const dir = temporaryDir();
  const files: string[] = [];
  for (const ending of ['.safetensors', '.npz', '.json']) {
    const [first, second] = ['classifier', 'modules'].map((name) => path.join(dir, name + ending));
    save(first, classifier);
    save(second, modules);
    files.push(first, second);
  }
  const { kernels, threads } = kernelInfo();
  const printed = execFileSync(
    process.execPath,
    ['-r', 'ts-node/register', 'test/programs/saved-scores.ts', ...files],
    {
      env: { ...process.env, LAYERWISE_KERNELS: kernels, LAYERWISE_THREADS: String(threads) },
    },
  );
  const expected = [scoresOf(classifier.loss(rows())), scoresOf(modules.eval().forward(images()).data)];
  expect(JSON.parse(String(printed))).toEqual([...expected, ...expected, ...expected]);
});
