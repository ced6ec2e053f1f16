import fs from 'node:fs';
import path from 'node:path';
import { decode } from 'fast-png';
import { describe, expect, test, vi } from 'vitest';
import { Random, Solver, TwoLayerNet } from '../../src/index.js';
import { historyChart, plotHistory, type TrainingHistory } from '../../src/pictures/index.js';
import { temporaryDir } from '../helpers/cifar10.js';
import { addressesOf, expectSound, marksOf, strokesOf, textsIn, unescapeXml } from './svg.js';

/** A run of so many epochs of 40 iterations, whose loss falls at `rate`. */
function history(seed: number, epochs: number, rate: number): TrainingHistory {
  const noise = new Random(seed).randn([epochs * 40]).data;
  const rise = (top: number) =>
    Array.from({ length: epochs + 1 }, (_, e) => 0.1 + top * (1 - Math.exp((-e * rate) / epochs)));
  return {
    lossHistory: Array.from(noise, (z, i) => 1 + 1.3 * Math.exp((-i * rate) / noise.length) + 0.1 * z),
    trainAccHistory: rise(0.5),
    valAccHistory: rise(0.4),
    epoch: epochs,
  };
}
const runs = { 'a <b> & "c"': history(1, 5, 3), adam: history(2, 5, 1) };

describe('historyChart', () => {
  test('one run: its loss and running mean, and both accuracies in one panel with a legend', async () => {
    const svg = await historyChart(history(1, 5, 3), { title: 'My run' });
    expectSound(svg);
    expect(textsIn(svg, 'title-text')).toEqual(['Training loss', 'Accuracy', 'My run']);
    expect(textsIn(svg, 'title-subtitle')).toEqual(['thin: every iteration; thick: running mean over 4 % of the run']);
    expect(textsIn(svg, 'axis-title')).toEqual(['iteration', 'loss', 'epoch', 'accuracy']);
    expect(textsIn(svg, 'legend-label')).toEqual(['training', 'validation']);
    expect(marksOf(svg, 'run0_raw')).toHaveLength(1);
    expect(marksOf(svg, 'run0_loss')).toHaveLength(1);
    expect(marksOf(svg, 'run0_trainAcc_points')).toHaveLength(6);
    expect(marksOf(svg, 'run0_valAcc_points')).toHaveLength(6);
    expect(marksOf(svg, 'run0_raw')[0].match(/[ML]/g)).toHaveLength(200);
  });

  test('several runs: one legend, a panel for each accuracy, a colour for each run', async () => {
    const svg = await historyChart(runs);
    expectSound(svg);
    expect(textsIn(svg, 'title-text')).toEqual(['Training loss', 'Training accuracy', 'Validation accuracy']);
    expect(textsIn(svg, 'legend-label')).toEqual(['a <b> & "c"', 'adam']);
    const stroke = (layer: string) => /stroke="([^"]+)"/.exec(marksOf(svg, layer)[0])?.[1];
    for (const layer of ['raw', 'loss', 'trainAcc', 'valAcc']) {
      expect(stroke(`run0_${layer}`)).toBe('#0072b2');
      expect(stroke(`run1_${layer}`)).toBe('#d55e00');
    }
  });

  test('takes a list', async () => {
    expect(textsIn(await historyChart(Object.values(runs)), 'legend-label')).toEqual(['run 1', 'run 2']);
  });

  test('a run of one iteration is a point', async () => {
    const svg = await historyChart({ lossHistory: [2.3], trainAccHistory: [0.1], valAccHistory: [0.12], epoch: 1 });
    expectSound(svg);
    expect(marksOf(svg, 'run0_loss_points')).toHaveLength(1);
    expect(marksOf(svg, 'run0_raw')).toEqual([]);
    expect(textsIn(svg, 'title-subtitle')).toEqual([]);
  });

  test('a run that was never evaluated has no accuracy panel', async () => {
    const svg = await historyChart({ lossHistory: [3, 2], trainAccHistory: [], valAccHistory: [] });
    expect(textsIn(svg, 'title-text')).toEqual(['Training loss']);
    const two = await historyChart([history(1, 2, 1), { lossHistory: [3], trainAccHistory: [], valAccHistory: [0.3] }]);
    expect(textsIn(two, 'title-text')).toHaveLength(3);
    expect(marksOf(two, 'run1_trainAcc')).toEqual([]);
    expect(marksOf(two, 'run1_valAcc_points')).toHaveLength(1);
  });

  test('losses and accuracies that are not finite are gaps', async () => {
    const run = history(1, 5, 3);
    const lossHistory = Array.from(run.lossHistory, (loss, i) => (i >= 100 && i < 110 ? Number.NaN : loss));
    lossHistory[199] = Number.POSITIVE_INFINITY;
    const svg = await historyChart({ ...run, lossHistory, valAccHistory: [0.1, 0.2, Number.NaN, 0.3, 0.3, 0.4] });
    expectSound(svg);
    expect(svg).not.toMatch(/NaN|Infinity/);
    expect(strokesOf(svg, 'run0_raw')).toBe(2);
    expect(strokesOf(svg, 'run0_loss')).toBe(2);
    expect(strokesOf(svg, 'run0_valAcc')).toBe(2);
    expect(marksOf(svg, 'run0_valAcc_points')).toHaveLength(5);
  });

  test('a logarithmic scale leaves out what it cannot show', async () => {
    const run = { lossHistory: [100, 10, 0, 1, 0.1], trainAccHistory: [], valAccHistory: [] };
    const svg = await historyChart(run, { lossScale: 'log' });
    expectSound(svg);
    expect(textsIn(svg, 'axis-title')).toEqual(['iteration', 'loss (logarithmic)']);
    expect(textsIn(svg, 'axis-label')).toEqual(expect.arrayContaining(['0.1', '1', '10', '100']));
    expect(strokesOf(svg, 'run0_loss')).toBe(2);
    await expect(historyChart({ ...run, lossHistory: [0, -1] }, { lossScale: 'log' })).rejects.toThrow(
      'historyChart: no loss of run is above zero, which a logarithmic lossScale needs',
    );
  });

  test('is the same to the last character, and silent', async () => {
    const warn = vi.spyOn(console, 'warn');
    expect(await historyChart(runs)).toBe(await historyChart(runs));
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});

describe('plotHistory', () => {
  test('draws a Solver that has trained', async () => {
    const random = new Random(1);
    const data = {
      XTrain: random.randn([40, 12]),
      yTrain: random.randint(0, 3, 40),
      XVal: random.randn([10, 12]),
      yVal: random.randint(0, 3, 10),
    };
    const model = new TwoLayerNet({ inputDim: 12, hiddenDim: 8, numClasses: 3, weightScale: 0.1, seed: 1 });
    const solver = new Solver(model, data, { batchSize: 10, numEpochs: 4, verbose: false, seed: 1 });
    const file = path.join(temporaryDir(), 'history.svg');
    await expect(plotHistory(solver, file)).rejects.toThrow(
      'plotHistory: solvers.lossHistory is empty: call train() first',
    );
    expect(fs.existsSync(file)).toBe(false);

    solver.train();
    await plotHistory({ sgd: solver }, file);
    const svg = fs.readFileSync(file, 'utf8');
    expectSound(svg);
    expect(marksOf(svg, 'run0_loss_points')).toHaveLength(16);
    expect(marksOf(svg, 'run0_valAcc_points')).toHaveLength(5);
    expect(await historyChart({ sgd: solver })).toBe(svg);
  });

  test('writes PNG twice as large as the chart', { tags: 'slow' }, async () => {
    const dir = temporaryDir();
    await plotHistory(runs, path.join(dir, 'history.PNG'));
    await plotHistory(runs, path.join(dir, 'history.svg'));
    const png = decode(fs.readFileSync(path.join(dir, 'history.PNG')));
    const [, width, height] =
      /width="(\d+)" height="(\d+)"/.exec(fs.readFileSync(path.join(dir, 'history.svg'), 'utf8')) ?? [];
    expect([png.width, png.height]).toEqual([2 * Number(width), 2 * Number(height)]);
    expect(png.width).toBeGreaterThan(1300);
    // A white page with ink on it.
    const ink = png.data.filter((value, i) => i % 4 === 0 && value < 100).length;
    expect([...png.data.subarray(0, 4)]).toEqual([255, 255, 255, 255]);
    expect(ink).toBeGreaterThan(2000);
    expect(fs.readdirSync(dir).sort()).toEqual(['history.PNG', 'history.svg']);
  });

  test('writes a page that needs nothing from elsewhere, with names as they are', async () => {
    const file = path.join(temporaryDir(), 'history.html');
    await plotHistory(runs, file, { title: 'Runs of </title><i>' });
    const html = fs.readFileSync(file, 'utf8');
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(addressesOf(html)).toEqual([]);
    expect(html.length).toBeLessThan(200_000);
    expect(html).toContain('<title>Runs of &lt;/title&gt;&lt;i&gt;</title>');
    expect(html).not.toContain('<b>');
    const buttons = [...html.matchAll(/<button[^>]*><i[^>]*><\/i>(.*?)<\/button>/g)].map(([, name]) =>
      unescapeXml(name),
    );
    expect(buttons).toEqual(['a <b> & "c"', 'adam']);

    const [, json] = /<script type="application\/json" id="data">(.*?)<\/script>/.exec(html) ?? [];
    const panels = JSON.parse(json);
    expect(panels.map(({ id }: { id: string }) => id)).toEqual(['loss', 'training', 'validation']);
    expect(panels[2]).toMatchObject({ xTitle: 'epoch', percent: true, log: false, x: [0, 5] });
    expect(panels[2].lines[1]).toMatchObject({ id: 'run1_valAcc', name: 'adam', x: [0, 1, 2, 3, 4, 5] });
    // The table that sums the runs up.
    expect(html).toContain('<th scope="row">adam</th><td class="number">200</td>');
  });

  test('twelve runs of 20,000 iterations make a page of less than a megabyte', { tags: 'slow' }, async () => {
    const file = path.join(temporaryDir(), 'history.html');
    const many = Array.from({ length: 12 }, (_, k) => history(k, 500, 1 + k));
    await plotHistory(many, file);
    expect(fs.statSync(file).size).toBeLessThan(1_000_000);
  });

  test.each<[string, unknown, unknown, object, string]>([
    [
      'another format',
      runs,
      'history.pdf',
      {},
      "plotHistory: file is 'history.pdf', expected a name that ends in .svg, .png or .html",
    ],
    ['no format', runs, 'history', {}, "plotHistory: file is 'history', expected a name that ends in"],
    ['no path', runs, undefined, {}, 'plotHistory: file is undefined, expected a path'],
    ['no solver', 7, 'a.svg', {}, 'plotHistory: solvers is 7, expected a Solver, a list of them, or { name: Solver }'],
    [
      'an unknown option',
      runs,
      'a.svg',
      { titel: 'a' },
      "plotHistory: unknown option 'titel', expected title, lossScale",
    ],
    ['a scale', runs, 'a.svg', { lossScale: 'sqrt' }, "plotHistory: lossScale is 'sqrt', expected 'linear' or 'log'"],
    ['a title', runs, 'a.svg', { title: 1 }, 'plotHistory: title is 1, expected a text'],
  ])('refuses %s', async (_, solvers, file, options, message) => {
    await expect(plotHistory(solvers as TrainingHistory, file as string, options)).rejects.toThrow(message);
  });

  test.each(['svg', 'png', 'html'])('names the folder that a .%s cannot be written to', async (ending) => {
    const file = path.join(temporaryDir(), 'no', `a.${ending}`);
    await expect(plotHistory(runs, file)).rejects.toThrow(
      `plotHistory: there is no folder ${path.dirname(file)} to write a.${ending} to`,
    );
  });
});
