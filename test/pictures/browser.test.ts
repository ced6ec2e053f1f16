// @module-tag slow

import fs from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { Random } from '../../src/arrays/index.js';
import {
  barChart,
  heatMap,
  historyChart,
  htmlReport,
  imageGrid,
  lineChart,
  plotHistory,
  type TrainingHistory,
} from '../../src/pictures/index.js';
import { temporaryDir } from '../helpers/cifar10.js';
import { CHROMIUM, useBrowser, WITHOUT_CHROMIUM } from './browser.js';

const CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const NAMES = ['sgd', 'sgd_momentum', '<img src=x onerror=alert(1)>', 'rmsprop', 'adam', 'adagrad'];

function history(seed: number): TrainingHistory {
  const noise = new Random(seed).randn([800]).data;
  const rise = (top: number) => Array.from({ length: 11 }, (_, e) => 0.1 + top * (1 - Math.exp((-e * seed) / 10)));
  return {
    lossHistory: Array.from(noise, (z, i) => 1 + 1.3 * Math.exp((-i * seed) / 800) + 0.1 * z),
    trainAccHistory: rise(0.5),
    valAccHistory: rise(0.4),
    epoch: 10,
  };
}
const runs = Object.fromEntries(NAMES.map((name, i) => [name, history(i + 1)]));

/** A report with a figure of every kind. */
async function everything(): Promise<string> {
  const random = new Random(1);
  const scales = Array.from({ length: 20 }, (_, i) => 10 ** (-4 + (4 * i) / 19));
  const x = { xTitle: 'weight scale (standard deviation)', yTitle: 'validation accuracy', yFormat: 'percent' } as const;
  const bell = (at: number) => scales.map((_, i) => 0.1 + 0.2 * Math.exp(-((i - at) ** 2) / 8));
  const lines = ['plain', 'batch normalization'].map((name, i) => ({
    name,
    x: scales,
    y: bell(9 + 4 * i),
    dashed: i === 1,
  }));
  const counts = CLASSES.map((_, i) => CLASSES.map((_, j) => (i === j ? 800 + i : (i * 7 + j * 3) % 40)));
  const matrix = { xTitle: 'predicted class', yTitle: 'true class', rows: CLASSES, columns: CLASSES, values: counts };
  const many = Array.from({ length: 60 }, (_, i) => `${i}`);
  const figures = [
    await historyChart(runs, { title: 'Update rules' }),
    await lineChart({ ...x, title: 'Best accuracy', xScale: 'log', series: lines }),
    await barChart({
      ...x,
      title: 'Rules',
      categories: NAMES,
      series: [{ name: 'a', values: [0.31, 0.37, 0.372, 0.35, Number.NaN, 0.33] }],
    }),
    await barChart({
      ...x,
      yFormat: 'number',
      categories: CLASSES,
      series: ['a', 'b', 'c'].map((name, k) => ({ name, values: CLASSES.map((_, i) => i - k) })),
    }),
    await heatMap({ title: 'Confusion matrix', ...matrix }),
    await heatMap({ ...matrix, rows: many, columns: many, values: random.randn([60, 60]) }),
    await imageGrid(random.rand([10, 32, 32, 3]), { titles: CLASSES, columns: 5, normalize: true }),
  ];
  const rows = NAMES.map((name, i) => [name, i / 7, 10 ** -i, `${30 + i}.5%`, 'as in the notebook']);
  return htmlReport({
    title: 'Everything that a report can hold',
    intro: 'A paragraph to begin with, long enough to need more than one line on any screen that people read pages on.',
    settings: { data: 'synthetic, ten classes', 'learning rate': 1e-3, threads: 2 },
    tables: [
      {
        caption: 'Numbers.',
        columns: ['rule', 'final training loss', 'learning rate', 'validation accuracy', 'note'],
        rows,
      },
    ],
    figures: figures.map((svg, i) => ({ svg, caption: `Figure ${i + 1}.` })),
    conclusions: ['A sentence to end with.'],
  });
}

/** Pairs of texts in the page's charts that lie on each other; slanted ones lie close, but not on each other. */
function overlaps(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const isShown = (text: SVGTextElement): boolean =>
      text.getAttribute('opacity') !== '0' && !text.getAttribute('transform')?.includes('rotate(325)');
    return [...document.querySelectorAll('svg')].flatMap((svg) => {
      const boxes = [...svg.querySelectorAll('text')].filter(isShown).map((text) => text.getBoundingClientRect());
      const texts = [...svg.querySelectorAll('text')].filter(isShown).map((text) => text.textContent);
      return boxes.flatMap((a, i) =>
        boxes.slice(i + 1).flatMap((b, j) => {
          const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
          const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
          return width > 1 && height > 3 ? [`${texts[i]} | ${texts[i + 1 + j]}`] : [];
        }),
      );
    });
  });
}

/**
 * The lowest contrast (WCAG 2, from 1 to 21) between the page and a text on it or in a chart's axes, titles and
 * legends.
 */
function contrast(page: Page): Promise<number> {
  return page.evaluate(() => {
    const luminance = (color: string): number => {
      const [r, g, b] = (color.match(/[\d.]+/g) ?? []).map((value) => {
        const x = Number(value) / 255;
        return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const paper = luminance(getComputedStyle(document.body).backgroundColor);
    const onPaper = [...document.querySelectorAll('p, dt, dd, th, td, figcaption, caption, h1, h2')].map(
      (e) => getComputedStyle(e).color,
    );
    const inCharts = [...document.querySelectorAll('[class*=role-] text, svg.images text')]
      .filter((text) => text.closest('.cell_numbers_marks') === null)
      .map((text) => getComputedStyle(text).fill);
    const ratios = [...onPaper, ...inCharts].map((color) => {
      const ink = luminance(color);
      return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    });
    return Math.min(...ratios);
  });
}

const browser = useBrowser();

describe.skipIf(CHROMIUM === undefined)(`in Chromium${WITHOUT_CHROMIUM}`, () => {
  test('a report with a figure of every kind is legible, light and dark, wide and narrow', async () => {
    const file = path.join(temporaryDir(), 'report.html');
    fs.writeFileSync(file, await everything());
    expect(fs.statSync(file).size).toBeLessThan(3_000_000);

    for (const dark of [false, true]) {
      await browser.open(file, { width: 900, dark }, async (page) => {
        expect(await overlaps(page)).toEqual([]);
        expect(await contrast(page)).toBeGreaterThan(4.5);
        const widths = await page
          .locator('figure svg')
          .evaluateAll((svgs) => svgs.map((svg) => svg.getBoundingClientRect().width));
        expect(widths).toHaveLength(7);
        expect(Math.max(...widths)).toBeLessThan(860);
        expect(
          await page
            .locator('image')
            .evaluateAll((images) => images.filter((image) => image.getBoundingClientRect().width > 90).length),
        ).toBe(10);
      });
    }
    // A phone: charts and tables scroll in their own frames, and the page does not.
    await browser.open(file, { width: 360, dark: false }, async (page) => {
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
      const [chart] = await page
        .locator('figure svg')
        .evaluateAll((svgs) => svgs.map((svg) => svg.getBoundingClientRect().width));
      expect(chart).toBeGreaterThanOrEqual(560);
    });
  }, 60_000);

  test('a chart in a file of its own is drawn', async () => {
    const file = path.join(temporaryDir(), 'history.svg');
    await plotHistory(runs, file);
    await browser.open(file, { width: 720 }, async (page) => {
      expect(await overlaps(page)).toEqual([]);
      expect(
        await page.locator('.run2_loss_marks path').evaluate((path) => path.getBoundingClientRect().width),
      ).toBeGreaterThan(600);
    });
  });

  test('the page of plotHistory tells values by pointer and by keys, and hides runs', async () => {
    const file = path.join(temporaryDir(), 'history.html');
    await plotHistory(runs, file);
    await browser.open(file, {}, async (page) => {
      expect(await overlaps(page)).toEqual([]);
      const reading = page.locator('#reading');
      const accuracy = page.locator('.area').nth(2);
      await accuracy.scrollIntoViewIfNeeded();
      const { x, y, width, height } = (await accuracy.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
      expect(await reading.isVisible()).toBe(false);

      // A little to the right of epoch 7 of 10.
      await page.mouse.move(x + width * 0.71, y + height / 2);
      const at = (name: string) => `${name}: ${(100 * runs[name].valAccHistory[7]).toFixed(1)}%`;
      expect(await reading.innerText()).toBe(['epoch 7', ...NAMES.map(at)].join('\n'));
      expect(await page.locator('#reading img').count()).toBe(0);
      const dot = await page.locator('circle').nth(4).boundingBox();
      const point = await page.locator('.run4_valAcc_points_marks path').nth(7).boundingBox();
      expect((dot?.x ?? 0) + (dot?.width ?? 0) / 2).toBeCloseTo((point?.x ?? 0) + (point?.width ?? 0) / 2, 0);
      expect((dot?.y ?? 0) + (dot?.height ?? 0) / 2).toBeCloseTo((point?.y ?? 0) + (point?.height ?? 0) / 2, 0);
      await page.mouse.move(x - 60, y);
      expect(await reading.isVisible()).toBe(false);

      const button = page.getByRole('button', { name: 'adam' });
      await button.click();
      expect(await button.getAttribute('aria-pressed')).toBe('false');
      for (const marks of ['raw', 'loss', 'trainAcc', 'trainAcc_points', 'valAcc', 'valAcc_points']) {
        expect(await page.locator(`.run4_${marks}_marks`).isVisible()).toBe(false);
        expect(await page.locator(`.run3_${marks}_marks`).isVisible()).toBe(true);
      }
      await accuracy.focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      expect(await reading.innerText()).toContain('epoch 9\nsgd: ');
      expect(await reading.innerText()).not.toContain('adam');
      await button.click();
      expect(await page.locator('.run4_valAcc_marks').isVisible()).toBe(true);
    });
  });

  test('the page of one run with losses over many powers of ten reads them where they are', async () => {
    const file = path.join(temporaryDir(), 'history.html');
    const run = { lossHistory: [1000, 100, Number.NaN, 1, 0.1], trainAccHistory: [], valAccHistory: [] };
    await plotHistory(run, file, { lossScale: 'log' });
    await browser.open(file, {}, async (page) => {
      await page.locator('.area').focus();
      await page.keyboard.press('ArrowRight');
      expect(await page.locator('#reading').innerText()).toBe('iteration 2\nrun: 100');
      const dot = await page.locator('circle').boundingBox();
      const point = await page.locator('.run0_loss_points_marks path').nth(1).boundingBox();
      expect((dot?.y ?? 0) + (dot?.height ?? 0) / 2).toBeCloseTo((point?.y ?? 0) + (point?.height ?? 0) / 2, 0);
      await page.keyboard.press('ArrowRight');
      expect(await page.locator('#reading').innerText()).toBe('iteration 3');
      expect(await page.locator('button').count()).toBe(0);
    });
  });
});
