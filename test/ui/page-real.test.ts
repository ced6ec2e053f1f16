// @module-tag slow

import { describe, expect, test } from 'vitest';
import { Random, Solver, ThreeLayerConvNet } from '../../src/index.js';
import { CHROMIUM, WITHOUT_CHROMIUM } from '../pictures/browser.js';
import { axe, useBrowser } from './browser.js';
import { Client } from './client.js';

describe.skipIf(CHROMIUM === undefined)(`the page of a run that trains${WITHOUT_CHROMIUM}`, () => {
  const open = useBrowser();

  test('shows it, pauses it, gives it another learning rate and ends it', { timeout: 240_000 }, async () => {
    const random = new Random(1);
    const labels = (count: number) => random.randn([count]).data.map((z) => Math.floor(10 * Math.abs(z)) % 3);
    const data = {
      XTrain: random.rand([120, 3, 16, 16]),
      yTrain: Array.from(labels(120)),
      XVal: random.rand([60, 3, 16, 16]),
      yVal: Array.from(labels(60)),
    };
    const model = new ThreeLayerConvNet({
      inputDim: [3, 16, 16],
      numFilters: 8,
      hiddenDim: 10,
      numClasses: 3,
      seed: 1,
    });
    let address = '';
    const solver = new Solver(model, data, {
      numEpochs: 100_000,
      batchSize: 10,
      verbose: false,
      optimConfig: { learningRate: 1e-3 },
      ui: {
        port: 0,
        every: 0.2,
        title: 'noise',
        config: { note: 'random labels' },
        classes: ['<i>one</i>', 'two', 'three'],
        onListen: (place) => {
          address = place;
        },
      },
    });
    const run = solver.trainAsync();
    await expect.poll(() => address).not.toBe('');
    // Runs of other files may be on the page of this process; then it begins with their list.
    const { runs } = await new Client(address).runs();
    await open(`${address}#/run/${runs[0].info.id}`, {}, async (page) => {
      const state = page.locator('header .badge');
      // On a busy machine a browser takes its time.
      await state.getByText('Running').waitFor({ timeout: 60_000 });
      await page.locator('canvas').nth(2).waitFor();
      for (const name of ['Layers', 'Filters', 'Confusion', 'Mistakes']) {
        await page.getByRole('link', { name, exact: true }).click();
        await page.getByText(/^As of iteration/).waitFor();
      }
      expect(await page.locator('.mistakes canvas').count()).toBeGreaterThan(0);
      expect(await axe(page)).toEqual([]);
      await page.getByRole('link', { name: 'Overview' }).click();
      await page.getByRole('button', { name: 'Pause' }).click();
      await state.getByText('Paused').waitFor();
      await page.getByRole('textbox', { name: 'Learning rate' }).fill('2e-3');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Resume' }).click();
      await page.locator('.tiles div', { hasText: 'Learning rate' }).getByText('0.002').waitFor();
      await page.getByRole('button', { name: 'Stop and save…' }).click();
      await page.getByRole('button', { name: 'Stop and save', exact: true }).click();
      await state.getByText('Interrupted').waitFor();
    });
    await run;
    expect(solver.lossHistory.length).toBeGreaterThan(10);
  });
});
