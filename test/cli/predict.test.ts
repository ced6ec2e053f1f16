// @module-tag slow

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { hostValues, type NDArray } from '../../src/arrays/index.js';
import { writeImage } from '../../src/images/index.js';
import { openTrained, RunFolder, type TaskData } from '../../src/runs/index.js';
import { command } from '../helpers/command.js';
import { useTrainedRun } from '../helpers/trained-run.js';

const made = useTrainedRun();
const predict = (...args: string[]) => command(made.dir, ['predict', made.run, ...args]);

async function opened() {
  const trained = await openTrained(RunFolder.open(path.join(made.dir, made.run)));
  return { trained, data: await trained.data() };
}

/** Writes test picture `index` as a PNG file. */
function writePicture(data: TaskData, index: number, name: string): string {
  const file = path.join(made.dir, name);
  mkdirSync(path.dirname(file), { recursive: true });
  const picture = data.test?.pictures([index])?.pick(0) as NDArray;
  writeImage(file, picture);
  return name;
}

describe('pictures', () => {
  test('get the classes and probabilities that the model gives them', async () => {
    const { trained, data } = await opened();
    const file = writePicture(data, 3, 'one.png');
    const { code, out, err } = await predict(file, '--json', '--top', '10');
    expect([code, err]).toEqual([0, '']);
    const { top, label, probability, file: named } = JSON.parse(out);
    expect(named).toBe('one.png');
    const wanted = hostValues(trained.predict(data.test?.batch([3]) as NDArray));
    expect(top).toHaveLength(10);
    for (const choice of top) {
      expect(choice.probability).toBe(wanted[trained.classes?.indexOf(choice.label) as number]);
    }
    expect(top[0]).toEqual({ label, probability });
    expect(probability).toBe(Math.max(...wanted));
  });

  test('for people: three classes with bars', async () => {
    const { data } = await opened();
    const { out } = await predict(writePicture(data, 3, 'one.png'));
    expect(out).toMatch(/^one\.png\n( {2}\w+ +\d+\.\d % {2}[█▏▎▍▌▋▊▉]+\n){3}$/);
  });

  test('of a folder are all predicted; one that cannot be decoded is named, and fails the command', async () => {
    const { data } = await opened();
    writePicture(data, 1, 'pictures/a.png');
    writePicture(data, 2, 'pictures/sub/b.png');
    writeFileSync(path.join(made.dir, 'pictures', 'bad.jpg'), 'no picture');
    writeFileSync(path.join(made.dir, 'pictures', 'notes.txt'), 'no picture');
    const { code, out, err } = await predict('pictures', '--top', '1', '--out', 'p.csv');
    expect(code).toBe(1);
    expect(out.split('\n').map((line) => line.split('  ')[0])).toEqual(['pictures/a.png', 'pictures/sub/b.png', '']);
    expect(err).toMatch(
      /^predict: pictures\/bad\.jpg:? .*\n2 predictions written to p\.csv\npredict: 1 of 3 files could not be pre.*\n$/,
    );
    const lines = readFileSync(path.join(made.dir, 'p.csv'), 'utf8').split('\n');
    expect(lines[0]).toBe('file,prediction,probability');
    expect(lines[2]).toMatch(/^pictures\/sub\/b\.png,\w+,0\.\d+$/);
  });

  test('of another size are resized, which is said once', async () => {
    const file = path.join(made.dir, 'large.png');
    const { data } = await opened();
    writeImage(file, data.test?.pictures([0])?.pick(0).hi(3, 20, 30) as NDArray);
    const { err, code } = await predict('large.png', 'large.png');
    expect(code).toBe(0);
    expect(err).toBe('note: large.png has 30 × 20 pixels; pictures are resized to 32 × 32, as in training\n');
  });

  test('of the run itself', async () => {
    const { out } = await predict('test:0', '--top', '1');
    expect(out).toMatch(/^test:0 \(columns\) {2}\w+/);
    expect(await predict('test:30')).toMatchObject({
      code: 1,
      err: 'predict: there is no test:30: runs/a has 30 of them, test:0 to test:29\n',
    });
  });
});

test('wrong use', async () => {
  const fails = async (...args: string[]) => {
    const { code, err } = await predict(...args);
    return [code, err.split('\n')[0]];
  };
  mkdirSync(path.join(made.dir, 'nothing'), { recursive: true });
  expect(await fails('nothing')).toEqual([1, 'predict: the folder nothing has no PNG or JPEG files; name other files']);
  expect(await fails('a.png', '--out', 'a.png')).toEqual([
    2,
    'predict: --out is a.png, which is read; name another file',
  ]);
  expect(await fails('-', '-')).toEqual([2, 'predict: - is given twice, and stdin can be read once']);
  expect(await fails('a.png', '--top', '0')).toEqual([2, expect.stringContaining('expected a whole number from 1 on')]);
  expect(await fails('no.png')).toEqual([1, expect.stringMatching(/^predict: cannot read .*no\.png \(ENOENT: /)]);
});
