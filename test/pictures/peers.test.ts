// @module-tag slow

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { temporaryDir } from '../helpers/cifar10.js';
import { jpegOf, pngOf } from '../helpers/pictures.js';
import { compiledLibrary, runProject } from './project.js';
import { expectSound } from './svg.js';

const library = compiledLibrary();

/** Two pictures of one pixel. */
const PIXEL = Uint8Array.of(1, 2, 3, 255);
const JPEG_BYTES = jpegOf(PIXEL, 1, 1).join();
const PNG_BYTES = pngOf({ width: 1, height: 1, channels: 4, depth: 8, data: PIXEL }).join();

/** Calls everything that needs a package, and prints what became of each call. */
const CALLS = `
const run = { lossHistory: [2, 1], trainAccHistory: [], valAccHistory: [] };
const x = { xTitle: 'x', yTitle: 'y' };
const calls = {
  encodePng: () => encodePng(zeros([2, 2])),
  savePng: () => savePng('a.png', zeros([2, 2])),
  imageGrid: () => imageGrid(zeros([1, 2, 2])),
  lineChart: () => lineChart({ ...x, series: [{ name: 'a', x: [1], y: [2] }] }),
  barChart: () => barChart({ ...x, categories: ['a'], series: [{ name: 'a', values: [2] }] }),
  heatMap: () => heatMap({ ...x, rows: ['a'], columns: ['b'], values: [[1]] }),
  historyChart: () => historyChart(run),
  plotHistory: () => plotHistory(run, 'a.svg'),
  plotPng: () => plotHistory(run, 'b.png'),
  plotHtml: () => plotHistory(run, 'c.html'),
  writePng: async () => writeImage('e.png', zeros([3, 2, 2])),
  writeJpeg: async () => writeImage('f.jpg', zeros([3, 2, 2])),
  decodePng: async () => decodeImage(Uint8Array.of(${PNG_BYTES})),
  decodeJpeg: async () => decodeImage(Uint8Array.of(${JPEG_BYTES})),
  saveChart: () => saveChart('d.png', '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"></svg>'),
};
(async () => {
  const results = {};
  for (const [name, call] of Object.entries(calls)) {
    results[name] = await call().then(() => 'well', (error) => error.message);
  }
  htmlReport({ title: 'a' });
  visualizeGrid(zeros([1, 2, 2, 1]));
  const files = require('fs').readdirSync('.').filter((name) => /^[a-f]\\./.test(name));
  console.log(JSON.stringify({ results, files }));
})();
`;
const NAMES =
  'barChart, decodeImage, encodePng, heatMap, historyChart, htmlReport, imageGrid, lineChart, plotHistory, ' +
  'saveChart, savePng, visualizeGrid, writeImage, zeros';
const PROGRAMS = {
  'all.mjs': [
    "import { createRequire } from 'node:module';",
    `import { ${NAMES} } from 'layerwise';`,
    `const require = createRequire(import.meta.url);${CALLS}`,
  ].join('\n'),
  'all.cjs': `const { ${NAMES} } = require('layerwise');${CALLS}`,
};
const PEERS = ['vega', 'vega-lite', 'fast-png', '@resvg/resvg-js', '@jsquash/jpeg'];

const CHARTS =
  'charts need the packages vega and vega-lite, and @resvg/resvg-js where they become PNG: ' +
  'npm install vega vega-lite @resvg/resvg-js';
const PNG = 'PNG needs the package fast-png: npm install fast-png';
const JPEG = 'JPEG needs the package @jsquash/jpeg: npm install @jsquash/jpeg';
const RESVG = 'charts as PNG need the package @resvg/resvg-js: npm install @resvg/resvg-js (or write .svg)';

describe.each(Object.entries(PROGRAMS))('the optional packages, asked for by %s', (file, program) => {
  test('when there is none, the library works without them, and each call names what it needs', () => {
    expect(runProject(library.folder, [], file, program)).toEqual({
      results: {
        encodePng: `encodePng: ${PNG}`,
        savePng: `savePng: ${PNG}`,
        imageGrid: `imageGrid: ${PNG}`,
        lineChart: `lineChart: ${CHARTS}`,
        barChart: `barChart: ${CHARTS}`,
        heatMap: `heatMap: ${CHARTS}`,
        historyChart: `historyChart: ${CHARTS}`,
        plotHistory: `plotHistory: ${CHARTS}`,
        plotPng: `plotHistory: ${CHARTS}`,
        plotHtml: `plotHistory: ${CHARTS}`,
        writePng: `writeImage: ${PNG}`,
        writeJpeg: `writeImage: ${JPEG}`,
        decodePng: 'well',
        decodeJpeg: `decodeImage: ${JPEG}`,
        saveChart: `saveChart: ${RESVG}`,
      },
      files: [],
    });
  });

  test('when all are there, everything is drawn', () => {
    const { results, files } = runProject(library.folder, PEERS, file, program) as { results: object; files: string[] };
    expect(new Set(Object.values(results))).toEqual(new Set(['well']));
    expect(files).toEqual(['a.png', 'a.svg', 'b.png', 'c.html', 'd.png', 'e.png', 'f.jpg']);
  });

  test('when one is missing, what needs it says so, and the rest works', () => {
    const some = PEERS.filter((name) => name !== '@resvg/resvg-js');
    expect(runProject(library.folder, some, file, program)).toMatchObject({
      results: {
        plotHistory: 'well',
        plotPng: `plotHistory: ${RESVG}`,
        imageGrid: 'well',
        saveChart: `saveChart: ${RESVG}`,
      },
      files: ['a.png', 'a.svg', 'c.html', 'e.png', 'f.jpg'],
    });
    expect(runProject(library.folder, ['vega'], file, program)).toMatchObject({
      results: { lineChart: `lineChart: ${CHARTS}` },
    });
  });

  test('when one is there and does not load, the reason is told', () => {
    expect(runProject(library.folder, [], file, program, ['vega', 'fast-png'])).toMatchObject({
      results: {
        lineChart: `lineChart: ${CHARTS} (vega did not load: vega is broken)`,
        encodePng: `encodePng: ${PNG} (fast-png did not load: fast-png is broken)`,
        writePng: `writeImage: ${PNG} (fast-png did not load: fast-png is broken)`,
      },
    });
  });
});

test('where code may not be generated from strings, charts name the package that they need then', () => {
  const refused = "globalThis.Function = function () { throw new EvalError('disallowed'); };\n";
  const chart = 'where code may not be generated from strings charts need the package vega-interpreter too';
  expect(
    runProject(library.folder, PEERS, 'all.mjs', PROGRAMS['all.mjs'].replace('const run', `${refused}const run`)),
  ).toMatchObject({
    results: {
      lineChart: `lineChart: ${chart}: npm install vega-interpreter`,
      plotHistory: `plotHistory: ${chart}: npm install vega-interpreter`,
      imageGrid: 'well',
      encodePng: 'well',
    },
  });
});

test('a script that ts-node compiles to CommonJS draws everything', () => {
  const folder = temporaryDir();
  const args = ['-r', 'ts-node/register', 'test/pictures/draw-everything.ts', folder];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'done\n', stderr: '' });
  const read = (name: string) => fs.readFileSync(path.join(folder, name));
  expectSound(read('history.svg').toString());
  expect(decode(read('history.png')).width).toBeGreaterThan(1300);
  expect(decode(read('weights.png'))).toMatchObject({ width: 23, height: 23, channels: 3 });
  expect(decode(read('images.png')).width).toBeGreaterThan(100);
  expect(read('history.html').toString()).toContain('</html>');
  expect(
    read('report.html')
      .toString()
      .match(/<figure>/g),
  ).toHaveLength(2);
});
