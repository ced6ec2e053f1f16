// @module-tag slow

import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Command } from '../../../src/ui/protocol.js';
import { CHROMIUM, WITHOUT_CHROMIUM } from '../../pictures/browser.js';
import { axe, useBrowser } from '../browser.js';
import { FakeServer } from '../fake-server.js';
import { madeRun } from '../made-up.js';

describe.skipIf(CHROMIUM === undefined)(`the buttons of the page${WITHOUT_CHROMIUM}`, () => {
  const open = useBrowser();
  let server: FakeServer;
  beforeEach(async () => {
    server = new FakeServer();
    server.add(madeRun('a b/ü'));
    await server.start();
  });
  afterEach(() => server.stop());

  async function arrived(page: Page, command: Command): Promise<void> {
    const count = server.commands.length;
    await expect.poll(() => server.commands.length, { timeout: 5000 }).toBeGreaterThanOrEqual(Math.max(1, count));
    expect(server.commands.at(-1)).toEqual({ run: 'a b/ü', command, header: '1' });
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }

  test('pause and resume', async () => {
    await open(server.address, {}, async (page) => {
      await page.getByRole('button', { name: 'Pause' }).click();
      await page.getByText('Pausing after this step.').waitFor();
      await arrived(page, { command: 'pause' });
      server.status('a b/ü', { state: 'paused' });
      await page.locator('header').getByText('Paused').waitFor();
      await page.getByRole('button', { name: 'Resume' }).click();
      await page.getByText('Resuming.').waitFor();
      await arrived(page, { command: 'resume' });
      expect(server.commands).toHaveLength(2);
    });
  });

  test('a learning rate, and what is none', async () => {
    await open(server.address, {}, async (page) => {
      const field = page.getByRole('textbox', { name: 'Learning rate' });
      for (const text of ['', 'fast', '-1', '0', 'Infinity']) {
        await field.fill(text);
        await field.press('Enter');
        await page.getByText('The learning rate is a number > 0, as 0.01 or 1e-3.').waitFor();
        expect(await field.getAttribute('aria-invalid')).toBe('true');
      }
      expect(await axe(page)).toEqual([]);
      expect(server.commands).toEqual([]);
      await field.fill('2.5e-4');
      await page.getByRole('button', { name: 'Set' }).click();
      await page.getByText('The next steps have the learning rate 0.00025.').waitFor();
      await arrived(page, { command: 'learningRate', value: 2.5e-4 });
      expect(await field.inputValue()).toBe('');
      expect(await page.getByText('The learning rate is a number').count()).toBe(0);
    });
  });

  test('stop and save asks once more, and the buttons go with the run', async () => {
    await open(server.address, {}, async (page) => {
      const ask = page.getByRole('button', { name: 'Stop and save…' });
      const dialog = page.getByRole('dialog', { name: 'Stop this run?' });
      await ask.click();
      await dialog.getByText('A checkpoint is saved in /runs/convnet3-cifar10-a b/ü.').waitFor();
      expect(await axe(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await ask.click();
      await dialog.getByRole('button', { name: 'Go on training' }).click();
      expect(server.commands).toEqual([]);
      await ask.click();
      await dialog.getByRole('button', { name: 'Stop and save' }).click();
      await arrived(page, { command: 'stop' });
      server.status('a b/ü', { state: 'stopping' });
      await expect.poll(() => ask.isDisabled()).toBe(true);
      server.status('a b/ü', { state: 'interrupted', message: 'Saved in /runs/1/checkpoints/step-600.' });
      await page.getByText('Saved in /runs/1/checkpoints/step-600.').waitFor();
      expect(await page.getByRole('button', { name: 'Pause' }).isVisible()).toBe(false);
      expect(await page.locator('p[role=status]').first().textContent()).toMatch(/interrupted, iteration 600 of 1,000/);
    });
  });

  test('what the server says against it', async () => {
    server.refusal = 'the run has ended';
    await open(server.address, { allowed: /status of 409/ }, async (page) => {
      await page.getByRole('button', { name: 'Pause' }).click();
      await page.getByRole('alert').getByText('the run has ended').waitFor();
    });
  });

  test('a run that takes no commands has no buttons', async () => {
    server.add(madeRun('a b/ü', { isControllable: false }));
    await open(server.address, {}, async (page) => {
      await page.getByText('600 of 1,000', { exact: true }).waitFor();
      expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
    });
  });

  test('a token goes along with each request', async () => {
    await open(`${server.address}?token=secret%2Fone`, {}, async (page) => {
      await page.getByRole('button', { name: 'Pause' }).click();
      await page.getByText('Pausing after this step.').waitFor();
    });
    expect(new Set(server.tokens)).toEqual(new Set(['secret/one', 'Bearer secret/one']));
  });

  test('everything by keyboard, in the order of the page, with a focus that is seen', async () => {
    await open(server.address, {}, async (page) => {
      await page.getByText('600 of 1,000', { exact: true }).waitFor();
      const reached: string[] = [];
      for (let i = 0; i < 40; i++) {
        await page.keyboard.press('Tab');
        const { name, outline } = await page.evaluate(() => {
          const focused = document.activeElement as HTMLElement;
          const label = focused.getAttribute('aria-label') ?? focused.getAttribute('aria-labelledby');
          return {
            name: label ?? (focused.textContent || focused.id),
            outline: getComputedStyle(focused).outlineWidth,
          };
        });
        if (name === reached[0] || (await page.evaluate(() => document.activeElement === document.body))) break;
        expect([name, outline]).not.toEqual([name, '0px']);
        reached.push(name);
      }
      expect(reached.slice(0, 13)).toEqual([
        ...['Skip to the content', 'layerwise', 'Overview', 'Layers', 'Filters', 'Confusion', 'Mistakes', 'Settings'],
        ...['All runs', 'Pause', 'rate', 'Set', 'Stop and save…'],
      ]);
      expect(reached).toContain('Zoom in: Loss');
      expect(reached.filter((name) => name === 'The same as a table')).toHaveLength(4);
      // A view that is gone to has the focus at its heading; a link that skips leads behind the views.
      await page.getByRole('link', { name: 'Layers' }).press('Enter');
      await page.getByText('Table of layers').first().waitFor();
      expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
    });
  });
});
