import AxeBuilder from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { CHROMIUM } from '../pictures/browser.js';

export interface Looked {
  readonly width?: number;
  readonly dark?: boolean;
  readonly scripts?: boolean;
  /** What the console may say: a server that is gone is noticed there. */
  readonly allowed?: RegExp;
}

/** Starts Chromium for the tests of this file, without a window. */
export function useBrowser(): (address: string, how: Looked, look: (page: Page) => Promise<void>) => Promise<void> {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (CHROMIUM === undefined) return;
    const args = ['--no-sandbox', '--disable-gpu', '--enable-precise-memory-info'];
    browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
  });

  /**
   * Opens an address, and fails where the page writes to the console (also of a policy that is violated), throws, or
   * asks for anything that is not on its server.
   */
  return async (address, { width = 1000, dark = false, scripts = true, allowed }, look) => {
    if (browser === undefined) throw new Error('there is no browser');
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme: dark ? 'dark' : 'light',
      javaScriptEnabled: scripts,
    });
    const page = await context.newPage();
    const noticed: string[] = [];
    const notice = (text: string) => {
      if (!allowed?.test(text)) noticed.push(text);
    };
    page.on('console', (message) => notice(message.text()));
    page.on('pageerror', (error) => notice(String(error)));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith('data:') && !url.startsWith(address.replace(/[?#].*$/, ''))) notice(url);
    });
    try {
      await page.goto(address);
      await look(page);
    } finally {
      await context.close();
    }
    expect(noticed).toEqual([]);
  };
}

/** What axe finds in a page as it is: a line for each element. */
export async function axe(page: Page): Promise<string[]> {
  // Through the debugger, so that the page's own policy stays as it is.
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: AxeBuilder.source });
  await session.detach();
  const found = await page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: typeof AxeBuilder }).axe.run(document, {
      resultTypes: ['violations'],
    });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html, any }) => `${id}: ${html} ${any[0]?.message}`));
  });
  return found;
}

/** By how many pixels a page is wider than its window. */
export async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
