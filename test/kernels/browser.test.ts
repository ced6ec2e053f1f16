// @module-tag slow
import { beforeAll, describe, expect, test } from 'vitest';
import { configureKernels } from '../../src/index.js';
import { convnetLosses } from '../helpers/convnet-losses.js';
import { CHROMIUM, WITHOUT_CHROMIUM } from '../pictures/browser.js';
import { ISOLATED, usePages } from './pages.js';

const START = (workers: number) => `Of ${workers} worker threads 0 started (they start with await ready()).`;

describe.skipIf(CHROMIUM === undefined)(`in Chromium${WITHOUT_CHROMIUM}`, () => {
  const run = usePages();
  let expected: number[];
  beforeAll(() => {
    configureKernels({ threads: 1 });
    expected = convnetLosses();
  });

  test.each(['page', 'worker'] as const)(
    'an isolated %s runs on threads from ready() on, to the bits of Node',
    async (where) => {
      const { ran, console } = await run({ headers: ISOLATED, where, settings: { threads: 3 } });
      expect(ran.before).toMatchObject({ kernels: 'wasm', simd: 'relaxed', threads: 1, notes: [START(2)] });
      expect(ran.after).toMatchObject({ kernels: 'wasm', simd: 'relaxed', threads: 3, notes: [] });
      expect(ran.trap).toMatch(/^gatherRows: the WebAssembly kernel trapped/);
      expect(ran.again).toMatchObject({ threads: 3, notes: [] });
      expect(ran.losses).toEqual({ before: expected, after: expected });
      expect(console).toEqual([]);
    },
  );

  test('as many as the browser says there are cores, while a page that is not isolated has one', async () => {
    const before = () => Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', { get: () => 4 });
    expect((await run({ headers: ISOLATED, before })).ran.after).toMatchObject({ threads: 4, notes: [] });
    const { ran } = await run({ before });
    expect(ran.after.threads).toBe(1);
    expect(ran.losses).toEqual({ before: expected, after: expected });
  });

  const [COOP, COEP] = Object.entries(ISOLATED).map(([name, value]) => ({
    header: `${name}: ${value}`,
    [name]: value,
  }));
  const needed = 'Threads need a cross-origin isolated page';
  test.each([
    ['COOP', { ...COOP, header: '' }, `the header is missing: ${COEP.header}.`],
    ['COEP', { ...COEP, header: '' }, `the header is missing: ${COOP.header}.`],
    ['neither', {}, `the headers are missing: ${COOP.header} and ${COEP.header}.`],
  ])(
    'a page on localhost with %s is told what is missing',
    async (_, { header: _unused, ...headers }: Record<string, string>, missing) => {
      const { ran, console } = await run({ headers, settings: { threads: 2 } });
      expect(ran.before.notes).toEqual([
        `${needed}: serve it with ${COOP.header} and ${COEP.header}. One thread runs.`,
      ]);
      expect(ran.after.notes).toEqual([`${needed}: ${missing} One thread runs.`]);
      expect(console).toEqual([]);
    },
  );

  const ownScripts = "default-src 'none'; img-src data:; script-src 'self' 'wasm-unsafe-eval'";
  const policy = (workers: string) => ({
    ...ISOLATED,
    'Content-Security-Policy': `${ownScripts}; worker-src ${workers}`,
  });
  const settings = { threads: 3 };

  test("worker-src 'self' allows the file of the package", async () => {
    const { ran, console } = await run({ headers: policy("'self'"), settings });
    expect(ran.after).toMatchObject({ threads: 3, notes: [] });
    expect(ran.losses.after).toEqual(expected);
    // The policy reports the Blob, which is not tried a second time.
    expect(console).toEqual([expect.stringContaining('blob:')]);
  });

  test('workerUrl says where the file is, and nothing else is tried', async () => {
    const where = { headers: policy("'self'"), workerFile: '/assets/threads.js' };
    const found = await run({ ...where, settings: { ...settings, workerUrl: 'assets/threads.js' } });
    expect(found.ran.after).toMatchObject({ threads: 3, notes: [] });
    expect(found.console).toEqual([]);
    const { ran } = await run({ ...where, settings: { ...settings, workerUrl: 'other.js' } });
    expect(ran.after.threads).toBe(1);
    expect(ran.after.notes).toEqual([
      expect.stringMatching(/^Of 2 worker threads 0 started \(other\.js did not load: it/),
    ]);
    expect(ran.losses.after).toEqual(expected);
  });

  test('a policy without workers leaves one thread, and the notes name what is refused', async () => {
    const { ran } = await run({ headers: policy("'none'"), settings });
    expect(ran.after.threads).toBe(1);
    const refused =
      "a Blob did not load: worker-src of the page's policy has no blob:; layerwise-worker.js did not load";
    expect(ran.after.notes).toEqual([expect.stringContaining(`Of 2 worker threads 0 started (${refused}`)]);
    expect(ran.after.notes[0]).toMatch(/; configureKernels\(\{ workerUrl \}\) says where the file is\)\.$/);
    expect(ran.losses).toEqual({ before: expected, after: expected });
  });
});
