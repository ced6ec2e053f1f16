// The file for pages without a bundler: it stands alone, and its hash is the one that is published.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const dist = dirname(createRequire(import.meta.url).resolve('layerwise'));
const { version, ...hashes } = JSON.parse(readFileSync(join(dist, 'integrity.json'), 'utf8'));
assert(Object.keys(hashes).includes('layerwise.browser.js'));
for (const [name, integrity] of Object.entries(hashes)) {
  const bytes = readFileSync(join(dist, name));
  assert.equal(`sha384-${createHash('sha384').update(bytes).digest('base64')}`, integrity, name);
}
assert(readFileSync(join(dist, 'layerwise.browser.js'), 'utf8').startsWith(`/*! layerwise ${version}, MIT`));

// Node takes a file of this package for CommonJS; a page has no such rule.
copyFileSync(join(dist, 'layerwise.browser.js'), 'layerwise.mjs');
const one = await import(pathToFileURL('layerwise.mjs').href);
assert.deepEqual(Object.keys(one).sort(), Object.keys(await import('layerwise')).sort());
const net = new one.TwoLayerNet({ inputDim: 4, hiddenDim: 3, numClasses: 2, seed: 0 });
const X = new one.Random(0).randn([10, 4]);
const data = { XTrain: X, yTrain: new Uint8Array(10), XVal: X, yVal: new Uint8Array(10) };
new one.Solver(net, data, { batchSize: 5, numEpochs: 2, verbose: false, seed: 0 }).train();
assert(net.params.W1.data.every(Number.isFinite));
