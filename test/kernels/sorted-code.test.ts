import { inflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { sortCode } from '../../scripts/build/sort-code.mjs';
import { relaxed } from '../../src/kernels/wasm/binaries.generated.js';
import { inOrder } from '../../src/kernels/wasm/sorted-code.js';

test('the kernels for browsers are those of Node, sorted', async () => {
  const kernels = Buffer.from(relaxed.base64, 'base64');
  const packed = await sortCode(kernels);
  expect(Buffer.from(inOrder(inflateRawSync(packed))).equals(kernels)).toBe(true);
  expect(packed.length).toBeLessThan(kernels.length / 4);
});
