// @module-tag slow
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, WITHOUT_CHROMIUM } from '../pictures/browser.js';
import { bundled } from './bundle.js';
import { ISOLATED, useSite } from './server.js';

/** Milliseconds within which a page that trains is to answer a click. */
const PROMPT = 50;
const CLICKS = 9;

/** Trains until it is told to stop, evaluates after each few steps, and notes how long each click has waited. */
const PROGRAM = `
import { configureKernels, DataLoader, fitAsync, kernelInfo, nn, optim, Random, ready } from 'layerwise';

configureKernels({ threads: 2 });
await ready();
const random = new Random(0);
const X = random.randn([200, 3, 16, 16]);
const y = random.randint(0, 10, 200);
const model = new nn.Sequential(
  new nn.Conv2d(3, 16, 3, { padding: 1 }), new nn.ReLU(), new nn.MaxPool2d(2),
  new nn.Conv2d(16, 16, 3, { padding: 1 }), new nn.ReLU(), new nn.Flatten(), new nn.Linear(16 * 8 * 8, 10),
);
const stop = new AbortController();
const waited = [];
const button = document.querySelector('button');
button.onclick = ({ timeStamp }) => {
  waited.push(performance.now() - timeStamp);
  button.textContent = waited.length;
  if (waited.length === ${CLICKS}) stop.abort(new Error('enough'));
};
let steps = 0;
let epochs = 0;
const run = fitAsync(model, new DataLoader({ X, y }, { batchSize: 20, shuffle: true }), {
  optimizer: new optim.Adam(model.parameters(), { lr: 1e-3 }),
  valLoader: new DataLoader({ X, y }, { batchSize: 20 }),
  epochs: 1e6,
  verbose: false,
  signal: stop.signal,
  onStep: () => void steps++,
  onEpoch: () => void epochs++,
});
button.disabled = false;
await run.catch((error) => {
  const { threads } = kernelInfo();
  document.querySelector('output').textContent = JSON.stringify({ why: error.message, waited, steps, epochs, threads });
});`;

describe.skipIf(CHROMIUM === undefined)(`training on the page itself, in Chromium${WITHOUT_CHROMIUM}`, () => {
  const site = useSite();
  let browser: Browser;
  beforeAll(async () => {
    site.answers.set('/program.js', { text: (await bundled(PROGRAM)).text });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  }, 60_000);
  afterAll(() => browser.close());

  test.each([
    ['isolated, on two threads', ISOLATED, 2],
    ['on one thread', {}, 1],
  ])('answers a click at once, %s', async (_, headers, threads) => {
    const body = '<button disabled>0</button><output></output><script type="module" src="/program.js"></script>';
    site.answers.set('/', { text: `<!doctype html><title>trains</title>${body}`, headers });
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${site.port}/`);
    for (let click = 1; click <= CLICKS; click++) {
      await page.getByRole('button', { name: String(click - 1), exact: true }).click();
    }
    const found = JSON.parse(await page.locator('output', { hasText: '}' }).innerText());
    await page.close();
    expect(found).toMatchObject({ why: 'enough', threads });
    expect(found.epochs).toBeGreaterThan(0);
    expect(found.steps).toBeGreaterThan(CLICKS);
    const waited = found.waited.sort((a: number, b: number) => a - b);
    expect(waited[Math.floor(CLICKS / 2)]).toBeLessThan(PROMPT);
  });
});
