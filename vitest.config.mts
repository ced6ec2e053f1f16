import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

const SHARED = [
  'arrays',
  'autograd',
  'classifiers',
  'data',
  'images',
  'layers',
  'loggers',
  'nn',
  'onnx',
  'optim',
  'pictures',
  'training',
]
  .map((folder) => `test/${folder}/**/*.test.ts`)
  .concat('test/solver*.test.ts');
/** Those that measure memory. */
const ALONE = ['autograd', 'data', 'nn'].map((folder) => `test/${folder}/*memory.test.ts`);

export default defineConfig({
  // The programs of examples/ import the library by its name.
  resolve: { alias: { layerwise: resolve('src/index.ts') } },
  test: {
    projects: [
      // Files whose tests leave the library as they found it share its modules: to load them takes longer than most tests.
      { extends: true, test: { name: 'shared', include: SHARED, exclude: ALONE, isolate: false } },
      { extends: true, test: { name: 'alone', include: ['test/**/*.test.ts'], exclude: [...SHARED] } },
      { extends: true, test: { name: 'memory', include: ALONE } },
    ],
    setupFiles: ['test/helpers/matchers.ts'],
    testTimeout: 60_000,
    // Two files at a time on two cores. Vitest's own choice is one core less than there are.
    maxWorkers: '100%',
    // Worker threads spin while they wait, so files that run side by side keep to one thread each. Tests of threads
    // configure them.
    env: { LAYERWISE_THREADS: '1' },
    tags: [{ name: 'slow', description: 'Left out of npm test, part of npm run test:all: see test/README.md.' }],
  },
});
