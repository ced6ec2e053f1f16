// @module-tag slow

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { transform } from 'esbuild';
import { type BrowserContext, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WORKER_FILE } from '../../scripts/build/stand-ins.mjs';
import * as library from '../../src/index.js';
import { BROWSER_PROGRAM } from '../../src/kernels/wasm/worker-program.js';
import { CHROMIUM, WITHOUT_CHROMIUM } from '../pictures/browser.js';
import { bundled } from './bundle.js';
import { ISOLATED, useSite } from './server.js';
import { type Trained, train } from './training.js';

const DOCUMENTED = fs.readFileSync('docs/browsers.md', 'utf8');
/** What docs/browsers.md says is enough for a page, and for an extension. */
const STRICT = /^default-src .*/m.exec(DOCUMENTED)?.[0] ?? '';
const EXTENSION = JSON.parse(`{${/"content_security_policy": .*/.exec(DOCUMENTED)?.[0]}}`);
const NO_WEBASSEMBLY = "default-src 'none'; script-src 'self'";

/** A name for the server's address. On localhost the library asks for the page's headers, to name a missing one. */
const HOST = 'layerwise.test';

const IMPORTS = `import * as library from './layerwise.browser.js';
import { train } from './training.js';`;
/** Trains, and puts what became of it into the page. */
const PAGE = `${IMPORTS}
document.body.textContent = JSON.stringify(await train(library));`;
const ON_THREADS = `${IMPORTS}
library.configureKernels({ threads: 2, workerUrl: '${WORKER_FILE}' });
document.body.textContent = JSON.stringify(await train(library));`;

const MANIFEST = {
  manifest_version: 3,
  name: 'trains',
  version: '1',
  background: { service_worker: 'background.js', type: 'module' },
  host_permissions: ['http://127.0.0.1/*'],
  ...EXTENSION,
};

describe.skipIf(CHROMIUM === undefined)(`what forbids code from strings, in Chromium${WITHOUT_CHROMIUM}`, () => {
  const site = useSite();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwise-policies-'));
  let one: string;
  let training: string;
  let expected: Trained;
  let onReference: Trained;
  const contexts: BrowserContext[] = [];

  beforeAll(async () => {
    one = (await bundled("export * from 'layerwise'")).text;
    const source = fs.readFileSync('test/browser/training.ts', 'utf8');
    training = (await transform(source, { loader: 'ts', format: 'esm', target: 'es2022' })).code;
    site.answers.set('/layerwise.browser.js', { text: one });
    site.answers.set('/training.js', { text: training });
    site.answers.set(`/${WORKER_FILE}`, { text: BROWSER_PROGRAM, headers: ISOLATED });
    expected = await train(library);
    library.configureKernels({ kernels: 'reference' });
    onReference = await train(library);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    fs.rmSync(folder, { recursive: true, force: true });
  });

  async function browser(name: string, ...args: string[]): Promise<BrowserContext> {
    const context = await chromium.launchPersistentContext(path.join(folder, name), {
      executablePath: CHROMIUM,
      headless: true,
      ignoreDefaultArgs: ['--disable-extensions'],
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', `--host-resolver-rules=MAP ${HOST} 127.0.0.1`, ...args],
    });
    contexts.push(context);
    return context;
  }

  /** What a page says that has trained, served with these headers; fails where anything appears on its console. */
  async function trained(
    context: BrowserContext,
    headers: Readonly<Record<string, string>>,
    { head = '', script = PAGE, host = HOST } = {},
  ): Promise<Trained> {
    const text = `<!doctype html><title>trains</title>${head}<body><script type="module" src="/page.js"></script>`;
    site.answers.set('/page', { text, headers });
    site.answers.set('/page.js', { text: script });
    const page = await context.newPage();
    const noticed: string[] = [];
    const failed = new Promise<never>((_, reject) => {
      const notice = (text: string) => {
        noticed.push(text);
        reject(new Error(text));
      };
      page.on('console', (message) => notice(message.text()));
      page.on('pageerror', (error) => notice(String(error)));
    });
    failed.catch(() => {});
    const done = page.locator('body', { hasText: '{' });
    await page.goto(`http://${host}:${site.port}/page`);
    await Promise.race([done.waitFor({ timeout: 20_000 }), failed]).finally(() => site.answers.delete('/page'));
    const result = JSON.parse((await done.textContent()) ?? '');
    await page.close();
    expect(noticed).toEqual([]);
    return result;
  }

  test('the policies are those that are documented', () => {
    expect(STRICT).toBe("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'");
    expect(EXTENSION.content_security_policy.extension_pages).not.toContain("'unsafe-eval'");
  });

  test('a page that may run its own files and WebAssembly, and nothing else, trains to the bits of Node', async () => {
    const context = await browser('page');
    const policy = { 'Content-Security-Policy': STRICT };
    expect(await trained(context, policy)).toMatchObject({ ...bitsOf(expected), threads: 1 });
    const isolated = { script: ON_THREADS, host: '127.0.0.1' };
    const threads = await trained(context, { ...policy, ...ISOLATED }, isolated);
    expect(threads).toMatchObject({ ...bitsOf(expected), threads: 2, notes: [] });
  });

  test('a page without a policy or a bundler takes the file by the hash that is published, and no other', async () => {
    const map = (integrity: string) =>
      `<script type="importmap">${JSON.stringify({ integrity: { '/layerwise.browser.js': integrity } })}</script>`;
    const integrity = `sha384-${createHash('sha384').update(one).digest('base64')}`;
    expect(await trained(contexts[0], {}, { head: map(integrity) })).toMatchObject(bitsOf(expected));
    const other = `sha384-${createHash('sha384').update('other').digest('base64')}`;
    await expect(trained(contexts[0], {}, { head: map(other) })).rejects.toThrow(
      "Failed to find a valid digest in the 'integrity'",
    );
  });

  test('an optional package is imported by the map of the page, and one that is in none is named', async () => {
    const { text } = await bundled("export * from 'fast-png';");
    site.answers.set('/fast-png.js', { text });
    const head = `<script type="importmap">${JSON.stringify({ imports: { 'fast-png': '/fast-png.js' } })}</script>`;
    const script = `${IMPORTS}
const png = await library.encodePng(library.zeros([2, 2]));
const missing = await library.saveChart('a.png', '<svg xmlns="http://www.w3.org/2000/svg"/>').catch(String);
document.body.textContent = JSON.stringify({ signature: [...png.slice(1, 4)], missing });`;
    expect(await trained(contexts[0], {}, { head, script })).toEqual({
      signature: [...'PNG'].map((letter) => letter.charCodeAt(0)),
      missing: expect.stringMatching(/^Error: saveChart: charts as PNG need the package @resvg.* \(.*did not load: /),
    });
  });

  test('a page that may not run WebAssembly trains on the reference, and says so', async () => {
    const result = await trained(contexts[0], { 'Content-Security-Policy': NO_WEBASSEMBLY });
    expect(result).toMatchObject(bitsOf(onReference));
    expect(result.notes.join()).toContain('wasm-unsafe-eval');
  });

  test('the service worker of an extension trains to the bits of Node', async () => {
    const extension = path.join(folder, 'extension');
    fs.mkdirSync(extension);
    const background = `import * as library from './layerwise.browser.js';
import { train } from './training.js';
train(library).catch((error) => ({ error: String(error.stack) })).then((result) =>
  fetch('http://127.0.0.1:${site.port}/report', { method: 'POST', body: JSON.stringify(result) }));`;
    const files = { 'layerwise.browser.js': one, 'training.js': training, 'background.js': background };
    for (const [name, text] of Object.entries({ ...files, 'manifest.json': JSON.stringify(MANIFEST) })) {
      fs.writeFileSync(path.join(extension, name), text);
    }
    const reported = site.reported();
    await browser('extended', `--disable-extensions-except=${extension}`, `--load-extension=${extension}`);
    expect(JSON.parse(await reported)).toMatchObject(bitsOf(expected));
  });

  test('a browser without WebAssembly trains on the reference, and says so', async () => {
    const result = await trained(await browser('plain', '--js-flags=--jitless'), {});
    expect(result).toMatchObject(bitsOf(onReference));
    expect(result.notes).toEqual(['There is no WebAssembly here: the reference runs.']);
  });
});

/** What has to be the same wherever the same kernels run. */
function bitsOf({ kernels, simd, twoLayerNet, convnet }: Trained): Partial<Trained> {
  return { kernels, simd, twoLayerNet, convnet };
}
