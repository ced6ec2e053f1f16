// Both module formats in one process: one implementation, so one memory, one set of threads and one class Tensor.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const required = require('layerwise');
const imported = { ...(await import('layerwise')) };

// What each format gives has the names of the other, down into the namespaces.
const names = Object.keys(required).sort();
assert(names.length > 100);
// After the require() Deno imports the CommonJS module itself, to which it adds names of its own.
const added = ['__esModule', 'default', 'module.exports'];
assert.deepEqual(
  Object.keys(imported)
    .filter((name) => !added.includes(name))
    .sort(),
  names,
);
for (const name of names) assert.equal(imported[name], required[name], name);
for (const namespace of ['F', 'nn', 'optim', 'transforms'])
  assert(Object.keys(imported[namespace]).length >= 4, namespace);

assert(imported.tensor([1]) instanceof required.Tensor);
assert(new required.nn.Linear(2, 3) instanceof imported.nn.Module);

required.configureKernels({ threads: 1 });
assert.equal(imported.kernelInfo().threads, 1);

const before = required.kernelInfo().memory.used;
const kept = imported.resident(imported.zeros([1000]));
assert(required.kernelInfo().memory.used >= before + 4 * kept.size);

// What bundlers for browsers get has the same names. It is not loaded here: one process runs one implementation.
const entry = new URL('esm/index.js', new URL(`file://${require.resolve('layerwise')}`));
const found = exportsOf(entry);
assert.deepEqual(found.filter((name) => name !== '').sort(), names);

assert.equal(require('layerwise/package.json').name, 'layerwise');

/** The names that an ES module exports, those of `export * from` included. */
function exportsOf(file) {
  const pattern = /^export (?:\* as (\w+)|\* from '([^']+)'|\{([^}]*)\})/gm;
  return [...readFileSync(file, 'utf8').matchAll(pattern)].flatMap(([, namespace, from, list]) => {
    if (from !== undefined) return exportsOf(new URL(from, file));
    return namespace ?? list.split(',').map((name) => name.trim());
  });
}
