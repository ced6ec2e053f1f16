// @module-tag slow

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withFewPictures } from '../helpers/few-pictures.js';
import { CHROMIUM, useBrowser, WITHOUT_CHROMIUM } from '../pictures/browser.js';

const NAMES = [
  'activations',
  'initialization-sensitivity',
  'update-rules',
  'deep-batchnorm',
  'weight-scale',
  'batch-size',
  'dropout',
  'image-filters',
  'naive-against-fast',
  'overfit-conv',
  'best-fully-connected',
];

let out: string;
let env: NodeJS.ProcessEnv;
beforeAll(() => {
  out = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwise-experiments-'));
  env = withFewPictures(out);
});
afterAll(() => fs.rmSync(out, { recursive: true, force: true }));

/** Runs a script as a user does, on few drawn pictures. */
function run(script: string, ...args: string[]) {
  const command = ['-r', 'ts-node/register', `scripts/experiments/${script}.ts`, ...args];
  const { status, stderr, stdout } = spawnSync(process.execPath, command, { encoding: 'utf8', timeout: 70_000, env });
  return { status, stderr, stdout };
}

function read(...file: string[]): string {
  return fs.readFileSync(path.join(out, ...file), 'utf8');
}

/** What stands in the page's elements of a name, without their markup. */
function texts(html: string, element: string): string[] {
  const found = html.matchAll(new RegExp(`<${element}( [^>]*)?>(.*?)</${element}>`, 'gs'));
  return Array.from(found, ([, , inside]) => inside.replace(/<[^>]*>/g, ''));
}

function plain(html: string): string {
  const characters = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' };
  return html.replace(/&(lt|gt|quot|#39|amp);/g, (name) => characters[name as keyof typeof characters]);
}

const browser = useBrowser();

describe('npm run experiments -- --quick', () => {
  let all: ReturnType<typeof run>;
  beforeAll(() => {
    all = run('all', '--quick', '--out', path.join(out, 'all'));
  }, 75_000);

  test('runs every experiment in under a minute', () => {
    expect(all.status, all.stderr).toBe(0);
    expect(all.stderr).toBe('');
    const seconds = texts(read('all', 'index.html'), 'p').flatMap((text) => /^([\d.]+) s$/.exec(text)?.[1] ?? []);
    expect(seconds).toHaveLength(NAMES.length);
    expect(seconds.reduce((sum, text) => sum + Number(text), 0)).toBeLessThan(60);
  });

  test.each(NAMES)('%s: the report says what was run, what was found and what that means', (name) => {
    const html = read('all', name, 'report.html');
    const { headline, conclusions, settings, results } = JSON.parse(read('all', name, 'results.json'));
    expect(texts(html, 'h1')).toHaveLength(1);
    expect(texts(html, 'h2')).toEqual(['What was run', 'Results', 'Figures']);
    expect(texts(html, 'p')[0]).toMatch(/^A quick run: .* nothing is concluded from them\.$/);
    expect(texts(html, 'dt')).toEqual(expect.arrayContaining(['training', 'data', 'seed', 'machine', 'size', 'time']));
    expect(texts(html, 'dd').map(plain)).toEqual(Object.values(settings).map(String));
    expect(settings.data).toContain('synthetic pictures');

    const [table] = texts(html, 'table');
    expect(table).toMatch(/\d/);
    expect(conclusions.length).toBeGreaterThanOrEqual(2);
    for (const text of [headline, ...conclusions]) expect(text).toMatch(/\d/);
    for (const text of conclusions) expect(plain(html)).not.toContain(text);
    expect(plain(html)).not.toMatch(/\b1 (seed|epoch)s\b/);
    expect(html).not.toContain(os.homedir() === '/' ? '\0' : os.homedir());
    // A quantity that was not measured, or a name that is not there, would show in a text as this.
    for (const text of [headline, ...conclusions, table]) expect(text).not.toMatch(/NaN|undefined|Infinity|\[object/);
    expect(Object.keys(results).length).toBeGreaterThan(0);
  });

  test.each(NAMES)('%s: the charts have titles on their axes, and the page stands by itself', (name) => {
    const html = read('all', name, 'report.html');
    const charts = html.match(/<svg .*?<\/svg>/gs) ?? [];
    expect(charts.length).toBeGreaterThan(0);
    for (const chart of charts.filter((svg) => !svg.includes('<image '))) {
      const titles = Array.from(chart.matchAll(/role-axis-title.*?<text[^>]*>([^<]+)<\/text>/gs), ([, text]) => text);
      expect(titles.length).toBeGreaterThanOrEqual(2);
      expect(titles.length % 2).toBe(0);
    }
    const addresses = new Set(html.match(/https?:[^"'\s<>)]*/g));
    addresses.delete('http://www.w3.org/2000/svg');
    addresses.delete('http://www.w3.org/1999/xlink');
    expect([...addresses]).toEqual([]);
    expect(html).not.toContain('<script src');
    expect(Buffer.byteLength(html)).toBeLessThan(3_000_000);
  });

  test('the index links each report, and draws no conclusion either', () => {
    const html = read('all', 'index.html');
    const links = Array.from(html.matchAll(/<a href="([^"]+)"/g), ([, href]) => href);
    expect(links).toEqual(NAMES.map((name) => `${name}/report.html`));
    expect(texts(html, 'p')[0]).toMatch(/^A quick run: /);
    expect(html).not.toContain('class="headline"');
  });

  const resultsOf = (name: string) => JSON.parse(read('all', name, 'results.json'));

  test('image-filters: greyscale is its formula, and each edge filter sees its own direction', () => {
    const { results, conclusions, settings } = resultsOf('image-filters');
    expect(results.greyError).toBeLessThan(1e-14);
    // A whole stripe: (1 + 2 + 1) · 255 in blue; in grey levels a tenth of it for blue.
    expect(results.drawing.across).toEqual({ horizontal: 1020, vertical: 0 });
    expect(results.drawing.down.horizontal).toBe(0);
    expect(results.drawing.down.vertical).toBeCloseTo(102, 9);
    expect(results.drawing.disc.horizontal).toBe(0);
    // Red is 0.3 of a grey level. The disc is round: three of the filter's four weights meet its edge at this size.
    expect(results.drawing.disc.vertical).toBeCloseTo(0.3 * 255 * 3, 9);
    expect(results.pictures).toHaveLength(3);
    expect(settings.pictures).toBe('disc, ring and drawing, 48 × 48');
    expect(conclusions[0]).toContain('0.3 R + 0.6 G + 0.1 B');
  });

  test('naive-against-fast: four passes, timed, that agree', () => {
    const { results } = resultsOf('naive-against-fast');
    expect(results.passes.map(({ name }: { name: string }) => name)).toEqual([
      'convolution, forward',
      'convolution, backward',
      'max pooling, forward',
      'max pooling, backward',
    ]);
    for (const { name, naive, fast, speedUp, difference } of results.passes) {
      expect(naive, name).toBeGreaterThan(0);
      expect(speedUp, name).toBe(naive / fast);
      expect(difference, name).toBeLessThan(name.startsWith('max pooling') ? Number.MIN_VALUE : 1e-10);
    }
    expect(Object.keys(results.passes[1].relErrors)).toEqual(['dx', 'dw', 'db']);
  });

  test('overfit-conv: an evaluation of all images at the start and after each epoch', () => {
    const { results } = resultsOf('overfit-conv');
    const [{ trainAccHistory, lossHistory }] = results.runs;
    expect(trainAccHistory).toHaveLength(5);
    expect(lossHistory).toHaveLength(8);
    for (const accuracy of trainAccHistory) expect((accuracy * 20) % 1).toBeCloseTo(0, 9);
    expect(results.best.mean).toBe(Math.max(...trainAccHistory));
  });

  test('the winner is judged with the running statistics of its best epoch', () => {
    const { results } = resultsOf('best-fully-connected');
    expect(results.valAcc).toBe(Math.max(...results.run.valAccHistory));
    expect(results.testAcc).toBeGreaterThan(0.1);
    expect(results.testAcc).toBeLessThan(1);
    const reached = results.search.map((one: { valAcc: number }) => one.valAcc);
    expect(results.winner).toEqual(results.search[reached.indexOf(Math.max(...reached))].candidate);
  });

  test('a script of its own finds the same numbers with the same seed, and others with another', () => {
    const found = (seed: string) => {
      const { status, stderr } = run('dropout', '--quick', '--seed', seed, '--out', path.join(out, seed));
      expect(status, stderr).toBe(0);
      return JSON.parse(read(seed, 'dropout', 'results.json'));
    };
    const { results, conclusions } = JSON.parse(read('all', 'dropout', 'results.json'));
    expect(found('231')).toMatchObject({ results, conclusions });
    expect(found('5').results).not.toEqual(results);
  }, 60_000);

  test('a folder that cannot be made is named before anything is run', () => {
    const file = path.join(out, 'file');
    fs.writeFileSync(file, '');
    const { status, stderr, stdout } = run('dropout', '--quick', '--out', file);
    expect(status).toBe(1);
    expect(stderr).toContain(`--out: cannot make the folder ${path.join(file, 'dropout')} (`);
    expect(stdout).toBe('');
  });

  test.skipIf(CHROMIUM === undefined)(
    `every page opens in Chromium without an error or a request${WITHOUT_CHROMIUM}`,
    async () => {
      for (const page of ['index.html', ...NAMES.map((name) => path.join(name, 'report.html'))]) {
        await browser.open(path.join(out, 'all', page), { width: 900 }, async (opened) => {
          const wide = await opened.evaluate(() => document.documentElement.scrollWidth);
          expect(wide, page).toBeLessThanOrEqual(900);
          const sizes = await opened
            .locator('figure svg')
            .evaluateAll((svgs) => svgs.map((svg) => svg.getBoundingClientRect().height));
          for (const height of sizes) expect(height, page).toBeGreaterThan(100);
        });
      }
    },
    60_000,
  );
});
