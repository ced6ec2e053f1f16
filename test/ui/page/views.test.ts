// @module-tag slow

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, WITHOUT_CHROMIUM } from '../../pictures/browser.js';
import { axe, overflow, useBrowser } from '../browser.js';
import { FakeServer } from '../fake-server.js';
import { CLASSES, madeConfusion, madeInsight, madeRun } from '../made-up.js';

const HOSTILE = '<img src=x onerror="document.title=\'hacked\'"></script><b>"bold"</b>';

describe.skipIf(CHROMIUM === undefined)(`the page in Chromium${WITHOUT_CHROMIUM}`, () => {
  const open = useBrowser();
  const server = new FakeServer();
  beforeAll(async () => {
    server.add(madeRun('1'));
    await server.start();
  });
  afterAll(() => server.stop());

  const view = (name: string) => `${server.address}#/run/1/${name}`;

  async function visible(page: Page, ...texts: string[]): Promise<void> {
    for (const text of texts) await page.getByText(text).first().waitFor({ state: 'visible' });
  }

  /** Leads through all views by their links. */
  async function everyView(page: Page, look: (name: string) => Promise<void>): Promise<void> {
    for (const name of ['Overview', 'Layers', 'Filters', 'Confusion', 'Mistakes', 'Settings', 'All runs']) {
      await page.getByRole('link', { name, exact: true }).click();
      await page.locator('main table, main canvas, main dl').first().waitFor();
      // All at once: the page may be drawn anew between two of them.
      await page.locator('details').evaluateAll((all: HTMLDetailsElement[]) => {
        for (const details of all) details.open = true;
      });
      await look(name);
    }
  }

  test.each([
    { dark: false, width: 1600 },
    { dark: true, width: 400 },
  ])('axe finds nothing in any view, and none is wider than the window: %j', async (how) => {
    await open(server.address, how, async (page) => {
      await everyView(page, async (name) => {
        expect([name, await axe(page)]).toEqual([name, []]);
        // Colours change no width.
        for (const width of how.dark ? [how.width] : [400, 700, 1000, 1600]) {
          await page.setViewportSize({ width, height: 900 });
          expect([name, width, await overflow(page)]).toEqual([name, width, 0]);
        }
        await page.setViewportSize({ width: how.width, height: 900 });
      });
    });
  });

  test('the overview', async () => {
    await open(server.address, {}, async (page) => {
      await visible(page, '600 of 1,000', '6 of 10', '1 min 37 s', '1,234', '0.00095', '0.5123');
      expect(await page.title()).toBe('60 % · convnet3-cifar10-1 · layerwise');
      expect(await page.getByRole('heading', { level: 3 }).allTextContents()).toEqual([
        'Loss',
        'Accuracy',
        'Learning rate',
        'f1',
      ]);
      expect(await page.locator('progress').getAttribute('value')).toBe('0.6');
      expect(await page.locator('canvas').count()).toBe(4);
    });
  });

  test('a chart by keyboard: values at the cursor, zoom, the whole again', async () => {
    await open(server.address, {}, async (page) => {
      const chart = page.getByRole('group', { name: 'Accuracy' });
      const legend = page.locator('section', { has: chart }).locator('.legend');
      await chart.focus();
      await page.keyboard.press('ArrowRight');
      expect(await legend.textContent()).toContain('iteration100');
      await page.keyboard.press('ArrowRight');
      expect(await legend.textContent()).toContain('iteration200');
      expect(await page.locator('[aria-live]').nth(1).textContent()).toMatch(/^iteration 200, training \d+\.\d %, val/);
      await page.keyboard.press('+');
      await page.keyboard.press('+');
      // The part that is seen has one evaluation left, in its middle.
      for (let i = 0; i < 9; i++) await page.keyboard.press('ArrowRight');
      expect(await legend.textContent()).toContain('iteration300');
      await page.keyboard.press('0');
      for (let i = 0; i < 9; i++) await page.keyboard.press('ArrowRight');
      expect(await legend.textContent()).toContain('iteration600');
    });
  });

  test('a chart by mouse: drag to zoom, double-click for the whole', async () => {
    await open(server.address, {}, async (page) => {
      const chart = page.getByRole('group', { name: 'Learning rate' });
      const place = page.locator('section', { has: chart }).locator('.legend li').last();
      const over = chart.locator('.u-over');
      await over.scrollIntoViewIfNeeded();
      const box = (await over.boundingBox())!;
      const y = box.y + box.height / 2;
      await page.mouse.move(box.x + box.width * 0.5, y);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.75, y, { steps: 4 });
      await page.mouse.up();
      await page.mouse.move(box.x + 2, y);
      const number = async () => Number((await place.textContent())!.replace(/\D/g, ''));
      expect(await number()).toBeGreaterThan(290);
      await over.dblclick({ position: { x: 2, y: 20 } });
      await page.mouse.move(box.x + 4, y);
      expect(await number()).toBeLessThan(20);
    });
  });

  test('the average and the axis of the loss', async () => {
    await open(server.address, {}, async (page) => {
      const slider = page.getByRole('slider', { name: 'Average' });
      expect(await slider.getAttribute('aria-valuetext')).toBe('18 iterations');
      const average = page.locator('.legend li', { hasText: 'average' });
      const before = await average.textContent();
      await slider.fill('3');
      expect(await slider.getAttribute('aria-valuetext')).toBe('1,000 iterations');
      expect(await average.textContent()).not.toBe(before);
      const canvas = page.locator('canvas').first();
      const linear = await canvas.evaluate((element: HTMLCanvasElement) => element.toDataURL());
      await page.getByRole('checkbox', { name: 'Log axis' }).first().check();
      expect(await canvas.evaluate((element: HTMLCanvasElement) => element.toDataURL())).not.toBe(linear);
      const light = await canvas.evaluate((element: HTMLCanvasElement) => element.toDataURL());
      await page.emulateMedia({ colorScheme: 'dark' });
      await expect
        .poll(() =>
          page
            .locator('canvas')
            .first()
            .evaluate((element: HTMLCanvasElement) => element.toDataURL()),
        )
        .not.toBe(light);
      // What was chosen stays from view to view.
      await page.getByRole('link', { name: 'Layers' }).click();
      await page.goBack();
      expect(await page.getByRole('checkbox', { name: 'Log axis' }).first().isChecked()).toBe(true);
    });
  });

  test('layers: their statistics with what is to be said in words, and the table', async () => {
    await open(view('layers'), {}, async (page) => {
      await visible(page, 'gradient vanishing: standard deviation 1e-12');
      await visible(page, 'nearly dead: 98.5 % of the activations are zero', 'Linear(8192, 100)', '825,046');
      expect(await page.getByRole('img', { name: 'Weights of conv1: from -0.15 to 0.15' }).count()).toBe(1);
      expect(await page.getByRole('columnheader', { name: 'gradient' }).count()).toBe(1);
      const insight = madeInsight(610);
      const layers = insight.layers!.map((layer) => ({ ...layer, gradient: null, updateRatio: null }));
      server.send({ kind: 'insight', run: '1', insight: { ...insight, layers } });
      await visible(page, 'As of iteration 610.');
      expect(await page.getByRole('columnheader', { name: /gradient|step/ }).count()).toBe(0);
    });
  });

  test('filters and their change', async () => {
    await open(view('filters'), {}, async (page) => {
      const canvas = page.getByRole('img', { name: /^32 filters of 7 by 7 pixels, in color/ });
      const weights = await canvas.evaluate((element: HTMLCanvasElement) => element.toDataURL());
      await page.getByRole('radio', { name: 'Change since the start' }).check();
      expect(await canvas.evaluate((element: HTMLCanvasElement) => element.toDataURL())).not.toBe(weights);
      await page.getByText('Change of each filter as a table').click();
      expect(await page.getByRole('rowheader').count()).toBe(32);
    });
  });

  test('from a cell of the confusion matrix to its mistakes, by keyboard, and back', async () => {
    const { confusion, mistakes } = madeInsight(600);
    const { label, predicted } = mistakes!.items[0]!;
    await open(view('confusion'), {}, async (page) => {
      await page.locator('[data-cell="0 0"]').waitFor();
      expect(await page.getByRole('columnheader').allTextContents()).toEqual(['label', ...CLASSES, 'recall']);
      await page.locator('[data-cell="0 0"]').focus();
      for (let i = 0; i < label; i++) await page.keyboard.press('ArrowDown');
      for (let i = 0; i < predicted; i++) await page.keyboard.press('ArrowRight');
      const count = `${confusion!.counts[10 * label + predicted]}`;
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(count);
      await page.keyboard.press('Enter');
      await visible(page, `Label ${CLASSES[label]} predicted as ${CLASSES[predicted]}: `);
      const shown = mistakes!.items.filter((item) => item.label === label && item.predicted === predicted);
      expect(await page.locator('.mistakes li').count()).toBe(shown.length);
      await page.getByRole('link', { name: 'Show all mistakes' }).click();
      await page.locator('.mistakes li').nth(23).waitFor();
      expect(await page.locator('.mistakes li').count()).toBe(24);
      await page.goBack();
      await page.goBack();
      await page.getByRole('radio', { name: 'Shares of the label' }).check();
      await visible(page, `${Math.round((100 * confusion!.counts[0]!) / sum(confusion!.counts.slice(0, 10)))} %`);
    });
  });

  test('settings', async () => {
    await open(view('config'), {}, async (page) => {
      await visible(page, 'model.options.weightScale', 'training.betas', '[0.9,0.999]', '/runs/convnet3-cifar10-1');
      // axe does look: with a text as pale as its ground it finds something.
      await page.evaluate(() => document.documentElement.style.setProperty('--muted', 'var(--panel)'));
      expect((await axe(page)).join()).toContain('color-contrast');
    });
  });

  test('a run of which little is known', async () => {
    const run = madeRun('little', {
      totalIterations: null,
      totalEpochs: null,
      batchSize: null,
      classes: null,
      layers: [],
      folder: null,
      startedAt: null,
      config: {},
    });
    const insight = { iteration: 3, layers: null, filters: null, confusion: null, mistakes: null };
    const status = { ...run.status, state: 'finished', loss: null, learningRate: null, points: 0 } as const;
    server.add({ ...run, insight, epochs: [], status });
    await open(`${server.address}#/run/little`, {}, async (page) => {
      await visible(page, 'No values yet.');
      for (const name of ['Layers', 'Filters', 'Confusion', 'Mistakes']) {
        await page.getByRole('link', { name, exact: true }).click();
        await visible(page, 'This run has no ');
      }
      await page.getByRole('link', { name: 'Settings', exact: true }).click();
      await visible(page, 'None are known.');
    });
    server.runs.delete('little');
    await open(`${server.address}#/run/nobody`, {}, (page) => visible(page, 'There is no such run.'));
  });

  test('names that are HTML stay text in every view', async () => {
    const other = new FakeServer();
    const insight = madeInsight(600);
    const classes = CLASSES.map((name) => `${HOSTILE}${name}`);
    other.add({
      ...madeRun(HOSTILE, {
        title: HOSTILE,
        fn: HOSTILE,
        classes,
        folder: HOSTILE,
        config: { [HOSTILE]: HOSTILE },
        layers: [{ name: HOSTILE, kind: HOSTILE, outputShape: [1], parameters: 1, flops: 1 }],
      }),
      insight: {
        ...insight,
        layers: insight.layers!.map((layer) => ({ ...layer, name: HOSTILE })),
        confusion: { ...insight.confusion!, classes },
      },
      status: { ...madeRun('1').status, message: HOSTILE },
      epochs: madeRun('1').epochs.map((row) => ({ ...row, metrics: { [HOSTILE]: { train: 1, val: 1 } } })),
    });
    await other.start();
    await open(other.address, {}, async (page) => {
      await everyView(page, async () => {
        expect(await page.locator('img, b').count()).toBe(0);
        expect(await page.title()).toContain('layerwise');
      });
      expect(await page.getByRole('link', { name: HOSTILE }).count()).toBe(1);
    });
    await other.stop();
  });

  test('names of classes break where they are very long, folders anywhere, and no view is wider for them', async () => {
    const other = new FakeServer();
    const classes = ['columns', 'diagonals', 'a_name_without_spaces_'.repeat(9)];
    const insight = { ...madeInsight(600), confusion: madeConfusion([...classes, ...CLASSES]) };
    other.add({ ...madeRun('1', { folder: `/${'folder'.repeat(40)}`, classes }), insight });
    await other.start();
    await open(other.address, { width: 400 }, async (page) => {
      await everyView(page, async (name) => {
        expect([name, await overflow(page)]).toEqual([name, 0]);
        if (name !== 'Confusion') return;
        const height = async (row: number) =>
          (await page.locator('.confusion tbody th').nth(row).boundingBox())!.height;
        expect([await height(0), await height(1)]).toEqual([await height(5), await height(5)]);
        expect((await page.locator('.confusion thead th').nth(3).boundingBox())!.width).toBeLessThan(160);
      });
    });
    await other.stop();
  });
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
