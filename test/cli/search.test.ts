// @module-tag slow

import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { STRATEGY_NAMES } from '../../src/cli/commands/search-run.js';
import { STRATEGIES } from '../../src/search/index.js';
import { command } from '../helpers/command.js';

const TRIAL = `import { defineTrial, space, uniform, choice } from 'layerwise/search';
export default defineTrial(space({ x: uniform(-1, 1), act: choice('relu', 'gelu') }), ({ x, act }, seed, report) => {
  const last = report.epochs ?? 2;
  const value = (epoch) => 1 - x * x - 1 / epoch - (act === 'gelu' ? 0.01 : 0);
  for (let epoch = 1; epoch <= last; epoch++) report(epoch, { valAcc: value(epoch) });
  if (x > 0.9) throw new Error('too far');
  return { valAcc: value(last) };
});
`;

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'layerwise-search-'));
  writeFileSync(path.join(dir, 'trial.ts'), TRIAL);
  writeFileSync(path.join(dir, 'none.ts'), 'export const trial = () => ({ valAcc: 1 });\n');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const search = (...args: string[]) => command(dir, ['search', ...args]);

test('a search, and the same line again', async () => {
  const line = ['--trial', 'trial.ts', '--trials', '3', '--seed', '1', '--workers', '0'];
  const { code, out, err } = await search(...line);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^trial 0: valAcc -?0\.\d+, 0 s\ntrial 1: .*\ntrial 2: .*\n\ntrial {2}valAcc +x +act +epochs/);
  expect(out).toMatch(/\n3 trials in \d+ s; all of them: layerwise search show searches\/trial\n$/);
  const again = await search(...line);
  expect(again.out).not.toContain('trial 0:');
  // In the folder is what is searched.
  const more = await search('searches/trial', '--trials', '4', '--workers', '0');
  expect(more.out).toMatch(/^trial 3: /);
});

test('a report whose packages are missing is refused before anything runs', async () => {
  const pictures = '../../src/pictures/index.js';
  vi.doMock(pictures, async (original) => ({
    ...(await original<object>()),
    checkCharts: (fn: string) => Promise.reject(new Error(`${fn}: charts need packages`)),
  }));
  try {
    const { code, out, err } = await search('searches/r', '--trial', 'trial.ts', '--trials', '1', '--report');
    expect([code, out, err]).toEqual([1, '', 'search: --report: charts need packages\n']);
    expect(existsSync(path.join(dir, 'searches/r'))).toBe(false);
  } finally {
    vi.doUnmock(pictures);
  }
});

test('a search of one trial', async () => {
  const { out } = await search('searches/one', '--trial', 'trial.ts', '--trials', '1', '--workers', '0');
  expect(out).toMatch(/\n1 trial in \d+ s; /);
});

test('what has been found: a table, and JSON', async () => {
  const line = ['--trial', 'trial.ts', '--strategy', 'halving', '--trials', '4', '--epochs', '2', '--eta', '2'];
  const { out } = await search('searches/b', ...line, '--workers', '0', '--json');
  const found = JSON.parse(out);
  expect(found).toMatchObject({ folder: path.join(dir, 'searches/b'), report: null, isComplete: true, planned: 4 });
  expect(found.trials).toHaveLength(4);
  const shown = await search('show', 'searches/b');
  expect(shown.out.split('\n')).toHaveLength(6);
  expect(shown.out).toMatch(/\n +\d +0\.\d+ +-?[\d.]+ +\w+ +2 +finished +0 s\n/);
  expect((await search('show', 'searches/b', '--best', '1')).out.split('\n')).toHaveLength(3);
  const { out: page } = await search('show', 'searches/b', '--report', 'b.html');
  expect(page).toContain('Report written to b.html\n');
  expect(readFileSync(path.join(dir, 'b.html'), 'utf8')).toContain('<h1>Search b</h1>');
  const list = await search('list');
  expect(list.out).toMatch(/^search +strategy +metric +best +trials\n(trial|b) +/);
  expect(JSON.parse((await search('list', '--json')).out)[0]).toMatchObject({ name: 'b', done: 4, isComplete: true });
});

test('one trial by its index, given or as a scheduler says', async () => {
  const line = ['g', '--trial', 'trial.ts', '--trials', '3', '--trial-index'];
  expect((await search(...line, '1')).out).toMatch(/^g: trial 1: valAcc -?0\.\d+, 0 s\n$/);
  expect((await search(...line, '1')).out).toMatch(/^g: trial 1: .* \(complete before\)\n$/);
  vi.stubEnv('JOB_COMPLETION_INDEX', '2');
  const { out } = await search(...line, '--json');
  vi.unstubAllEnvs();
  expect(JSON.parse(out)).toMatchObject({ folder: path.join(dir, 'g'), index: 2, rung: 0, isNew: true, trials: 3 });
  expect((await search('show', 'g')).out).toContain('\n2 of 3 trials are done\n');
  // The others, as in any search.
  expect((await search('g', '--workers', '0')).out).toMatch(/^trial 0: .*\n\ntrial /);
  const halving = ['h', '--trial', 'trial.ts', '--strategy', 'halving', '--trials', '2', '--epochs', '2', '--eta', '2'];
  for (const index of ['0', '1']) await search(...halving, '--trial-index', index);
  const last = await search(...halving, '--trial-index', '1', '--rung', '1');
  expect(last.out).toBe('rung 1 has 1 trial: none for index 1\n');
});

test('a space on the line, and a trial that fails', async () => {
  const space = '{"x": {"choice": [0, 0.95]}, "act": "relu"}';
  const { code, out } = await search(
    'c',
    '--trial',
    'trial.ts',
    '--space',
    space,
    '--strategy',
    'grid',
    '--workers',
    '0',
  );
  expect(code).toBe(0);
  expect(out).toContain('trial 1: failed: too far');
  expect((await search('show', 'c')).out).toMatch(/\n +1 +– +0\.95 +2 +failed +0 s\n/);
});

test('where all trials fail the search has failed, in a folder with a # in its name too', async () => {
  mkdirSync(path.join(dir, 'runs#1'));
  copyFileSync(path.join(dir, 'trial.ts'), path.join(dir, 'runs#1', 'trial.ts'));
  const line = ['--trial', 'runs#1/trial.ts', '--strategy', 'grid', '--workers', '0', '--space'];
  expect((await search('runs#1/good', ...line, '{"x": {"choice": [0]}, "act": "relu"}')).code).toBe(0);
  const { code, out } = await search('runs#1/bad', ...line, '{"x": {"choice": [0.95]}, "act": "relu"}');
  expect(out).toContain('trial 0: failed: too far');
  expect(code).toBe(1);
});

test('a trial to begin with', async () => {
  expect((await search('init', 'first.ts')).out).toBe(
    'The trial is in first.ts: layerwise search --trial first.ts --trials 8\n',
  );
  const { out } = await search('d', '--trial', 'first.ts', '--trials', '1', '--workers', '0');
  expect(out).toMatch(/^trial 0: valAcc 0\.\d+, /);
  expect((await search('init', 'first.ts')).err).toBe('search init: first.ts exists; name another file\n');
  expect(await search('init', 'first.py')).toMatchObject({
    code: 2,
    err: "search init: first.py ends in '.py', expected .ts, .mts, .js or .mjs\n",
  });
});

test('the command knows all strategies', () => {
  expect([...STRATEGY_NAMES]).toEqual(Object.keys(STRATEGIES));
});

describe('what is refused, in one line', () => {
  test.each([
    [[], 'search: expected the folder of a search, or --trial FILE; layerwise search init writes one'],
    [['e'], 'search: there is no search in e, expected --trial FILE beside it; layerwise search init writes one'],
    [
      ['--trial', 'trial.ts', '--eta', '3'],
      'search: --eta is not of --strategy random, which takes --trials, --epochs, --median-stop',
    ],
    [
      ['--trial', 'trial.ts', '--strategy', 'asha'],
      'search: --strategy asha needs --epochs, up to which the best trials train',
    ],
    [['--trial', 'trial.ts', '--space', '{x'], /^search: --space is no JSON: /],
    [
      ['--trial', 'trial.ts', '--space', '{"x": {"uniform": [1, 0]}}'],
      'search: --space: x goes from 1 to 0, expected low < high',
    ],
    [
      ['--trial', 'trial.ts', '--space', 'space.json'],
      /^search: cannot read .*space\.json \(ENOENT: there is no such file or folder\); check the path$/,
    ],
    [
      ['--trial', 'none.ts'],
      /^search: trial: .*none\.ts exports no trial, expected `export default defineTrial\(…\)`$/,
    ],
    [['--trial', 'missing.ts'], /^search: trial: there is no file .*missing\.ts/],
    [['--trial', 'trial.ts', '--strategy', 'rendom'], /did you mean random\? \(layerwise search run --help\)$/],
    [['show', 'e'], /^search show: .*e has no search\.json, expected the folder of a search$/],
    [['worker', '--redis', 'redis://127.0.0.1:1'], /^search worker: .*redis:\/\/127\.0\.0\.1:1/],
    [['worker'], /^search worker: required option '--redis <url>' not specified/],
    [['list', 'e'], 'search list: there are no searches in e; layerwise search makes them'],
  ])('%s', async (args, message) => {
    const { code, err } = await search(...args);
    expect(code).toBeGreaterThan(0);
    if (typeof message === 'string') expect(err).toBe(`${message}\n`);
    else expect(err.trimEnd()).toMatch(message);
  });

  test.each([
    [['--queue', 'q'], 'search: --queue is of a Redis, expected --redis beside it'],
    [['--redis', 'redis://127.0.0.1:1', '--workers', '2'], /^search: --workers are of this machine, expected none /],
    [['--redis', 'http://x'], /^search: redis: url is 'http:\/\/x', expected the address of a Redis, /],
    [['--redis', 'redis://127.0.0.1:1'], /^search: .*redis:\/\/127\.0\.0\.1:1/],
    [['--rung', '1'], 'search: --rung is of one trial, expected --trial-index beside it'],
    [
      ['--trial-index', '0', '--workers', '2'],
      'search: --trial-index runs one trial in this process, expected no --workers beside it',
    ],
    [
      ['--trial-index', '3', '--trials', '3'],
      'search: index is 3, expected a whole number from 0 to 2, one for each of the 3 trials',
    ],
    [['--trial-index'], /^search: index is missing, and so are SLURM_ARRAY_TASK_ID and JOB_COMPLETION_INDEX: /],
  ])('%s', async (args, message) => {
    const { err } = await search('i', '--trial', 'trial.ts', ...args);
    expect(err).toMatch(message instanceof RegExp ? message : `${message}\n`);
  });

  test('another search in the folder', async () => {
    mkdirSync(path.join(dir, 'f'));
    const line = ['f', '--trial', 'trial.ts', '--trials', '1', '--workers', '0'];
    await search(...line);
    const { err } = await search(...line, '--metric', 'loss');
    expect(err).toMatch(/^search: .*f has another search: metric is 'valAcc' there, 'loss' here: name another folder/);
  });
});
