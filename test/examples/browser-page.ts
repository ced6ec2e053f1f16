import { type ChildProcess, spawn } from 'node:child_process';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { CHROMIUM } from '../pictures/browser.js';

/** Serves the page as `npm run example:browser` does. @returns Its address. */
export function useServer(...args: string[]): () => string {
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
export async function ready(page: Page): Promise<void> {
  await said(page, /^Synthetic shapes: 3,500 pictures of 10 classes are ready\.$/);
  await page.locator('.engine li').first().waitFor();
}

export async function said(page: Page, text: string | RegExp): Promise<void> {
  await page.getByRole('status').getByText(text).waitFor({ timeout: 50_000 });
}

export async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}

export async function train(page: Page, epochs: number): Promise<void> {
  await page.getByLabel('Epochs').fill(`${epochs}`);
  await press(page, 'Train');
}

export async function tile(page: Page, name: string): Promise<string> {
  return page.locator('.tiles div', { hasText: name }).locator('dd').innerText();
}

export async function choose(page: Page, name: string, file: string): Promise<void> {
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), press(page, name)]);
  await chooser.setFiles(file);
}

/** Drops files onto the page. */
export async function drop(page: Page, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
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
export async function dropFolders(page: Page, files: string[]): Promise<void> {
  await drag(page, files, ['dragEnter', 'dragOver', 'drop']);
}

export async function drag(page: Page, files: string[], types: ('dragEnter' | 'dragOver' | 'drop')[]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of types) {
    await session.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data });
    if (type === 'dragEnter') await page.getByText('Drop data, pictures or a network').waitFor();
  }
  await session.detach();
}

/** Clicks, and returns how long each took to be answered by a frame: milliseconds, the shortest first. */
export async function clicks(page: Page, name: string, count: number): Promise<number[]> {
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

/** How many pixels are of the colour of the loss. */
export function bluePixels(canvas: Element): number {
  const { width, height } = canvas as HTMLCanvasElement;
  const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at + 2]! - data[at]! > 90 && data[at + 3]! > 150) count++;
  return count;
}

/** Whether a text can be dropped there. */
export function takesText(field: Element): boolean {
  const dataTransfer = new DataTransfer();
  dataTransfer.setData('text/plain', '0.1');
  return field.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
}

export async function drawSquare(page: Page): Promise<void> {
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
export async function tabTo(page: Page, name: string): Promise<void> {
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
