// @module-tag slow

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NDArray, Random } from '../../src/arrays/index.js';
import { writeImage } from '../../src/images/index.js';
import { importOnnx } from '../../src/onnx/index.js';
import { openTrained, RunFolder } from '../../src/runs/index.js';
import { command } from '../helpers/command.js';
import { trainRun } from '../helpers/trained-run.js';

/** Prices that follow from the area and the town, with a little noise. */
function houses(count: number, shift = 0): string {
  const rows = Array.from({ length: count }, (_, i) => {
    const area = 20 + ((i * 37) % 100) + shift;
    const town = i % 3 === 0 ? 'Bern' : 'Basel';
    const price = 3 * area + (town === 'Bern' ? 50 : 0) + ((i * 7) % 5);
    return `${area},${town},${price},${area > 70 ? 'large' : 'small'}\n`;
  });
  return `area,town,price,kind\n${rows.join('')}`;
}

let dir: string;
const ran = (...args: string[]) => command(dir, args);

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'layerwise-tables-'));
  const file = path.join(dir, 'houses.csv');
  writeFileSync(file, houses(100));
  const set = ['categories=["town"]', 'epochs=20', 'lr=0.01'];
  await trainRun(path.join(dir, 'prices'), 'mlp', file, [...set, 'target=price', 'columns=["area","town"]']);
  await trainRun(path.join(dir, 'kinds'), 'mlp', file, [...set, 'target=kind', 'columns=["town","area"]']);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('numbers', () => {
  test('are evaluated in the units of the file, as by the run', async () => {
    const { out } = await ran('eval', 'prices', '--split', 'val', '--json');
    const scores = JSON.parse(out);
    const { epochs } = RunFolder.open(path.join(dir, 'prices')).metrics();
    const best = epochs.reduce((a, b) => ((b.valLoss as number) < (a.valLoss as number) ? b : a));
    expect(scores.r2).toBeCloseTo(best.metrics.r2.val as number, 5);
    expect(scores.r2).toBeGreaterThan(0.9);
    expect(scores.meanAbsoluteError).toBeGreaterThan(1);
    expect((await ran('eval', 'prices')).out).toMatch(
      /\nR² +0\.9\d+\nmean absolute error +[\d.]+\nmean squared error +[\d.]+\n$/,
    );
  });

  test('of another file', async () => {
    writeFileSync(path.join(dir, 'others.csv'), houses(40, 5));
    const { out } = await ran('eval', 'prices', '--data', 'others.csv');
    expect(out).toMatch(/^prices, best weights, 40 examples\n40 rows of /);
    expect(out).toMatch(/R² +0\.9/);
  });

  test('are predicted, and exported', async () => {
    const { out } = await ran('predict', 'prices', 'houses.csv', '--json');
    const { values } = JSON.parse(out.split('\n')[1]);
    expect(Math.abs(values.price - (3 * 57 + 0 + 2))).toBeLessThan(40);
    const text = (await ran('export', 'prices', 'onnx')).out;
    expect(text).toContain('(N, 3): the columns area, town (0 or 1 for each of Basel, Bern), each minus its mean');
    expect(text).toContain('"scores", price, times its deviation, plus its mean\n');
    expect((await ran('export', 'prices', 'onnx', '--softmax')).err).toMatch(/^export: --softmax is given, and /);
  });

  test('have a report without confusion', async () => {
    expect((await ran('report', 'prices')).code).toBe(0);
    expect((await ran('compare', 'prices', 'kinds')).out).toMatch(/^run +state +val % +last % +test % +val loss/);
  });
});

describe('classes', () => {
  test('of another file whose columns come in another order', async () => {
    const { out } = await ran('eval', 'kinds', '--data', 'houses.csv', '--json');
    const { accuracy, examples } = JSON.parse(out);
    expect(examples).toBe(100);
    expect(accuracy).toBeGreaterThan(0.8);
    writeFileSync(path.join(dir, 'odd.csv'), houses(9).replace('large', 'huge'));
    const { code, err } = await ran('eval', 'kinds', '--data', 'odd.csv');
    expect([code, err]).toEqual([1, expect.stringMatching(/'huge', expected one of 'large', 'small'/)]);
  });

  test('ONNX gives the probabilities of predict', async () => {
    await ran('export', 'kinds', 'onnx', '--softmax');
    const trained = await openTrained(RunFolder.open(path.join(dir, 'kinds')));
    const X = (await trained.data()).train.batch([0, 1, 2, 3, 4]);
    const { data } = importOnnx(path.join(dir, 'kinds.onnx')).forward(X);
    expect(data).toBeAllClose(trained.predict(X), { rtol: 1e-5, atol: 1e-7 });
  });

  test('examples of the run, but not beside a file', async () => {
    expect((await ran('predict', 'kinds', 'val:0')).out).toMatch(/^val:0 \((large|small)\) {2}(large|small) /);
    expect(await ran('predict', 'kinds', 'val:0', 'houses.csv')).toMatchObject({
      code: 2,
      err: 'predict: val:0 and houses.csv have other columns; predict them one after the other\n',
    });
  });

  test('data of another kind', async () => {
    mkdirSync(path.join(dir, 'pictures', 'cat'), { recursive: true });
    mkdirSync(path.join(dir, 'pictures', 'dog'), { recursive: true });
    const picture = (): NDArray => new Random(1).rand([3, 8, 8]);
    for (const name of ['cat', 'dog']) writeImage(path.join(dir, 'pictures', name, '1.png'), picture());
    expect((await ran('eval', 'kinds', '--data', 'pictures')).err).toMatch(
      /^eval: --data is pictures, data of the kind folder, expected the kind csv, as of the run\n$/,
    );
  });
});

test('pictures in folders: other ones are evaluated by the names of their classes', async () => {
  const random = new Random(1);
  const draw = (folder: string, classes: readonly string[], count: number): void => {
    for (const name of classes) {
      mkdirSync(path.join(dir, folder, name), { recursive: true });
      for (let i = 0; i < count; i++) {
        const picture = random.rand([3, 8, 8]);
        picture.data.set(picture.data.map((x) => 100 * x + (name === 'dark' ? 0 : 150)));
        writeImage(path.join(dir, folder, name, `${i}.png`), picture);
      }
    }
  };
  draw('shades', ['bright', 'dark', 'none'], 12);
  draw('others', ['dark'], 5);
  draw('odd', ['grey'], 1);
  const set = ['epochs=10', 'lr=0.01', 'size=8'];
  await trainRun(path.join(dir, 'nets'), 'mlp', path.join(dir, 'shades'), set);
  const { examples, accuracy, confusion } = JSON.parse((await ran('eval', 'nets', '--data', 'others', '--json')).out);
  expect([examples, accuracy]).toEqual([5, 1]);
  expect(confusion[1]).toEqual([0, 5, 0]);
  expect((await ran('eval', 'nets', '--data', 'odd')).err).toMatch(
    /^eval: --data .*odd has the class 'grey', expected classes of the run: bright, dark, none\n$/,
  );
});
