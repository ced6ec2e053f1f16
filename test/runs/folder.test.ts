import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listRuns, RunFolder } from '../../src/runs/index.js';
import { runConfig } from '../helpers/run-config.js';

const config = runConfig();

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'layerwise-folder-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

describe('RunFolder.create', () => {
  test('makes a folder with the config, from which it is opened again', () => {
    const made = RunFolder.create(join(parent, 'a', 'b'), config);
    expect(readFileSync(join(made.dir, 'config.json'), 'utf8')).toBe(`${JSON.stringify(config, null, 2)}\n`);
    expect(RunFolder.open(made.dir).config).toEqual(config);
    expect(readdirSync(join(parent, 'a'))).toEqual(['b']);
  });

  test('takes an empty folder', () => {
    mkdirSync(join(parent, 'a'));
    expect(RunFolder.create(join(parent, 'a'), config).name).toBe('a');
  });

  test.each([
    ['a run', 'config.json', 'has a run already; continue it with --resume '],
    ['files', 'notes.txt', 'is not empty, expected a new folder for the run; name another'],
  ])('refuses a folder with %s', (_, name, message) => {
    const dir = join(parent, 'a');
    mkdirSync(dir);
    writeFileSync(join(dir, name), '{}');
    expect(() => RunFolder.create(dir, config, 'train')).toThrow(`train: ${dir} ${message}`);
    expect(readdirSync(dir)).toEqual([name]);
  });

  test('refuses a file', () => {
    writeFileSync(join(parent, 'a'), '');
    expect(() => RunFolder.create(join(parent, 'a'), config, 'train')).toThrow('is a file, expected a folder');
  });
});

describe('RunFolder.createIn', () => {
  test('numbers the runs of a model on data, behind the last', () => {
    expect(RunFolder.createIn(parent, config).name).toBe('twolayer-synthetic-1');
    mkdirSync(join(parent, 'twolayer-synthetic-9'));
    expect(RunFolder.createIn(parent, config).name).toBe('twolayer-synthetic-10');
    expect(RunFolder.createIn(parent, runConfig('./nets/my net.ts')).name).toBe('my-net-synthetic-1');
  });
});

describe('RunFolder.open', () => {
  test('says what is no run', () => {
    const dir = join(parent, 'a');
    expect(() => RunFolder.open(dir, 'eval')).toThrow(`eval: ${dir} does not exist, expected the folder of a run`);
    mkdirSync(dir);
    expect(() => RunFolder.open(dir, 'eval')).toThrow(`eval: ${dir} has no config.json, expected`);
    writeFileSync(join(dir, 'config.json'), '{"model":');
    expect(() => RunFolder.open(dir, 'eval')).toThrow(`eval: ${dir}/config.json`);
    writeFileSync(join(dir, 'config.json'), '{"model":{}}');
    expect(() => RunFolder.open(dir, 'eval')).toThrow('has no model.name that is a text, expected the config of a run');
  });

  test.each([
    [null, 'model.name that is a text'],
    [[], 'model.name that is a text'],
    [{ ...config, data: { ...config.data, kind: 5 } }, 'data.kind that is a text'],
    [{ ...config, model: { name: 'fc' } }, 'model.options that is an object'],
    [{ ...config, model: { name: 'fc', options: [1] } }, 'model.options that is an object'],
    [{ model: config.model, data: config.data }, 'training.epochs that is a number'],
  ])('refuses a config without its parts: %j', (value, missing) => {
    writeFileSync(join(parent, 'config.json'), JSON.stringify(value));
    expect(() => RunFolder.open(parent)).toThrow(`run: ${join(parent, 'config.json')} has no ${missing}`);
    expect(listRuns(join(parent, '..')).map(({ dir }) => dir)).not.toContain(parent);
  });

  test('names the file of metrics that cannot be read', () => {
    const run = RunFolder.create(join(parent, 'a'), config);
    mkdirSync(join(run.dir, 'metrics.jsonl'));
    expect(() => run.metrics()).toThrow(`run: cannot read ${join(run.dir, 'metrics.jsonl')} (EISDIR: it is a folder`);
  });
});

describe('a run on disk', () => {
  const line = (event: object): string => `${JSON.stringify(event)}\n`;
  const step = (iteration: number, loss: number | string, seconds: number): string =>
    line({ kind: 'step', iteration, epoch: 0, loss, learningRate: iteration === 1 ? 0.1 : null, seconds });
  const start = (iteration: number): string =>
    line({ kind: 'start', iteration, epoch: 0, time: `2026-01-0${iteration + 1}T00:00:00.000Z` });

  test('has metrics while they are written, tolerant of half a line', () => {
    const run = RunFolder.create(join(parent, 'a'), config);
    const file = join(run.dir, 'metrics.jsonl');
    expect(run.metrics()).toMatchObject({ epochs: [], commands: [], started: null, end: null });
    expect(run.state).toBe('interrupted');
    writeFileSync(file, start(0) + step(1, 2.5, 0.5) + step(2, 'Infinity', 1).slice(0, 20));
    expect(run.metrics().started).toBe('2026-01-01T00:00:00.000Z');
    expect([...run.metrics().steps.iteration]).toEqual([1]);
    appendFileSync(file, `${step(2, 'Infinity', 1).slice(20)}no event\n`);
    expect([...run.metrics().steps.loss]).toEqual([2.5, Number.POSITIVE_INFINITY]);
    expect([...run.metrics().steps.learningRate]).toEqual([0.1, Number.NaN]);
    // Another process goes on: its seconds begin anew.
    appendFileSync(file, start(2) + step(3, 1, 0.25));
    expect([...run.metrics().steps.seconds]).toEqual([0.5, 1, 1.25]);
    appendFileSync(file, line({ kind: 'end', iteration: 3, epoch: 0, state: 'failed' }));
    expect(run.metrics().end?.state).toBe('failed');
    expect(run.state).toBe('failed');
  });

  test('is read anew where it was cut back', () => {
    const run = RunFolder.create(join(parent, 'a'), config);
    const file = join(run.dir, 'metrics.jsonl');
    writeFileSync(file, start(0) + step(1, 2.5, 0.5) + step(2, 2, 0.5));
    run.metrics();
    writeFileSync(file, start(0) + step(1, 2.5, 0.5) + step(2, 3, 0.5) + step(3, 1, 0.5));
    expect([...run.metrics().steps.loss]).toEqual([2.5, 3, 1]);
    rmSync(file);
    expect(run.metrics().steps.loss.length).toBe(0);
  });
});

describe('listRuns', () => {
  test('has the runs of a folder in the order of their numbers, without what is none', () => {
    for (const name of ['a-10', 'a-9']) RunFolder.create(join(parent, name), config);
    mkdirSync(join(parent, 'other'));
    mkdirSync(join(parent, 'damaged'));
    writeFileSync(join(parent, 'damaged', 'config.json'), '{');
    expect(listRuns(parent).map(({ name }) => name)).toEqual(['a-9', 'a-10']);
    const missing = join(parent, 'none');
    expect(() => listRuns(missing, 'ui')).toThrow(`ui: ${missing} is no folder, expected one with runs in it`);
  });
});
