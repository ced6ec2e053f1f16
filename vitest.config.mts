import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The programs of examples/ import the library by its name.
  resolve: { alias: { layerwise: resolve('src/index.ts') } },
  test: {
    include: ['test/**/*.test.ts'],
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
