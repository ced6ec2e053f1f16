import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { FOR_BROWSERS } from '../../scripts/build/browser.mjs';
import { fromSources, WORKER_FILE } from '../../scripts/build/stand-ins.mjs';
import type { KernelSettings } from '../../src/kernels/index.js';
import { BROWSER_PROGRAM } from '../../src/kernels/wasm/worker-program.js';
import { CHROMIUM } from '../pictures/browser.js';
import type { Ran } from '../programs/in-browser.js';

/** The headers that isolate a page. */
export const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** How a page is served, and where on it the program runs. */
export interface Site {
  readonly headers?: Record<string, string>;
  readonly where?: 'page' | 'worker';
  /** The path that has the file of the package, beside the program by default. */
  readonly workerFile?: string;
  readonly settings?: Partial<KernelSettings>;
  /** Changes the page before its scripts run. */
  readonly before?: () => void;
}

/** What the program said, and the console. */
export interface Seen {
  readonly ran: Ran;
  readonly console: readonly string[];
}

/**
 * Starts Chromium and a server for the tests of a file, and bundles `test/programs/in-browser.ts` for them.
 *
 * @returns What opens a page, runs the program there and closes it.
 */
export function usePages(): (site: Site) => Promise<Seen> {
  let browser: Browser | undefined;
  let server: Server;
  let program: string;
  let site: Site = {};
  beforeAll(async () => {
    if (CHROMIUM === undefined) return;
    const bundled = build({
      ...FOR_BROWSERS,
      entryPoints: ['test/programs/in-browser.ts'],
      write: false,
      plugins: [fromSources()],
    });
    server = createServer(({ url = '/' }, response) => {
      const { headers, workerFile = `/${WORKER_FILE}` } = site;
      const files: Record<string, [type: string, text: string]> = {
        '/': [
          'text/html',
          '<!doctype html><link rel="icon" href="data:,"><script type="module" src="program.js"></script>',
        ],
        '/program.js': ['text/javascript', program],
        [workerFile]: ['text/javascript', BROWSER_PROGRAM],
      };
      const [type, text] = files[url] ?? ['text/plain', ''];
      response.writeHead(url in files ? 200 : 404, { 'Content-Type': type, ...headers }).end(text);
    }).listen(0, '127.0.0.1');
    const args = ['--no-sandbox', '--disable-gpu'];
    browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args });
    program = (await bundled).outputFiles[0].text;
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  return async (wanted) => {
    if (browser === undefined) throw new Error('there is no browser');
    site = wanted;
    const page = await browser.newPage();
    const console: string[] = [];
    page.on('console', (message) => console.push(message.text()));
    page.on('pageerror', (error) => console.push(String(error)));
    try {
      if (site.before !== undefined) await page.addInitScript(site.before);
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      const { where = 'page', settings = {} } = site;
      return { ran: await (where === 'page' ? onPage : inWorker)(page, settings), console };
    } finally {
      await page.close();
    }
  };
}

function onPage(page: Page, settings: Partial<KernelSettings>): Promise<Ran> {
  return page.evaluate((given) => (window as unknown as { run(given: unknown): Promise<Ran> }).run(given), settings);
}

function inWorker(page: Page, settings: Partial<KernelSettings>): Promise<Ran> {
  return page.evaluate(
    (given) =>
      new Promise<Ran>((resolve, reject) => {
        const worker = new Worker('program.js', { type: 'module' });
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.onmessage = ({ data: { ran, error } }) => {
          worker.terminate();
          if (ran === undefined) reject(new Error(error));
          else resolve(ran);
        };
        worker.postMessage(given);
      }),
    settings,
  );
}
