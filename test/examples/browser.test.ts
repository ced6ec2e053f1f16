// @module-tag slow

import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { array } from '../../src/arrays/index.js';
import { encodePng } from '../../src/pictures/png.js';
import { temporaryDir } from '../helpers/cifar10.js';
import { idxFile } from '../helpers/idx.js';
import { CHROMIUM, WITHOUT_CHROMIUM } from '../pictures/browser.js';
import { axe, overflow, useBrowser } from '../ui/browser.js';

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
        ['train-images-idx3-ubyte.gz', gzipSync(images), 'has images; drop the file of their labels together with it.'],
        ['train-labels-idx1-ubyte', labels.subarray(0, 20), 'has 20 bytes, expected 48, for 40 numbers'],
        ['cat.png', new Uint8Array(100), 'cat.png is no picture that this browser can read, or is damaged.'],
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
    await open(plain(), {}, async (page) => {
      await ready(page);
      await dropFolders(page, [path.join(folder, 'red'), path.join(folder, 'blue')]);
      await page.getByText(/^1 of 41 files cannot be read as pictures and are left out: .*broken\.png\.$/).waitFor();
      await page.getByText('36 pictures to train on, 4 to check with; 32 × 32 pixels, in color; 2 classes').waitFor();
      await page.getByLabel('Kind').selectOption('linear');
      await train(page, 5);
      await said(page, 'The training is complete.');
      await choose(page, 'Choose a picture…', path.join(folder, 'blue', '3.png'));
      await page.getByText('It takes 3.png for blue.').waitFor();
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

/** Serves the page as `npm run example:browser` does. @returns Its address. */
function useServer(...args: string[]): () => string {
  let child: ChildProcess | undefined;
  let address = '';
  beforeAll(async () => {
    if (CHROMIUM === undefined) return;
    const command = ['examples/browser/serve.mjs', '--port', '0', ...args];
    child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const part of child.stdout!) {
      address = /http:\S+/.exec(String(part))?.[0] ?? '';
      if (address !== '') break;
    }
  }, 60_000);
  afterAll(() => {
    child?.kill();
  });
  return () => address;
}

/** Waits until the first data are drawn, and the threads are up. */
async function ready(page: Page): Promise<void> {
  await said(page, /^Synthetic shapes: 3,500 pictures of 10 classes are ready\.$/);
  await page.locator('.engine li').first().waitFor();
}

async function said(page: Page, text: string | RegExp): Promise<void> {
  await page.getByRole('status').getByText(text).waitFor({ timeout: 50_000 });
}

async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}

async function train(page: Page, epochs: number): Promise<void> {
  await page.getByLabel('Epochs').fill(`${epochs}`);
  await press(page, 'Train');
}

async function tile(page: Page, name: string): Promise<string> {
  return page.locator('.tiles div', { hasText: name }).locator('dd').innerText();
}

async function choose(page: Page, name: string, file: string): Promise<void> {
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), press(page, name)]);
  await chooser.setFiles(file);
}

/** Drops files onto the page. */
async function drop(page: Page, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  const listed = Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')] as const);
  await page.evaluate((entries) => {
    const dataTransfer = new DataTransfer();
    for (const [name, base64] of entries) {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      dataTransfer.items.add(new File([bytes], name, { type: name.endsWith('.png') ? 'image/png' : '' }));
    }
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  }, listed);
}

/** Drops folders of this machine as a desktop does. */
async function dropFolders(page: Page, files: string[]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data });
    if (type === 'dragEnter') await page.getByText('Drop data, pictures or a network').waitFor();
  }
  await session.detach();
}

/** Clicks, and returns how long each took to be answered by a frame: milliseconds, the shortest first. */
async function clicks(page: Page, name: string, count: number): Promise<number[]> {
  await page.evaluate(() => {
    const answers: number[] = [];
    Object.assign(window, { answers });
    document.addEventListener('click', ({ timeStamp }) => {
      requestAnimationFrame(() => setTimeout(() => answers.push(performance.now() - timeStamp)));
    });
  });
  for (let i = 0; i < count; i++) await page.getByRole('button', { name, exact: true }).click();
  expect(await tile(page, 'State')).toBe('Training');
  await page.waitForFunction((n) => (window as unknown as { answers: number[] }).answers.length >= n, count);
  const answers = await page.evaluate(() => (window as unknown as { answers: number[] }).answers);
  return answers.map(Math.round).sort((a, b) => a - b);
}

async function drawSquare(page: Page): Promise<void> {
  const square = page.getByRole('application', { name: 'Drawing area' });
  await square.scrollIntoViewIfNeeded();
  const { x, y } = (await square.boundingBox())!;
  await page.mouse.move(x + 80, y + 80);
  await page.mouse.down();
  for (const [right, down] of [
    [200, 80],
    [200, 200],
    [80, 200],
    [80, 80],
  ] as const) {
    await page.mouse.move(x + right, y + down, { steps: 4 });
  }
  await page.mouse.up();
}

/** Presses Tab until the element of that name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    const found = await page.evaluate(() => {
      const at = document.activeElement;
      return (
        at?.getAttribute('aria-label') ?? (at as HTMLInputElement | null)?.labels?.[0]?.textContent ?? at?.textContent
      );
    });
    if (found === name) return;
  }
  throw new Error(`Tab does not reach ${name}`);
}
