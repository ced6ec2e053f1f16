import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { command } from '../helpers/command.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'layerwise-data-'));
  const rows = Array.from({ length: 20 }, (_, i) => `${i},${i % 3 ? 'ä b' : 'c'},${i % 2 ? 'yes' : 'no'}`);
  writeFileSync(join(dir, 'table.csv'), ['a,the town,y', ...rows].join('\n'));
});
afterAll(() => rmSync(dir, { recursive: true }));

test('a CSV file with a column of texts says the setting that reads it, which --set takes', async () => {
  const { code, out, err } = await command(dir, ['data', 'info', 'table.csv']);
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(/^data info: .*table\.csv, line 2, column 'the town': 'c', expected a number: --set/);
  expect(err).toMatch(/: --set 'categories=the town' if it has texts\n$/);
  const described = await command(dir, ['data', 'info', 'table.csv', '--set', 'categories=the town', '--json']);
  expect([described.code, described.err]).toEqual([0, '']);
  expect(JSON.parse(described.out)).toMatchObject({ kind: 'csv', inputShape: [3], classes: ['no', 'yes'] });
});

test('what it cannot read is an error of the command', async () => {
  const { code, err } = await command(dir, ['data', 'info', dir]);
  expect(err).toMatch(/^data info: .*\n$/);
  expect(code).toBe(1);
});

test('as many pictures as a file may have are drawn', async () => {
  const { code, err } = await command(dir, ['data', 'synthetic', 'x', '--train', '500005']);
  expect(err).toContain('expected a whole number from 5 to 500000');
  expect(code).toBe(2);
});

test('what does not fit into memory is said so', async () => {
  const args = ['mlp', '--data', 'table.csv', '--set', 'categories=the town', '--set', 'hiddenDims=1e15', '--quiet'];
  const { code, err } = await command(dir, ['train', ...args]);
  expect(err).toMatch(
    /^train: the run does not fit into memory \(.*\); take a smaller model, batchSize or numTraining\n$/,
  );
  expect(code).toBe(1);
});

test('a config of another version, or of a file that has changed, is noted', async () => {
  writeFileSync(join(dir, 'm.mjs'), 'export const model = { params: {}, loss() {} };');
  const model = { name: 'm', file: join(dir, 'm.mjs'), sha256: '0', options: {} };
  writeFileSync(join(dir, 'old.json'), JSON.stringify({ layerwise: '0.0.1', model, data: { kind: 'synthetic' } }));
  const { code, err } = await command(dir, ['train', '--config', 'old.json', '--settings']);
  expect(err).toMatch(/^note: the config is of layerwise 0\.0\.1, and this is .*\nnote: m\.mjs has changed since /);
  expect(code).toBe(0);
});

test('a table that ends in .tsv has tabs', async () => {
  writeFileSync(join(dir, 'table.tsv'), Array.from({ length: 20 }, (_, i) => `${i}\t${i % 2}`).join('\n'));
  const args = ['data', 'info', 'table.tsv', '--set', 'header=false', '--json'];
  const { code, out, err } = await command(dir, args);
  expect([code, err]).toEqual([0, '']);
  expect(JSON.parse(out)).toMatchObject({ kind: 'csv', inputShape: [1] });
});

test.each(['--run', '--data', '--config', '--resume'])('%s without a path is wrong use', async (option) => {
  const { code, err } = await command(dir, ['train', ...(option === '--resume' ? [] : ['mlp']), option, '']);
  expect([code, err]).toEqual([2, `train: ${option} is empty, expected a path\n`]);
});
