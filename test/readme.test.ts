import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const readme = readFileSync('README.md', 'utf8');

/** Every example of the README that has its output below it. */
const examples = [...readme.matchAll(/```ts\n(.*?)```\n\n```\n(.*?)```/gs)].map(([, code, output]) => ({
  code,
  output,
}));

test('the README has examples', () => {
  expect(examples.length).toBeGreaterThanOrEqual(2);
});

test.each(examples)('example %# of the README prints what stands below it', ({ code, output }) => {
  const file = `test/programs/readme-${process.pid}.generated.ts`;
  writeFileSync(file, code.replaceAll("'layerwise'", "'../../src/index.js'"));
  try {
    const { stdout, stderr } = spawnSync(process.execPath, ['-r', 'ts-node/register', file], { encoding: 'utf8' });
    expect(stdout, stderr).toBe(output);
  } finally {
    rmSync(file);
  }
});
