import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { array, type NDArray, Random, workspace, zeros } from '../../src/index.js';
import { encodePng, savePng } from '../../src/pictures/index.js';
import { temporaryDir } from '../helpers/cifar10.js';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

describe('encodePng', () => {
  test.each([
    [[2, 3], 1],
    [[2, 3, 1], 1],
    [[2, 3, 3], 3],
    [[2, 3, 4], 4],
  ])('an image of shape (%s) comes back', async (shape, channels) => {
    const size = shape.reduce((a, b) => a * b);
    const values = Array.from({ length: size }, (_, i) => (i * 37) % 256);
    const png = await encodePng(array(values, shape));
    expect([...png.subarray(0, 8)]).toEqual(SIGNATURE);
    expect(decode(png)).toMatchObject({ width: 3, height: 2, channels, depth: 8, data: Uint8Array.from(values) });
  });

  test('clamps to 0 … 255 and rounds', async () => {
    const values = [-1e9, -0.6, -0.4, 0.4, 0.5, 1.49, 1.5, 254.5, 255.4, 256, 1e9, Number.POSITIVE_INFINITY];
    const { data } = decode(await encodePng(array(values, [3, 4], 'float64')));
    expect([...data]).toEqual([0, 0, 0, 0, 1, 1, 2, 255, 255, 255, 255, 255]);
  });

  test('takes views', async () => {
    const planes = array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [3, 2, 2]);
    const { data } = decode(await encodePng(planes.transpose(1, 2, 0).step(-1, 1, 1)));
    expect([...data]).toEqual([2, 6, 10, 3, 7, 11, 0, 4, 8, 1, 5, 9]);
  });

  test('any image comes back, whatever its size', async () => {
    const sides = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(sides, sides, fc.constantFrom(1, 3, 4), async (H, W, C) => {
        const bytes = new Random(H * W).randint(0, 256, H * W * C);
        const { width, height, data } = decode(await encodePng(array(Float32Array.from(bytes), [H, W, C])));
        expect([height, width]).toEqual([H, W]);
        expect(data).toEqual(Uint8Array.from(bytes));
      }),
      { seed: 231, numRuns: 20 },
    );
  });

  test('reads the image before it returns, so that one made in a workspace can be given', async () => {
    const pending = workspace(() => {
      const image = zeros([2, 2]);
      image.data.fill(9);
      const promise = { png: encodePng(image) };
      image.data.fill(0);
      return promise;
    });
    expect([...decode(await pending.png).data]).toEqual([9, 9, 9, 9]);
  });

  test.each<[string, NDArray, string]>([
    [
      'five axes',
      zeros([1, 1, 1, 1, 1]),
      'encodePng: image has shape (1, 1, 1, 1, 1), expected (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)',
    ],
    ['two channels', zeros([4, 4, 2]), 'encodePng: image has shape (4, 4, 2), expected (H, W)'],
    ['channels first', zeros([3, 32, 32]), 'or (H, W, 4); the channels come last: image.transpose(1, 2, 0)'],
    ['nothing', zeros([0, 4]), '(H, W, 4) with every size at least 1'],
    ['NaN', array([0, 1, 2, Number.NaN], [2, 2]), 'encodePng: image is NaN at [1, 1], expected numbers'],
    ['NaN in a colour', array([0, 1, 2, 3, Number.NaN, 5], [1, 2, 3]), 'encodePng: image is NaN at [0, 1, 1]'],
    ['no array', [1, 2] as never, 'encodePng: image is [1, 2], expected an array of float32 or float64'],
  ])('refuses %s', async (_, image, message) => {
    await expect(encodePng(image)).rejects.toThrow(message);
  });
});

describe('savePng', () => {
  test('writes a file, or another in its place', async () => {
    const file = path.join(temporaryDir(), 'image.png');
    await savePng(file, zeros([5, 7]));
    await savePng(file, array([0, 100, 200], [1, 3]));
    expect(decode(fs.readFileSync(file))).toMatchObject({ width: 3, height: 1, data: Uint8Array.of(0, 100, 200) });
    expect(fs.readdirSync(path.dirname(file))).toEqual(['image.png']);
  });

  test('names the folder that is not there', async () => {
    const file = path.join(temporaryDir(), 'no', 'image.png');
    await expect(savePng(file, zeros([2, 2]))).rejects.toThrow(
      `savePng: there is no folder ${path.dirname(file)} to write image.png to`,
    );
  });

  test('leaves nothing behind where it cannot write', async () => {
    const dir = temporaryDir();
    const folder = path.join(dir, 'folder');
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(dir, 'file'), 'as it was');
    await expect(savePng(folder, zeros([2, 2]))).rejects.toThrow(
      /savePng: cannot write .*folder \((EISDIR|EEXIST|EPERM)/,
    );
    await expect(savePng(path.join(dir, 'file', 'a.png'), zeros([2, 2]))).rejects.toThrow(
      /savePng: there is no folder .*file to write a.png to/,
    );
    expect(fs.readdirSync(dir).sort()).toEqual(['file', 'folder']);
    expect(fs.readFileSync(path.join(dir, 'file'), 'utf8')).toBe('as it was');
  });

  test('does not touch the file where the image is refused', async () => {
    const file = path.join(temporaryDir(), 'image.png');
    fs.writeFileSync(file, 'as it was');
    await expect(savePng(file, array([Number.NaN], [1, 1]))).rejects.toThrow('savePng: image is NaN at [0, 0]');
    expect(fs.readFileSync(file, 'utf8')).toBe('as it was');
  });

  test.each([
    ['', "''"],
    [7, '7'],
  ])('refuses the path %s', async (file, printed) => {
    await expect(savePng(file as string, zeros([2, 2]))).rejects.toThrow(
      new TypeError(`savePng: file is ${printed}, expected a path`),
    );
  });
});
