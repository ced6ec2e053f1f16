// The entry points beside the library's own, in both module formats: one implementation each.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import * as distributed from 'layerwise/distributed';
import * as search from 'layerwise/search';

const require = createRequire(import.meta.url);
for (const [name, imported] of Object.entries({ distributed, search })) {
  const required = require(`layerwise/${name}`);
  assert.deepEqual(
    Object.keys(imported)
      .filter((key) => key !== 'default' && key !== 'module.exports')
      .sort(),
    Object.keys(required).sort(),
  );
  for (const key of Object.keys(required)) assert.equal(imported[key], required[key], key);
}

const alone = distributed.singleProcess();
assert.deepEqual([alone.rank, alone.size], [0, 1]);
const values = Float32Array.of(1, 2);
assert.equal(alone.allReduce(values), values);
// Neither MPI nor the package that calls it is needed to be told.
assert.throws(() => distributed.mpi(), /start it with mpiexec/);
