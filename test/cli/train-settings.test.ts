import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allKeys, makeConfig, NAMES, RunFolder } from '../../src/runs/index.js';
import { command } from '../helpers/command.js';

let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'layerwise-settings-'));
  RunFolder.create(join(dir, "a run's"), await makeConfig('test', { model: 'mlp', data: 'synthetic', cwd: dir }));
});
afterAll(() => rmSync(dir, { recursive: true }));

const train = (args: readonly string[], columns?: number) => command(dir, ['train', ...args], columns);

describe('train --settings', () => {
  test('lists each setting that there is, with its default, range and owners', async () => {
    const { code, out } = await train(['--settings']);
    expect(code).toBe(0);
    for (const key of allKeys().filter((one) => !['data.kind', 'data.path'].includes(one))) {
      expect(out).toMatch(new RegExp(`^  ${key.slice(key.indexOf('.') + 1)}=`, 'm'));
    }
    expect(out.replace(/\s+/g, ' ')).toContain(
      "nesterov=false whether the momentum is Nesterov's (true or false; of opt",
    );
  });

  test('of a model has the values that it would be trained with', async () => {
    const args = ['resnet20', '--data', 'synthetic', '--set', 'gamma=0.5', '--set', 'schedule=step', '--settings'];
    const { code, out } = await train(args);
    expect([code, out.split('\n')[0]]).toEqual([
      0,
      'Settings of resnet20 on synthetic data, optimizer=SGD, schedule=step, with their values; others',
    ]);
    for (const text of ['lr=0.1 ', 'gamma=0.5 ', 'crop=2 ', 'schedule=step ', 'seed=231 ']) expect(out).toContain(text);
    for (const text of ['pctStart', 'hiddenDim', 'beta1', '; of ']) expect(out).not.toContain(text);
  });

  test.each([100, 30])('fits %d columns', async (columns) => {
    const { out } = await train(['--settings'], columns);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(Math.max(columns, 36));
  });

  test('is JSON for programs', async () => {
    const rows = JSON.parse((await train(['twolayer', '--data', 'synthetic', '--settings', '--json'])).out);
    expect(rows).toContainEqual({
      ...{ key: 'model.hiddenDim', default: 100, owners: [] },
      ...{ expected: 'a whole number ≥ 1', comment: 'units of the hidden layer' },
    });
  });

  test('is named where --set is', async () => {
    const { out } = await train(['--help']);
    expect(out).toContain('--settings');
    expect(out).not.toContain('[]');
  });
});

test.each([
  [['nosuch'], 'train: MODEL nosuch: there is no such model'],
  [['mlp', '--data', 'synthetic', '--set', 'lr=NaN'], 'train: --set lr=NaN: expected a number > 0'],
  [['mlp', '--data', 'synthetic', '--set', 'momentun=1'], 'did you mean momentum?'],
  [['mlp', '--ui', '--port', '65536'], 'expected a whole number from 0 to 65535'],
])('%j is wrong use', async (args, message) => {
  const { code, err } = await train(args);
  expect(err).toContain(message);
  expect(code).toBe(2);
});

test('a port that is taken is said before there is a run', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { code, err } = await train(['mlp', '--data', 'synthetic', '--run', 'new', '--ui', '--port', String(port)]);
  other.close();
  expect([code, err]).toEqual([1, `train: port ${port} is in use: choose another, or leave it out\n`]);
  expect(existsSync(join(dir, 'new'))).toBe(false);
});

describe('--resume with a config.json that is damaged', () => {
  const edits: readonly [string, (config: Record<string, Record<string, unknown>>) => unknown, string][] = [
    ['a value', ({ training, ...rest }) => ({ ...rest, training: { ...training, keepBest: 'x' } }), "keepBest is 'x'"],
    ['no value', ({ training, ...rest }) => ({ ...rest, training: { ...training, lr: undefined } }), 'lr is missing'],
    ['an unknown key', (config) => ({ ...config, foo: 1 }), "config has 'foo'"],
    ['no settings', ({ training: _, ...rest }) => rest, 'has no training.epochs that is a number'],
    [
      'no options',
      ({ model, ...rest }) => ({ ...rest, model: { ...model, options: null } }),
      'has no model.options that is an object',
    ],
    [
      'no model',
      ({ model, ...rest }) => ({ ...rest, model: { ...model, name: '__proto__' } }),
      'there is no such model',
    ],
  ];
  test.each(edits)('%s', async (_, edit, message) => {
    const file = join(dir, "a run's", NAMES.config);
    const whole = readFileSync(file, 'utf8');
    writeFileSync(file, JSON.stringify(edit(JSON.parse(whole))));
    const { code, err } = await train(['--resume', "a run's"]);
    writeFileSync(file, whole);
    expect(err).toMatch(/^train: .*config\.json.*\n$/);
    expect(err).toContain(message);
    expect(code).toBe(1);
  });
});

test('a command that is printed can be copied into a shell', async () => {
  const { err } = await train(['--resume', "a run's", '--set', 'normalize=mean']);
  expect(err).toContain("layerwise train --config 'a run'\\''s/config.json' --set normalize=mean");
});
