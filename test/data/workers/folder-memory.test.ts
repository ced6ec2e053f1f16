// @module-tag slow
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('an epoch of a folder of JPEG files of 500 × 375 takes less than 600 MB', { timeout: 300_000 }, () => {
  const options = ['--files', '120', '--distinct', '20', '--workers', '2', '--train'];
  const out = execFileSync(process.execPath, ['-r', 'ts-node/register', 'bench/image-folder.ts', ...options]);
  const { images, rss } = JSON.parse(String(out).trim().split('\n').at(-1) as string);
  expect(images).toBeGreaterThanOrEqual(120);
  expect(rss).toBeLessThan(600);
});
