import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { lockRun } from '../../src/checkpoints/run-lock.js';
import { NAMES } from '../../src/runs/index.js';
import { temporaryDir } from '../helpers/cifar10.js';
import { command } from '../helpers/command.js';
import { configOf, recordedRun, twoEpochs } from '../helpers/recorded-run.js';

/** Three runs in a folder: one that has finished, one that was killed, one that has failed. */
function threeRuns(): string {
  const dir = temporaryDir();
  mkdirSync(path.join(dir, 'runs'));
  const runs = path.join(dir, 'runs');
  recordedRun(runs, 'net-1', twoEpochs(), configOf(null, { lr: 0.1 }));
  recordedRun(runs, 'net-2', twoEpochs(null), configOf(null, { lr: 0.2, epochs: 9 }));
  const failed = { state: 'failed', message: 'Solver: the loss is NaN', testAcc: null };
  recordedRun(runs, 'net-10', twoEpochs(failed), configOf(null, { lr: 0.4 }));
  return dir;
}

test('a table of the runs in a folder, and below it the settings in which they differ', async () => {
  const { code, out, err } = await command(threeRuns(), ['compare', 'runs']);
  expect([code, err]).toEqual([0, '']);
  expect(out).toBe(
    [
      'run     state        val %  last %  test %  loss  epochs  time  parameters',
      'net-1   finished     50.00   40.00   45.00   0.5       2   4 s           –',
      'net-2   interrupted  50.00   40.00       –   0.5     2/9   4 s           –',
      'net-10  failed       50.00   40.00       –   0.5     2/2   4 s           –',
      '',
      'Settings in which they differ',
      'run      lr  epochs',
      'net-1   0.1       2',
      'net-2   0.2       9',
      'net-10  0.4       2',
      '',
      'net-10 failed: Solver: the loss is NaN',
      '',
    ].join('\n'),
  );
});

test('as JSON', async () => {
  const { out } = await command(threeRuns(), ['compare', 'runs/net-1', 'runs', '--json']);
  const { runs, differences } = JSON.parse(out);
  expect(runs.map(({ name }: { name: string }) => name)).toEqual(['net-1', 'net-2', 'net-10']);
  expect(differences).toEqual([
    { key: 'training.lr', values: [0.1, 0.2, 0.4] },
    { key: 'training.epochs', values: [2, 9, 2] },
  ]);
});

test('a run that is going on is shown as such', async () => {
  const dir = threeRuns();
  const lock = lockRun('test', path.join(dir, 'runs/net-2'), NAMES.lock);
  onTestFinished(() => lock.release());
  const { out } = await command(dir, ['compare', 'runs/net-2']);
  expect(out).toContain('net-2  running');
  expect(out).not.toContain('differ');
});

describe('settings', () => {
  test('of a narrow terminal have a row each, and the table fewer columns', async () => {
    const { out } = await command(threeRuns(), ['compare', 'runs'], 17);
    expect(out).toContain('setting  net-1  net-2  net-10\nlr         0.1    0.2     0.4\n');
    expect(out).toMatch(/^run +state +val % +test % +epochs\n/);
  });

  test('that are the same', async () => {
    const dir = temporaryDir();
    recordedRun(dir, 'a');
    recordedRun(dir, 'b');
    expect((await command(dir, ['compare', 'a', 'b'])).out).toContain('Their settings are the same.');
  });
});

test('curves over each other', async () => {
  const { out } = await command(threeRuns(), ['compare', 'runs', '--plot']);
  expect(out).toMatch(/\nloss by iteration\n/);
  expect(out).toMatch(/\nvalidation accuracy in % by epoch\n/);
  expect(out).toMatch(/ net-10$/m);
});

test('what is no folder with runs', async () => {
  const dir = threeRuns();
  mkdirSync(path.join(dir, 'empty'));
  expect(await command(dir, ['compare', 'empty'])).toMatchObject({
    code: 1,
    err: 'compare: there are no runs in empty; layerwise train makes them in runs\n',
  });
  const { err } = await command(dir, ['compare', 'runs/net-3']);
  expect(err).toMatch(/^compare: .*net-3 does not exist, .*; did you mean runs\/net-1\?\n$/);
});
