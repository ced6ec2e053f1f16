import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The programs of examples/ import the library by its name.
  resolve: { alias: { layerwise: resolve('src/index.ts') } },
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/helpers/matchers.ts'],
    testTimeout: 60_000,
  },
});
