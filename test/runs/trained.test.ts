import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { array, toNested } from '../../src/arrays/index.js';
import { predict, r2Score, save } from '../../src/index.js';
import {
  makeConfig,
  openTask,
  openTrained,
  type RunConfig,
  type RunPlace,
  type Task,
  writePreprocessing,
} from '../../src/runs/index.js';
import { temporaryDir } from '../helpers/cifar10.js';
import { pngOf, smoothPixels } from '../helpers/pictures.js';
import { runConfig } from '../helpers/run-config.js';
import { tinyConfig, tinyImages } from '../helpers/runs.js';

/** A finished run in a folder, as the command leaves it. */
async function finished(config: RunConfig): Promise<{ run: RunPlace; task: Task }> {
  const dir = temporaryDir();
  const task = await openTask(config);
  const checkpoints = join(dir, 'checkpoints');
  await task.train({ verbose: false, checkpoint: { dir: checkpoints } });
  writePreprocessing('train', dir, task.data.preprocessing);
  save(join(dir, 'model.safetensors'), task.model as never);
  return { run: { dir, config, checkpoints }, task };
}

/** A folder of pictures of two classes, some in each, of different sizes. */
function pictures(perClass: number): string {
  const dir = temporaryDir();
  for (const [label, name] of ['cat', 'dog'].entries()) {
    mkdirSync(join(dir, name));
    for (let i = 0; i < perClass; i++) {
      const [width, height] = [12 + i, 10];
      const data = smoothPixels(width, height, label * 3 + i).map((value) => (label === 0 ? value : 255 - value));
      writeFileSync(join(dir, name, `${i}.png`), pngOf({ width, height, data, channels: 4, depth: 8 }));
    }
  }
  return dir;
}

describe('a run whose files are damaged', () => {
  const config = runConfig();
  const images = { kind: 'images', inputShape: [3, 8, 8], classes: ['a', 'b'], mean: [], std: null };
  const rows = { kind: 'rows', inputShape: [1], classes: null, inputs: ['a'], targets: ['b'], categories: {} };
  const whole = { ...rows, standardize: null, standardizeTargets: null, reading: {} };

  test.each([
    ['[1]', 'kind'],
    [JSON.stringify({ ...images, inputShape: [5] }), 'inputShape'],
    [JSON.stringify({ ...images, classes: null }), 'classes'],
    [JSON.stringify({ ...images, mean: ['1'] }), 'mean'],
    [JSON.stringify(rows), 'standardize'],
    [JSON.stringify({ ...whole, categories: { a: 1 } }), 'categories'],
    [JSON.stringify({ ...whole, reading: null }), 'reading'],
  ])('preprocessing.json: %s', async (text, part) => {
    const dir = temporaryDir();
    const file = join(dir, 'preprocessing.json');
    writeFileSync(file, text);
    const opened = openTrained({ dir, config, checkpoints: join(dir, 'checkpoints') }, { fn: 'eval' });
    await expect(opened).rejects.toThrow(`eval: ${file} has no ${part} that fits, expected what `);
    writeFileSync(file, text.slice(0, -1));
    const cut = openTrained({ dir, config, checkpoints: join(dir, 'checkpoints') }, { fn: 'eval' });
    await expect(cut).rejects.toThrow(`eval: ${file}: preprocessing.json is no JSON: `);
  });

  test.each([
    [
      { ...config, model: { ...config.model, name: 'twolayr' } },
      "model.name is 'twolayr', expected one that is known: did you mean twolayer?",
    ],
    [
      { ...config, data: { ...config.data, kind: 'cvs' as never } },
      "data.kind is 'cvs', expected one that is known: did you mean csv?",
    ],
  ])('names that are unknown', async (wrong, message) => {
    const dir = temporaryDir();
    const opened = openTrained({ dir, config: wrong, checkpoints: join(dir, 'checkpoints') }, { fn: 'eval' });
    await expect(opened).rejects.toThrow(message);
  });

  test('options that make no model', async () => {
    const dir = temporaryDir();
    writePreprocessing('train', dir, images as never);
    save(join(dir, 'model.safetensors'), { W1: array([1]) });
    const wrong = { ...config, model: { name: 'mlp', options: { hiddenDims: 5 } } };
    const opened = openTrained({ dir, config: wrong, checkpoints: join(dir, 'checkpoints') }, { fn: 'eval' });
    await expect(opened).rejects.toThrow(/^eval: .*config\.json makes no model: /);
  });
});

const SMALL = ['epochs=2', 'batchSize=8', 'hiddenDims=4'];

describe('a trained model of pictures', () => {
  test('predicts what the model predicts, without the data', { tags: 'slow' }, async () => {
    const data = tinyImages();
    const { run, task } = await finished(await tinyConfig('fc', data, ['hiddenDims=4']));
    const X = (task.data.test as NonNullable<Task['data']['test']>).batch([0, 5]);
    const expected = predict(X, task.model as never, { as: 'probabilities' });
    rmSync(data, { recursive: true });
    const opened = await openTrained(run);
    expect(toNested(opened.predict(X))).toEqual(toNested(expected));
    expect(opened).toMatchObject({
      inputShape: [3, 32, 32],
      notes: [],
      weights: expect.stringMatching(/safetensors$/),
    });
    // Its best checkpoint has the same weights.
    rmSync(join(run.dir, 'model.safetensors'));
    const best = await openTrained(run);
    expect(toNested(best.predict(X))).toEqual(toNested(expected));
    expect(best.weights).toMatch(/^the best checkpoint in /);
    expect((await openTrained(run, { weights: 'last' })).weights).toMatch(/^the last checkpoint in /);
  });

  test('reads pictures as the data were read', async () => {
    const dir = pictures(6);
    const config = await makeConfig('train', {
      model: 'mlp',
      data: dir,
      set: [...SMALL, 'size=8', 'channels=1', 'crop=1'],
    });
    const { run, task } = await finished(config);
    expect(task.data).toMatchObject({ classes: ['cat', 'dog'], inputShape: [1, 8, 8] });
    expect(task.data.source).toMatch(/^pictures in .*: 8 to train on, 2 to validate, 2 to test$/);
    const opened = await openTrained(run);
    const all = ['cat', 'dog'].flatMap((name) => [0, 1, 2, 3, 4, 5].map((i) => join(dir, name, `${i}.png`)));
    const read = all.map((file) => toNested(opened.readInputs(file)));
    const seen = Array.from({ length: 8 }, (_, i) => toNested(task.data.train.batch([i])));
    for (const example of seen) expect(read).toContainEqual(example);
    expect(opened.pictureInputs(readFileSync(all[0]), 'upload').shape).toEqual([1, 1, 8, 8]);
    expect(() => opened.pictureInputs(new Uint8Array(9), 'upload')).toThrow('openTrained: upload ');
    expect(() => opened.rowInputs('a\n1', 'body')).toThrow(
      'openTrained: body is a table, expected a PNG or JPEG picture',
    );
    expect(() => opened.readInputs(join(dir, 'none.png'))).toThrow(/openTrained: cannot read .*none\.png \(ENOENT/);
  });

  test('of a folder with train and test in it has the splits of the folder', { tags: 'slow' }, async () => {
    const dir = temporaryDir();
    for (const part of ['train', 'test']) {
      const from = pictures(part === 'train' ? 5 : 2);
      mkdirSync(join(dir, part));
      for (const name of ['cat', 'dog']) {
        mkdirSync(join(dir, part, name));
        for (let i = 0; i < (part === 'train' ? 5 : 2); i++) {
          writeFileSync(join(dir, part, name, `${i}.png`), readFileSync(join(from, name, `${i}.png`)));
        }
      }
    }
    const config = await makeConfig('train', { model: 'mlp', data: dir, set: [...SMALL, 'size=8', 'normalize=mean'] });
    const { data } = await openTask(config);
    expect([data.train.length, data.val?.length, data.test?.length]).toEqual([8, 2, 4]);
    mkdirSync(join(dir, 'test', 'owl'));
    writeFileSync(join(dir, 'test', 'owl', '1.png'), readFileSync(join(dir, 'test', 'cat', '0.png')));
    await expect(openTask(config, { fn: 'train' })).rejects.toThrow(
      /^train: .*test has a class 'owl', expected the classes of the training pictures: cat, dog$/,
    );
  });

  test('is refused with the weights of another architecture, in one error', { tags: 'slow' }, async () => {
    const { run } = await finished(await tinyConfig('fc', tinyImages(), ['hiddenDims=4']));
    const model = { ...run.config.model, options: { ...run.config.model.options, hiddenDims: [5, 6] } };
    await expect(openTrained({ ...run, config: { ...run.config, model } }, { fn: 'eval' })).rejects.toThrow(
      /^eval: .*model\.safetensors has weights of another model than fc: the state does not fit .*: missing W3, b3; /,
    );
    await expect(openTrained({ ...run, dir: temporaryDir(), checkpoints: '/none' }, { fn: 'eval' })).rejects.toThrow(
      /^eval: .*: it has no weights yet, expected model\.safetensors or a checkpoint$/,
    );
  });
});

describe('a trained model of rows', () => {
  const houses = ['target=price', 'categories=town,garden', 'missing=nan', 'epochs=30', 'seed=3'];

  test('gives numbers in the units of the file', { tags: 'slow' }, async () => {
    const config = await makeConfig('train', { model: 'mlp', data: 'examples/houses.csv', set: houses });
    const { run, task } = await finished(config);
    expect(task.data.source).toMatch(
      /^rows of examples\/houses\.csv, target price: 192 to train on, 64 to validate, 64/,
    );
    const { test: part } = task.data;
    if (part?.targets == null) throw new Error('no targets');
    const opened = await openTrained(run);
    const rows = Int32Array.from({ length: part.length }, (_, i) => i);
    const values = opened.predict(part.batch(rows));
    expect(values.shape).toEqual([64, 1]);
    expect(r2Score(values, part.targets)).toBeGreaterThan(0.8);
    // Rows of a file, in whatever order its columns are, without the target.
    const text = 'town,garden,age,rooms,area\nAshford,no,8,4,82\nAshford,yes,,1,43\n';
    const X = opened.rowInputs(text, 'body');
    expect(X.shape).toEqual([2, task.data.inputShape[0]]);
    expect(opened.predict(X).get(0, 0)).toBeGreaterThan(150);
    expect(opened.readInputs('examples/houses.csv').shape[0]).toBe(320);
    expect(() => opened.rowInputs('town\nAshford\n', 'a.csv')).toThrow(
      /^openTrained: a\.csv has no column '.*', it has 'town'$/,
    );
    expect(() => opened.rowInputs('', 'a.csv')).toThrow(/^openTrained: a\.csv is empty, expected a table$/);
    expect(() => opened.rowInputs(text.replace('Ashford', 'Atlantis'), 'body')).toThrow(
      /^openTrained: body, line 2, column 'town': 'Atlantis', expected one of /,
    );
    expect(() => opened.rowInputs('town\nAshford\n', 'body')).toThrow(
      /^openTrained: body has no column 'area', it has 'town'$/,
    );
    expect(() => opened.pictureInputs(new Uint8Array(3), 'body')).toThrow(
      'openTrained: body is a picture, expected rows of a CSV file',
    );
  });

  test('gives probabilities of classes; the classifiers take rows too', async () => {
    const config = await makeConfig('train', { model: 'twolayer', data: 'examples/fruit.csv', set: ['epochs=20'] });
    const { run, task } = await finished(config);
    const opened = await openTrained(run);
    expect(opened.classes).toEqual(task.data.classes);
    const P = opened.predict(opened.readInputs('examples/fruit.csv'));
    expect(P.shape).toEqual([160, 4]);
    expect((await task.data).train.length).toBe(96);
  });

  test('is refused where the model scores classes and the target is numbers', async () => {
    const config = await makeConfig('train', { model: 'fc', data: 'examples/houses.csv', set: houses });
    await expect(openTask(config, { fn: 'train' })).rejects.toThrow(
      'train: the target price is numbers, and the model fc scores classes, expected mlp, or a file of yours: or ' +
        'name the target in data.categories',
    );
    const classes = await makeConfig('train', { model: 'fc', data: 'examples/fruit.csv', set: ['numClasses=7'] });
    await expect(openTask(classes, { fn: 'train' })).rejects.toThrow(
      'train: model.numClasses is 7, and the data have 4 classes, expected 4, or null',
    );
  });
});
