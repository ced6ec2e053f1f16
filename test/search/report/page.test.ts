// @module-tag slow

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import axe from 'axe-core';
import { describe, expect, test } from 'vitest';
import { reportPage } from '../../../src/search/report/page.js';
import { ranked, type SearchView } from '../../../src/search/report/view.js';
import { temporaryDir } from '../../helpers/cifar10.js';
import { searchView } from '../../helpers/search-views.js';
import { CHROMIUM, useBrowser, WITHOUT_CHROMIUM } from '../../pictures/browser.js';

const view = searchView(40);

/** The texts of a page, without its figures. */
async function textsOf(shown: SearchView): Promise<{ text: string; figures: number }> {
  const html = await reportPage(shown);
  const text = html.replace(/<style>.*?<\/style>|<svg.*?<\/svg>/gs, '').replace(/<[^>]+>/g, '|');
  return { text, figures: html.split('<figure>').length - 1 };
}

test('says what was found, and what failed', async () => {
  const { text, figures } = await textsOf(view);
  const [best] = ranked(view);
  expect(text).toContain('|Search fc &lt;b&gt;|');
  expect(text).toContain(`Of 40 trials, number ${best.trial} has the best: valAcc = 0.`);
  expect(text).toContain('|13 finished, 23 stopped early, 4 failed|');
  expect(text).toContain('|0 to 0.5, where act is gelu|');
  expect(text).toContain('|Trial 7 failed: the loss is NaN &lt;script&gt;|');
  expect(figures).toBe(4);
});

test('a search that has just begun, and one where no trial has a score', async () => {
  const none = await textsOf({ ...view, trials: [] });
  expect(none).toMatchObject({ figures: 0, text: expect.stringContaining('No trial has a value of it yet.') });
  const trials = view.trials.map((trial) => ({ ...trial, state: 'unfinished' as const, metrics: null, curve: [] }));
  const open = await textsOf({ ...view, trials, isComplete: false });
  expect(open.text).toContain('The search has not ended: 0 of 40 trials are done.');
  expect((await textsOf({ ...view, trials: view.trials.slice(0, 1) })).figures).toBe(3);
});

test('values over many powers of ten, diverged trials, names of Object, no parameters', async () => {
  const [first] = view.trials;
  const losses = [1e-4, 2, 300, Number.NaN, Number.POSITIVE_INFINITY];
  const trials = losses.map((loss, trial) => ({ ...first, trial, config: { constructor: trial }, metrics: { loss } }));
  const parameters = [{ name: 'constructor', scale: 'linear' as const, range: '0 to 5' }];
  const wide = { ...view, metric: 'loss', mode: 'min' as const, trials, parameters };
  expect((await textsOf(wide)).text).toContain('number 0 has the best: loss = 0.0001, with constructor = 0.');
  const plain = await textsOf({ ...wide, parameters: [], trials: trials.map((trial) => ({ ...trial, config: {} })) });
  expect(plain.text).toContain('number 0 has the best: loss = 0.0001.');
});

const browser = useBrowser();

describe.skipIf(CHROMIUM === undefined)(`in Chromium${WITHOUT_CHROMIUM}`, () => {
  test('light and dark, axe finds nothing', async () => {
    const file = path.join(temporaryDir(), 'report.html');
    writeFileSync(file, await reportPage(searchView(12)));
    for (const dark of [false, true]) {
      await browser.open(file, { width: 900, dark }, async (page) => {
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
        expect(violations.map(({ id, nodes }) => [id, nodes.length])).toEqual([]);
      });
    }
  });
});
