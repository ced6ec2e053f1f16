// What the command says to a newcomer: lines to copy that run, and the settings that mend what is wrong.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeConfig, RunFolder } from '../../src/runs/index.js';
import { command } from '../helpers/command.js';

let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'layerwise-ways-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const [houses, fruit] = ['examples/houses.csv', 'examples/fruit.csv'].map((file) => resolve(file));

test.each([
  ['layerwise', {}],
  ['npx layerwise', { npm_command: 'exec', npm_lifecycle_event: 'npx' }],
  ['npm run layerwise --', { npm_command: 'run-script', npm_lifecycle_event: 'layerwise' }],
  ['layerwise', { npm_command: 'run-script', npm_lifecycle_event: 'test' }],
])('lines to copy begin with %s, as the command was called', async (program, env) => {
  const { out } = await command(cwd, ['--help'], { env });
  expect(out).toContain(`\n$ ${program} train twolayer --data synthetic --ui\n`);
});

describe('rows that cannot be read', () => {
  test.each([
    [[], "train: .* '', expected a value, or --set missing=drop or nan or mean\n"],
    [['missing=mean'], "column 'garden': 'no', expected a number: --set categories=garden if it has texts\n"],
    [['missing=mean', 'categories=town'], '--set categories=town,garden if it has texts\n'],
  ])('with %j name the setting', async (set, message) => {
    const args = ['train', 'mlp', '--data', houses, ...set.flatMap((one) => ['--set', one])];
    const { code, err } = await command(cwd, args);
    expect(err).toMatch(new RegExp(message));
    expect(code).toBe(1);
  });
});

test.each(['onecycle', 'cosine'])('a run whose schedule is %s cannot get more epochs', async (schedule) => {
  const set = [`schedule=${schedule}`, 'epochs=2'];
  RunFolder.create(join(cwd, 'run'), await makeConfig('train', { model: 'mlp', data: fruit, set }));
  const { code, err } = await command(cwd, ['train', '--resume', 'run', '--epochs', '4']);
  expect([code, err]).toEqual([
    2,
    `train: --resume run: schedule=${schedule} is made for 2 epochs, which cannot change; ` +
      'for a longer run: layerwise train --config run/config.json --epochs 4\n',
  ]);
});

test('the hashes of files are cut in a comparison', async () => {
  const config = await makeConfig('train', { model: 'mlp', data: fruit });
  for (const name of ['a', 'b']) {
    const model = { ...config.model, file: '/net.js', sha256: name.repeat(64) };
    RunFolder.create(join(cwd, name), { ...config, model });
  }
  const { out } = await command(cwd, ['compare', 'a', 'b']);
  expect(out).toContain(` ${'a'.repeat(12)}\n`);
});
