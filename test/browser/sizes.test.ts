// @module-tag slow

import fs from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import * as layers from '../../src/layers/public.js';
import { bundled } from './bundle.js';

/** What is bundled, as docs/performance.md calls it: names of the library. */
const BUNDLES: Readonly<Record<string, string>> = {
  everything: "export * from 'layerwise';",
  'layers, Solver, TwoLayerNet': `export { ${Object.keys(layers).join(', ')}, Solver, TwoLayerNet } from 'layerwise';`,
  'modules and fit': "export { nn, F, optim, fit, DataLoader } from 'layerwise';",
  'the layers alone': `export { ${Object.keys(layers).join(', ')} } from 'layerwise';`,
  '`relError` alone': "export { relError } from 'layerwise';",
};

/** The table of docs/performance.md: what is bundled, KB, KB gzipped. */
const stated = new Map(
  Array.from(
    fs.readFileSync('docs/performance.md', 'utf8').matchAll(/^\| ([^|]+?) +\| +(\d+) KB \| +(\d+) KB \|$/gm),
    ([, name, bytes, packed]) => [name, { bytes: Number(bytes), packed: Number(packed) }],
  ),
);

/** Of what docs/performance.md says, so that it says what is. */
const CLOSE = 0.03;

describe('bundles for browsers are as large as docs/performance.md says', () => {
  test.each(Object.entries(BUNDLES))('%s', async (name, program) => {
    const { text, packages } = await bundled(program);
    const expected = stated.get(name) ?? { bytes: 0, packed: 0 };
    const found = { bytes: Buffer.byteLength(text) / 1000, packed: gzipSync(text, { level: 9 }).length / 1000 };
    for (const key of ['bytes', 'packed'] as const) {
      expect(Math.abs(found[key] - expected[key]), `${name}: ${found[key]} KB`).toBeLessThan(1 + CLOSE * expected[key]);
    }
    // What needs Node, and what is drawn with if it is installed, is in none of them.
    expect(['fflate', 'papaparse', 'seedrandom']).toEqual(expect.arrayContaining([...packages]));
    expect(text.includes('new Function')).toBe(false);
  });
});
