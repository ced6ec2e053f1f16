// @module-tag slow

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { array } from '../../src/arrays/index.js';
import { encodePng } from '../../src/pictures/png.js';
import { temporaryDir } from '../helpers/cifar10.js';
import { idxFile } from '../helpers/idx.js';
import { CHROMIUM, WITHOUT_CHROMIUM } from '../pictures/browser.js';
import { axe, overflow, useBrowser } from '../ui/browser.js';
import {
  bluePixels,
  choose,
  clicks,
  drag,
  drawSquare,
  drop,
  dropFolders,
  press,
  ready,
  said,
  tabTo,
  takesText,
  tile,
  train,
  useServer,
} from './browser-page.js';

/** Milliseconds within which a click is answered. */
const PROMPT = 50;

describe.skipIf(CHROMIUM === undefined)(`examples/browser${WITHOUT_CHROMIUM}`, () => {
  const open = useBrowser();
  const isolated = useServer();
  const plain = useServer('--one-thread');

  test('trains on threads, answers clicks, knows a drawing, and goes on from its file', {
    timeout: 120_000,
  }, async () => {
    const file = path.join(temporaryDir(), 'net.safetensors');
    let accuracy = '';
    await open(isolated(), { width: 1600 }, async (page) => {
      await ready(page);
      const threads = os.availableParallelism() > 1 ? /^[2-9]\d* threads$/ : /^1 thread$/;
      expect(await page.locator('.engine li').allTextContents()).toEqual([
        expect.stringMatching(/^WebAssembly, (relaxed|plain) SIMD$/),
        expect.stringMatching(threads),
        'isolated page',
      ]);
      await press(page, 'Take one of the data');
      await train(page, 2);
      await page.getByRole('button', { name: 'Pause' }).waitFor();
      const answers = await clicks(page, 'Zoom in: Loss', 15);
      expect(answers[7], `${answers}`).toBeLessThan(PROMPT);
      await said(page, 'The training is complete.');
      accuracy = await tile(page, 'Validation accuracy');
      expect(Number.parseFloat(accuracy)).toBeGreaterThan(55);
      await drawSquare(page);
      await page.getByText('It takes your drawing for frame.').waitFor();

      const [saved] = await Promise.all([page.waitForEvent('download'), press(page, 'Save network')]);
      expect(saved.suggestedFilename()).toBe('convolutional-10-classes-94.safetensors');
      await saved.saveAs(file);
    });
    await open(plain(), {}, async (page) => {
      await ready(page);
      await choose(page, 'Load network…', file);
      await said(page, /^net\.safetensors is loaded: it was trained for 94 steps and knows 10 classes \(disc, ring, /);
      expect(await tile(page, 'Validation accuracy')).toBe(accuracy);
      await press(page, 'Train on');
      await page.getByRole('button', { name: 'Pause' }).click();
      await page.getByRole('button', { name: 'Resume' }).waitFor();
      await page.getByRole('button', { name: 'Stop' }).click();
      await said(page, 'The training was stopped.');
    });
  });

  test('computes the same on a page that is not isolated, and says what is missing there', async () => {
    const losses: string[] = [];
    for (const address of [isolated(), plain()]) {
      await open(address, { width: 800 }, async (page) => {
        await ready(page);
        await page.getByLabel('Synthetic pictures').selectOption('1000');
        await press(page, 'Draw them');
        await said(page, /1,500 pictures/);
        await page.getByLabel('Kind').selectOption('hidden');
        await train(page, 2);
        await said(page, 'The training is complete.');
        losses.push(await tile(page, 'Loss'));
        const missing = page.getByText('Cross-Origin-Opener-Policy');
        expect(await missing.count()).toBe(address === plain() ? 1 : 0);
      });
    }
    expect(losses[0]).toMatch(/^\d\.\d+$/);
    expect(losses[1]).toBe(losses[0]);
  });

  test('takes what is dropped; what is wrong gets a sentence, and the training goes on', async () => {
    const images = idxFile(
      8,
      [40, 28, 28],
      Uint8Array.from({ length: 40 * 784 }, (_, i) => (7919 * i * i) >> 5),
    );
    const labels = idxFile(
      8,
      [40],
      Array.from({ length: 40 }, (_, n) => n % 10),
    );
    await open(isolated(), {}, async (page) => {
      await ready(page);
      await train(page, 1000);
      await page.getByRole('button', { name: 'Pause' }).waitFor();
      const refused: [name: string, bytes: Uint8Array, sentence: string][] = [
        ['data_batch_1.bin', new Uint8Array(5000), 'data_batch_1.bin has 5,000 bytes, expected a whole number of'],
        ['test_batch.bin', new Uint8Array(3073).fill(77), 'test_batch.bin: record 0 (counted from 0) has label 77'],
        [
          'test_batch.bin',
          new Uint8Array(3073),
          'CIFAR-10: one picture is too few, since some are kept to check with.',
        ],
        ['train-images-idx3-ubyte.gz', gzipSync(images), 'has images; drop the file of their labels together with it.'],
        ['train-labels-idx1-ubyte', labels.subarray(0, 20), 'has 20 bytes, expected 48, for 40 numbers'],
        ['cat.png', new Uint8Array(100), 'cat.png is no picture that this browser can read, or is damaged.'],
        ['CAT.JPEG', new Uint8Array(100), 'CAT.JPEG is no picture that this browser can read, or is damaged.'],
        ['notes.txt', new Uint8Array(9), 'notes.txt is of no known kind: this page takes .bin batches, idx files,'],
        ['a.safetensors', new Uint8Array(9), 'a.safetensors cannot be loaded: '],
      ];
      for (const [name, bytes, sentence] of refused) {
        await drop(page, { [name]: bytes });
        await page.getByRole('alert').getByText(sentence).waitFor();
        expect(await tile(page, 'State')).toBe('Training');
      }
      await page.getByLabel('Learning rate').fill('fast');
      await page.keyboard.press('Tab');
      await page.getByText('The learning rate is a number above 0, 10 at most.').waitFor();
      const before = await tile(page, 'Epoch');
      await page.waitForFunction((epoch) => document.querySelectorAll('dd')[1]!.textContent !== epoch, before);

      await drop(page, { 'train-images-idx3-ubyte.gz': gzipSync(images), 'train-labels-idx1-ubyte': labels });
      await said(page, 'MNIST: 40 pictures of 10 classes are ready. The training on the pictures before has ended.');
      await page.getByText('36 pictures to train on, 4 to check with; 28 × 28 pixels, gray; 10 classes').waitFor();
      const folder = temporaryDir();
      fs.writeFileSync(path.join(folder, 'data_batch_1.bin'), new Uint8Array(20 * 3073));
      await choose(page, 'Choose a folder…', folder);
      await said(page, 'CIFAR-10: 20 pictures of 10 classes are ready.');
    });
  });

  test('trains on folders of pictures, and classifies one', async () => {
    const folder = temporaryDir();
    for (const [name, red] of [
      ['red', 255],
      ['blue', 0],
    ] as const) {
      fs.mkdirSync(path.join(folder, name));
      for (let i = 0; i < 20; i++) {
        const colors = [red, 80, 255 - red].map((value) => (value * (40 - i)) / 40);
        const image = array(
          Array.from({ length: 3600 }, (_, p) => colors[p % 3]),
          [40, 30, 3],
        );
        const png = await encodePng(image);
        fs.writeFileSync(path.join(folder, name, `${i}.png`), png);
      }
    }
    fs.writeFileSync(path.join(folder, 'red', 'broken.png'), 'no picture');
    fs.copyFileSync(path.join(folder, 'red', '0.png'), path.join(folder, 'cover.png'));
    await open(plain(), {}, async (page) => {
      await ready(page);
      await dropFolders(
        page,
        ['cover.png', 'red', 'blue'].map((name) => path.join(folder, name)),
      );
      await page.getByText(/^Left out, as no pictures .*: 2 of 42, .*broken\.png, cover\.png\.$/).waitFor();
      await page.getByText('36 pictures to train on, 4 to check with; 32 × 32 pixels, in color; 2 classes').waitFor();
      await page.getByLabel('Kind').selectOption('linear');
      await train(page, 5);
      await said(page, 'The training is complete.');
      await choose(page, 'Choose a picture…', path.join(folder, 'blue', '3.png'));
      await page.getByText('It takes 3.png for blue.').waitFor();
      await said(page, /^3\.png is classified\./);
    });
  });

  test('forgives haste: zooming nothing, a click that leaves a wrong field, a drag that ends elsewhere', async () => {
    await open(plain(), {}, async (page) => {
      await press(page, 'Zoom in: Loss');
      await ready(page);
      await page.getByLabel('Kind').selectOption('linear');
      await page.getByLabel('Learning rate').fill('fast');
      await train(page, 1000);
      await page.getByText('The learning rate is a number above 0, 10 at most.').waitFor();
      await page.getByLabel('Learning rate').fill('0.001');
      await press(page, 'Train');
      await page.getByRole('button', { name: 'Pause' }).waitFor();
      await expect.poll(() => page.locator('.plot canvas').first().evaluate(bluePixels)).toBeGreaterThan(20);

      await page.getByText('The same as a table').first().click();
      const region = page.getByRole('region', { name: 'Table: Loss' });
      await region.focus();
      const rows = await region.locator('tr').last().innerText();
      await expect.poll(() => region.locator('tr').last().innerText(), { timeout: 10_000 }).not.toBe(rows);
      expect(await region.evaluate((element) => document.activeElement === element)).toBe(true);

      await page.getByRole('application').click({ button: 'right' });
      await drag(page, [__filename], ['dragEnter']);
      await page.getByText('Drop data, pictures or a network').waitFor({ state: 'hidden' });
      expect(await page.getByLabel('Learning rate').evaluate(takesText)).toBe(true);

      await drop(page, { 'notes.txt': new Uint8Array(9) });
      await press(page, 'Dismiss the message');
      await expect.poll(() => page.getByRole('alert').allTextContents()).toEqual(['', '']);
      expect(await page.locator('.verdict').innerText()).toBe('Draw something.');
    });
  });

  test('is used by keyboard alone', async () => {
    await open(plain(), {}, async (page) => {
      await ready(page);
      await page.getByLabel('Kind').selectOption('linear');
      await tabTo(page, 'Epochs');
      await page.keyboard.type('2');
      await tabTo(page, 'Train');
      await page.keyboard.press('Enter');
      await said(page, 'The training is complete.');
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Train a new one');
      await tabTo(page, 'Drawing area');
      for (const key of ['Space', 'ArrowUp', 'ArrowUp', 'ArrowRight', 'Space', 'ArrowDown'])
        await page.keyboard.press(key);
      await page.getByText(/^It takes your drawing for \w+\.$/).waitFor();
    });
  });

  test('fits every width, light and dark, and axe finds nothing', async () => {
    await open(plain(), {}, async (page) => {
      await ready(page);
      await press(page, 'Take one of the data');
      await page.getByText(/^It takes a validation picture for/).waitFor();
      await drop(page, { 'notes.txt': new Uint8Array(9) });
      await page.getByRole('alert').getByText('notes.txt').waitFor();
      for (const [width, colorScheme] of [
        [360, 'light'],
        [800, 'dark'],
        [1600, 'light'],
      ] as const) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        await expect.poll(() => overflow(page)).toBe(0);
        expect(await axe(page)).toEqual([]);
      }
    });
  });
});

test('npm run example:browser refuses a port that is none', async () => {
  const child = spawn(process.execPath, ['examples/browser/serve.mjs', '--port', 'many'], { stdio: 'pipe' });
  let text = '';
  for await (const part of child.stderr) text += part;
  expect(text).toBe('example:browser: --port many: expected a whole number from 0 to 65535\n');
});
