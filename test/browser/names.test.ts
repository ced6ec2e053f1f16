// @module-tag slow

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import * as library from '../../src/index.js';
import { bundled } from './bundle.js';

type Library = typeof library;

/** What a library calls its classes: in print, in errors, in what is saved with a model. */
function said({ nn, zeros, affineForward, FullyConnectedNet, DataLoader }: Library) {
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.ReLU());
  const fails = (fn: () => unknown): string => {
    try {
      fn();
    } catch (error) {
      return `${(error as Error).constructor.name} ${error}`;
    }
    return 'nothing';
  };
  const loader = new DataLoader({ X: zeros([2, 3]), y: [0, 1] });
  const net = new FullyConnectedNet([2], { inputDim: 3, numClasses: 2, seed: 0 });
  return {
    printed: [String(model), String(net.summary())],
    saved: [model.architecture(), net.architecture()],
    failures: [
      fails(() => model.forward(zeros([2, 5]))),
      fails(() => affineForward(zeros([2, 3]), zeros([3, 2]), zeros([3]))),
      fails(() => affineForward(loader as never, zeros([3, 2]), zeros([2]))),
    ],
    subclasses: [class Net extends nn.Sequential {}, class extends nn.Sequential {}].map(({ name }) => name),
    named: Object.entries(nn).filter(([name, value]) => (value as { name?: string }).name === name).length,
  };
}

describe('classes of a minified bundle', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwise-names-'));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  test('are called what they are in the library', async () => {
    const { text } = await bundled(
      "export { nn, zeros, affineForward, FullyConnectedNet, DataLoader } from 'layerwise';",
    );
    const file = path.join(folder, 'bundle.mjs');
    fs.writeFileSync(file, text);
    const found = said(await import(/* @vite-ignore */ file));
    expect(found).toEqual(said(library));
    expect(found.subclasses).toEqual(['Net', '']);
  });
});
