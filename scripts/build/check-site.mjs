// Checks the site in docs/site: no link leads nowhere, and axe finds nothing, in light and dark, on a wide screen and
// on a phone's, where there is a Chromium. Of the library's pages, which are alike, it looks at some; with --all at
// each.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { ROOT } from './kernels.mjs';

const require = createRequire(import.meta.url);
const SITE = join(ROOT, 'docs/site');
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
/** Of a folder of the library's pages, so many are looked at. */
const SAMPLE = 1;

const pages = readdirSync(SITE, { recursive: true })
  .filter((file) => file.endsWith('.html') && !file.startsWith('media'))
  .map((file) => file.replaceAll('\\', '/'))
  .sort();
const texts = new Map(pages.map((page) => [page, readFileSync(join(SITE, page), 'utf8')]));
const anchors = new Map([...texts].map(([page, text]) => [page, new Set(matches(text, /\sid="([^"]*)"/g))]));

const found = [...texts].flatMap(([page, text]) => deadLinks(page, text));
if (CHROMIUM === undefined) console.error('check-site: axe is skipped, there is no Chromium in /usr/bin');
else found.push(...(await looked()));
for (const line of found) console.error(line);
console.error(`check-site: ${pages.length} pages, ${found.length === 0 ? 'nothing found' : `${found.length} faults`}`);
process.exitCode = found.length > 0 ? 1 : 0;

function matches(text, pattern) {
  return Array.from(text.matchAll(pattern), ([, match]) => match);
}

/**
 * The links of a page, and its pictures and scripts, that lead nowhere within the site; and those to a domain that is
 * the name of a file.
 */
function deadLinks(page, text) {
  const links = [...new Set(matches(text, /\s(?:href|src)="([^"]+)"/g))];
  const files = links.filter((link) => /^https?:\/\/[\w-]+\.(md|py|ts|js|mjs|json)$/i.test(link));
  const within = links.filter((link) => !/^[a-z]+:/.test(link));
  return [...files.map((link) => `${page}: ${link} is no site`), ...within.flatMap((link) => broken(page, link))];
}

/** What is wrong with a link within the site. */
function broken(page, link) {
  const [path, anchor] = decodeURI(link.replaceAll('&amp;', '&')).split('#');
  const target = path === '' ? page : relative(SITE, join(SITE, dirname(page), path)).replaceAll('\\', '/');
  if (!existsSync(join(SITE, target))) return [`${page}: ${link} leads nowhere`];
  const ids = anchors.get(target);
  const isThere = ids === undefined || anchor === undefined || anchor === '' || ids.has(decodeURIComponent(anchor));
  return isThere ? [] : [`${page}: ${link} has no such place`];
}

/** The pages that axe looks at. */
function sample() {
  if (process.argv.includes('--all')) return pages;
  const seen = new Map();
  return pages.filter((page) => {
    const folder = dirname(page);
    seen.set(folder, (seen.get(folder) ?? 0) + 1);
    return folder === '.' || folder === 'documents' || seen.get(folder) <= SAMPLE;
  });
}

/** What axe finds, and pages that are wider than their window. */
async function looked() {
  const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  const faults = new Set();
  const look = async (colorScheme, width) => {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
    const tab = await context.newPage();
    for (const page of sample()) {
      await tab.goto(pathToFileURL(join(SITE, page)).href);
      await tab.addScriptTag({ content: axe });
      const violations = await tab.evaluate(async () => {
        const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
        return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
      });
      const { scrollWidth, clientWidth } = await tab.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return { scrollWidth, clientWidth };
      });
      if (scrollWidth > clientWidth) violations.push(`is ${scrollWidth} pixels wide in a window of ${clientWidth}`);
      for (const violation of violations) faults.add(`${page} (${colorScheme}, ${width}): ${violation}`);
    }
    await context.close();
  };
  // Side by side, as axe takes seconds for a page.
  await Promise.all([look('light', 1280), look('dark', 360)]);
  const tab = await browser.newPage();
  for (const fault of await searched(tab)) faults.add(fault);
  await browser.close();
  return faults;
}

/** What the search does not find among its first results. */
async function searched(tab) {
  const wanted = [
    ['moons', 'layerwise'],
    ['dropout', 'Dropout'],
    ['nn.Linear', 'layerwise.nn.Linear'],
  ];
  await tab.goto(pathToFileURL(join(SITE, 'index.html')).href);
  await tab.locator('#tsd-search-trigger').click();
  const faults = [];
  for (const [query, name] of wanted) {
    await tab.locator('#tsd-search-input').fill(query);
    const result = tab.locator('#tsd-search-results li:nth-child(-n+3)').getByText(name, { exact: true });
    const isThere = await result
      .first()
      .waitFor({ timeout: 10_000 })
      .then(
        () => true,
        () => false,
      );
    if (!isThere) faults.push(`search: ${query} does not find ${name}`);
  }
  return faults;
}
