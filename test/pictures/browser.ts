import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** A Chromium of this machine, or undefined. */
export const CHROMIUM = PLACES.find((file) => fs.existsSync(file));

/** For the names of tests that need it. */
export const WITHOUT_CHROMIUM = CHROMIUM === undefined ? ` (skipped: no Chromium at ${PLACES.join(', ')})` : '';

/** Starts Chromium for the tests of this file, without a window and with a profile that is empty and then removed. */
export function useBrowser(): { open: typeof open } {
  let context: BrowserContext | undefined;
  let profile: string;
  beforeAll(async () => {
    if (CHROMIUM === undefined) return;
    profile = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwise-chromium-'));
    context = await chromium.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      headless: true,
      offline: true,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
  }, 60_000);
  afterAll(async () => {
    await context?.close();
    if (profile !== undefined) fs.rmSync(profile, { recursive: true, force: true });
  });

  /**
   * Opens a file, and fails where it writes to the console, throws, or asks for anything beside itself.
   *
   * @param look - What to do with the page.
   */
  async function open(
    file: string,
    { width = 900, height = 1200, dark = false }: { width?: number; height?: number; dark?: boolean },
    look: (page: Page) => Promise<void>,
  ): Promise<void> {
    if (context === undefined) throw new Error('there is no browser');
    const page = await context.newPage();
    const noticed: string[] = [];
    page.on('console', (message) => noticed.push(message.text()));
    page.on('pageerror', (error) => noticed.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith('data:')) noticed.push(request.url());
    });
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
    const url = `file://${file}`;
    await page.goto(url);
    await look(page);
    expect(noticed).toEqual([url]);
    await page.close();
  }
  return { open };
}
