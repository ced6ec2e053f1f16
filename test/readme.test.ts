import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';

const readme = readFileSync('README.md', 'utf8');

/** Every example of the README that has its output below it. */
const examples = [...readme.matchAll(/```ts\n(.*?)```\n\n```\n(.*?)```/gs)].map(([, code, output]) => ({
  code,
  output,
}));

afterEach(() => {
  vi.restoreAllMocks();
});

test('the README has examples', () => {
  expect(examples.length).toBeGreaterThanOrEqual(2);
});

test.each(examples)('example %# of the README prints what stands below it', async ({ code, output }) => {
  let printed = '';
  vi.spyOn(console, 'log').mockImplementation((...values) => {
    printed += `${values.join(' ')}\n`;
  });
  const file = resolve(
    `test/programs/readme-${process.pid}-${examples.findIndex((one) => one.code === code)}.generated.ts`,
  );
  writeFileSync(file, code);
  try {
    await import(pathToFileURL(file).href);
  } finally {
    rmSync(file);
  }
  expect(printed).toBe(output);
});
