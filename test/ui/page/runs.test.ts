// @module-tag slow

import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pageWith } from '../../../src/ui/page-with.js';
import type { Snapshot } from '../../../src/ui/protocol.js';
import { temporaryDir } from '../../helpers/cifar10.js';
import { CHROMIUM, WITHOUT_CHROMIUM } from '../../pictures/browser.js';
import { axe, overflow, useBrowser } from '../browser.js';
import { FakeServer } from '../fake-server.js';
import { bytesFrom, madeEpochs, madePoints, madeRun } from '../made-up.js';

const STATES = ['running', 'finished', 'interrupted', 'failed'] as const;

/** The i-th of several runs: more iterations, a better accuracy. */
function made(i: number): Snapshot {
  const run = madeRun(`${i}`);
  const status = { ...run.status, state: STATES[i % 4]!, iteration: 100 * i, points: 100 * i, seconds: 90 * i };
  return { ...run, status, epochs: madeEpochs(i, 100 * i, 0.4 + 0.05 * i) };
}

describe.skipIf(CHROMIUM === undefined)(`several runs${WITHOUT_CHROMIUM}`, () => {
  const open = useBrowser();
  const server = new FakeServer();
  beforeAll(async () => {
    server.source = 'folder';
    for (let i = 1; i <= 7; i++) server.add(made(i), madePoints(100 * i, i));
    await server.start();
  });
  afterAll(() => server.stop());

  test('the table is sorted by its heads, and leads to the runs and back', async () => {
    await open(server.address, {}, async (page) => {
      const names = page.locator('.runs tbody th');
      const order = async () => (await names.allTextContents()).map((name) => name.at(-1)).join('');
      await names.first().waitFor();
      expect(await order()).toBe('7654321');
      const head = page.getByRole('columnheader', { name: 'best validation accuracy' });
      expect(await head.getAttribute('aria-sort')).toBe('descending');
      await head.getByRole('button').click();
      expect([await order(), await head.getAttribute('aria-sort')]).toEqual(['1234567', 'ascending']);
      await page.getByRole('button', { name: 'time', exact: true }).press('Enter');
      expect([await order(), await head.getAttribute('aria-sort')]).toEqual(['7654321', null]);
      server.status('3', { seconds: 9000 });
      await expect.poll(order).toBe('3765421');
      await page.getByRole('link', { name: 'convnet3-cifar10-3' }).click();
      await page.getByRole('heading', { name: 'convnet3-cifar10-3' }).waitFor();
      await page.getByRole('link', { name: 'Confusion' }).click();
      await page.goBack();
      await page.goBack();
      expect(await order()).toBe('3765421');
      await page.reload();
      await names.first().waitFor();
      expect(page.url()).toBe(server.address);
    });
  });

  test('runs that are chosen are drawn over each other, and their settings compared', async () => {
    await open(`${server.address}#/runs`, { width: 1600, dark: true }, async (page) => {
      const legend = page.locator('.chart').first().locator('.legend li');
      await expect.poll(() => legend.count()).toBe(6);
      for (const i of [1, 2, 3, 4]) await page.getByRole('checkbox', { name: `Draw convnet3-cifar10-${i}` }).uncheck();
      await page.getByRole('checkbox', { name: 'Draw convnet3-cifar10-7' }).check();
      await expect.poll(() => legend.count()).toBe(3);
      expect(await page.getByRole('checkbox', { name: 'Draw convnet3-cifar10-7' }).isChecked()).toBe(true);
      const settings = page.locator('section', { hasText: 'Differences of their settings' }).locator('tr');
      expect(await settings.allTextContents()).toEqual([
        'settingconvnet3-cifar10-5convnet3-cifar10-7',
        'model.options.reg57',
      ]);
      await page.getByRole('checkbox', { name: 'Show all settings' }).check();
      expect(await settings.count()).toBe(14);
      expect(await axe(page)).toEqual([]);
    });
  });

  test('without two runs there is nothing to compare', async () => {
    await open(`${server.address}#/runs`, { width: 400 }, async (page) => {
      const boxes = page.getByRole('checkbox', { name: /^Draw/, checked: true });
      await expect.poll(() => boxes.count()).toBe(5);
      for (let i = 5; i > 1; i--) await boxes.first().uncheck();
      expect(await page.getByText('Differences of their settings').isVisible()).toBe(false);
      await boxes.first().uncheck();
      expect(await page.locator('.chart').count()).toBe(0);
      expect(await overflow(page)).toBe(0);
    });
  });

  describe('a report', () => {
    /** Writes a report, and gives its address. */
    function report(runs: readonly Snapshot[]): string {
      const file = path.join(temporaryDir(), 'report.html');
      fs.writeFileSync(file, pageWith(runs));
      return `file://${file}`;
    }
    const points = (i: number) => bytesFrom(madePoints(100 * i, i), 0).toString('base64');

    test('of one run has all views, no buttons, and asks for nothing', async () => {
      await open(report([{ ...made(4), points: points(4) }]), {}, async (page) => {
        await page.getByRole('heading', { name: 'convnet3-cifar10-4' }).first().waitFor();
        expect(await page.locator('canvas').count()).toBe(4);
        expect(await page.getByRole('button', { name: /Pause|Set|Stop/ }).count()).toBe(0);
        expect(await page.getByText('The server does not answer').count()).toBe(0);
        expect(await page.getByRole('link', { name: 'All runs' }).count()).toBe(0);
        for (const name of ['Layers', 'Filters', 'Confusion', 'Mistakes', 'Settings', 'Overview']) {
          await page.getByRole('link', { name, exact: true }).click();
          await page.locator('main table, main canvas').first().waitFor();
        }
        await page.getByText('As plain text').click();
        expect(await axe(page)).toEqual([]);
      });
    });

    test('of several runs compares them', async () => {
      await open(
        report([1, 2, 3].map((i) => ({ ...made(i), points: points(i) }))),
        { dark: true, width: 400 },
        async (page) => {
          await page.locator('.runs tbody tr').nth(2).waitFor();
          expect(await page.locator('.chart').first().locator('.legend li').count()).toBe(4);
          expect(await overflow(page)).toBe(0);
          expect(await axe(page)).toEqual([]);
        },
      );
    });

    test('is there without scripts', async () => {
      await open(report([{ ...made(4), points: points(4) }]), { scripts: false, width: 400 }, async (page) => {
        await page.getByText('training.optimizer').waitFor();
        expect(await page.getByText('Linear(8192, 100)').isVisible()).toBe(true);
      });
    });
  });
});
