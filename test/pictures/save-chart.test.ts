import fs from 'node:fs';
import path from 'node:path';
import { decode } from 'fast-png';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { array } from '../../src/arrays/index.js';
import { imageGrid, plotHistory, saveChart } from '../../src/pictures/index.js';
import { temporaryDir } from '../helpers/cifar10.js';

const svg =
  '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><rect width="30" height="20" fill="#00f"/></svg>';

describe('saveChart', () => {
  test('writes a chart as it is, or as PNG twice as large', async () => {
    const dir = temporaryDir();
    await saveChart(path.join(dir, 'a.svg'), svg);
    await saveChart(path.join(dir, 'a.png'), svg);
    expect(fs.readFileSync(path.join(dir, 'a.svg'), 'utf8')).toBe(svg);
    const { width, height, data } = decode(fs.readFileSync(path.join(dir, 'a.png')));
    expect([width, height, ...data.subarray(0, 4)]).toEqual([60, 40, 0, 0, 255, 255]);
  });

  test('shows the pixels of enlarged images as they are', async () => {
    const file = path.join(temporaryDir(), 'a.png');
    await saveChart(file, await imageGrid(array([0, 100, 150, 200], [1, 2, 2]), { scale: 20 }));
    const { data } = decode(fs.readFileSync(file));
    const levels = new Set(data.filter((_, i) => i % 4 === 0));
    // The four pixels and the white around them: nothing in between.
    expect(levels.size).toBe(5);
  });

  test.each<[string, unknown, unknown, string]>([
    ['a page', 'a.html', '<svg/>', "saveChart: file is 'a.html', expected a name that ends in .svg or .png"],
    ['what is not SVG', 'a.svg', 'text', "saveChart: svg is 'text', expected SVG"],
    [
      'a chart that is not awaited',
      'a.svg',
      Promise.resolve(''),
      'saveChart: svg is a Promise: await it, expected SVG',
    ],
  ])('refuses %s', async (_, file, given, message) => {
    await expect(saveChart(file as string, given as string)).rejects.toThrow(message);
  });
});

describe('on a machine without fonts', () => {
  afterEach(() => {
    vi.doUnmock('@resvg/resvg-js');
    vi.resetModules();
  });

  test('PNG is refused instead of losing its texts', async () => {
    vi.doMock('@resvg/resvg-js', async (original) => {
      const real = await original<typeof import('@resvg/resvg-js')>();
      class Resvg extends real.Resvg {
        constructor(text: string) {
          super(text, { font: { loadSystemFonts: false } });
        }
      }
      return { ...real, Resvg };
    });
    const dir = temporaryDir();
    const message =
      'this machine has no font to write the texts of a PNG with: install one (Debian: apt-get install ' +
      'fonts-dejavu-core), or write .svg';
    await expect(saveChart(path.join(dir, 'a.png'), svg)).rejects.toThrow(`saveChart: ${message}`);
    const run = { lossHistory: [1], trainAccHistory: [], valAccHistory: [] };
    await expect(plotHistory(run, path.join(dir, 'b.png'))).rejects.toThrow(`plotHistory: ${message}`);
    expect(fs.readdirSync(dir)).toEqual([]);
  });
});
