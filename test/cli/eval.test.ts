import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { TwoLayerNet } from '../../src/classifiers/index.js';
import { writeSyntheticCifar10 } from '../../src/data/index.js';
import { save } from '../../src/formats/index.js';
import { command } from '../helpers/command.js';
import { recordedRun } from '../helpers/recorded-run.js';
import { useTrainedRun } from '../helpers/trained-run.js';

const made = useTrainedRun();
const evaluate = (...args: string[]) => command(made.dir, ['eval', made.run, ...args]);

test('the accuracy of the validation examples is that of the run', async () => {
  const { code, out } = await evaluate('--split', 'val', '--json');
  expect(code).toBe(0);
  const scores = JSON.parse(out);
  expect(scores).toMatchObject({ split: 'val', weights: 'best', examples: 24, accuracy: made.outcome.bestValAcc });
  expect(scores.accuracy).toBeGreaterThan(0);
  const { classes, confusion, mean, topFive, loss } = scores;
  const right = confusion.reduce((sum: number, row: number[], c: number) => sum + row[c], 0);
  expect(right / 24).toBe(scores.accuracy);
  expect(classes[0]).toMatchObject({ name: 'disc', examples: confusion[0].reduce((a: number, b: number) => a + b) });
  expect(topFive).toBeGreaterThanOrEqual(scores.accuracy);
  expect(loss).toBeGreaterThan(0);
  expect(mean.recall).toBeGreaterThan(0);
});

test('for people: numbers, a table of classes, the confusion matrix', async () => {
  const { out, err, code } = await evaluate();
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^a, best weights, 30 test examples\nCIFAR-10 in /);
  expect(out).toMatch(/accuracy {2}\d+\.\d\d %\ntop 5 {5}\d+\.\d\d %\nloss {6}\d\.\d+ \(cross-entropy\)\n/);
  expect(out).toMatch(/class +examples +precision +accuracy \(recall\) +F1\ndisc +3 +\d+\.\d %/);
  expect(out).toMatch(/Confusion: .*\n +disc +ring +square +frame/);
});

test('where the matrix is wider than the terminal, what is confused most often', async () => {
  const { out } = await command(made.dir, ['eval', made.run], 40);
  expect(out).toMatch(/Most frequent mistakes .*\nclass +taken for +times\n\w+ +\w+ +\d/);
});

test('other data, prepared by the mean of the run', { tags: 'slow' }, async () => {
  const other = writeSyntheticCifar10(path.join(made.dir, 'other'), { trainPerBatch: 4, test: 50, seed: 1 });
  const same = JSON.parse((await evaluate('--json', '--data', made.data)).out);
  expect(same).toMatchObject({ accuracy: JSON.parse((await evaluate('--json')).out).accuracy, examples: 30 });
  expect(JSON.parse((await evaluate('--json', '--data', other)).out)).toMatchObject({ examples: 50 });
});

test('wrong use', async () => {
  expect(await evaluate('--split', 'tset')).toMatchObject({
    code: 2,
    err: expect.stringContaining("eval: option '--split <part>' argument 'tset' is invalid. Allowed choices are test"),
  });
  expect((await evaluate('--split', 'tset')).err).toContain('did you mean test?');
});

test('what is no run, or has no weights', async () => {
  const fails = async (run: string) => {
    const { code, err, out } = await command(made.dir, ['eval', run]);
    expect([code, out]).toEqual([1, '']);
    return err;
  };
  expect(await fails('runs')).toMatch(
    /has no config.json, expected the folder of a run.*; it holds a run, such as runs\/a\n$/,
  );
  expect(await fails('runs/b')).toMatch(/does not exist.*; did you mean runs\/a\?\n$/);
  expect(await fails('data')).toMatch(/^eval: .*data has no config.json, expected the folder of a run.*it\n$/);
  mkdirSync(path.join(made.dir, 'new'));
  recordedRun(path.join(made.dir, 'new'), 'c');
  expect(await fails('new/c')).toBe(
    'eval: new/c has no weights yet (interrupted, iteration 0); they come with its first checkpoint\n',
  );
});

test('a config that cannot be read, and weights of another model', async () => {
  const copy = (name: string) => {
    cpSync(path.join(made.dir, made.run), path.join(made.dir, name), { recursive: true });
    return name;
  };
  const fails = async (run: string) => {
    const { code, err } = await command(made.dir, ['eval', run]);
    expect(code).toBe(1);
    return err;
  };
  writeFileSync(path.join(made.dir, copy('damaged'), 'config.json'), '{"model": ');
  expect(await fails('damaged')).toMatch(/^eval: .*damaged\/config\.json.*\n$/);
  save(path.join(made.dir, copy('wider'), 'model.safetensors'), new TwoLayerNet({ hiddenDim: 7 }));
  expect(await fails('wider')).toMatch(/^eval: .*W1 has shape \(3072, 7\), expected \(3072, 100\).*\n$/);
});
