import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { STAND_INS } from './scripts/build/stand-ins.mjs';

const SHARED = [
  ...[
    'arrays',
    'autograd',
    'checkpoints',
    'classifiers',
    'cli',
    'data',
    'docs',
    'examples',
    'files',
    'formats',
    'helpers',
    'http',
    'images',
    'insight',
    'layers',
    'loggers',
    'metrics',
    'models',
    'nn',
    'onnx',
    'optim',
    'pictures',
    'runs',
    'search',
    'serving',
    'terminal',
    'training',
    'ui',
  ].map((folder) => `test/${folder}/**/*.test.ts`),
  ...['conclusions', 'predictions', 'training'].map((name) => `test/scripts/${name}.test.ts`),
  // These run on engines of their own.
  ...[
    ...['activations', 'blocks', 'convolution', 'kernels', 'long-sums', 'losses', 'normalization', 'softmax'],
    ...['special-values', 'winograd'],
  ].map((kernels) => `test/kernels/${kernels}.test.ts`),
  ...['documentation', 'gradient-check', 'guide/names', 'index', 'readme', 'solver*', 'training-faults'].map(
    (name) => `test/${name}.test.ts`,
  ),
];
/** Those that measure memory. */
const MEMORY = ['autograd', 'data', 'nn'].map((folder) => `test/${folder}/*memory.test.ts`);
/** Those of the folders above that replace what the library finds when it is loaded. */
const OWN = ['formats/browser', 'formats/mutants', 'runs/model-file-alone'].map((name) => `test/${name}.test.ts`);
/** Those that run on the arrays that browsers get. */
const WITHOUT_PACKAGES = ['test/without-packages.test.ts'];

/** They have the tag for those that call them. */
const DEFINING = ['test/helpers/slow.ts', 'test/helpers/kernel-sets.ts'];
const LEFT_OUT = leftOut(process.argv);

export default defineConfig({
  // The programs of examples/ import the library by its name.
  resolve: {
    alias: [
      { find: /^layerwise$/, replacement: resolve('src/index.ts') },
      { find: /^layerwise\/(distributed|search)$/, replacement: resolve('src/$1/index.ts') },
    ],
  },
  test: {
    projects: [
      // Files whose tests leave the library as they found it share its modules: to load them takes longer than most tests.
      {
        extends: true,
        test: { name: 'shared', include: SHARED, exclude: [...MEMORY, ...OWN, ...LEFT_OUT], isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['test/**/*.test.ts'],
          exclude: [...SHARED, ...WITHOUT_PACKAGES, ...LEFT_OUT],
        },
      },
      { extends: true, test: { name: 'own', include: [...MEMORY, ...OWN], exclude: LEFT_OUT } },
      {
        extends: true,
        plugins: [{ name: 'without-packages', load: standIn, enforce: 'pre' }],
        test: { name: 'without packages', include: WITHOUT_PACKAGES, exclude: LEFT_OUT },
      },
    ],
    setupFiles: ['test/helpers/matchers.ts'],
    testTimeout: 60_000,
    // Two files at a time on two cores. Vitest's own choice is one core less than there are.
    maxWorkers: '100%',
    // Worker threads spin while they wait, so files that run side by side keep to one thread each. Tests of threads
    // configure them.
    // `-u` writes what the chapters of the guide print and draw.
    env: { LAYERWISE_THREADS: '1', LAYERWISE_GUIDE: isUpdate(process.argv) ? 'write' : 'compare' },
    tags: [{ name: 'slow', description: 'Left out of npm test, part of npm run test:all: see test/README.md.' }],
  },
});

function isUpdate(args: readonly string[]): boolean {
  return args.includes('-u') || args.includes('--update');
}

/** What browsers get in the place of the module that loads `ndarray`. */
function standIn(file: string) {
  return file.endsWith('/src/arrays/packages.ts') ? STAND_INS['arrays/packages.js'] : undefined;
}

/**
 * The files of test/ without a test that a run asks for, which need not be loaded: that takes a second, longer than
 * most of them run.
 *
 * @param args - Of the command. Those of `npm test` and `npm run test:slow` leave files out, others none.
 */
function leftOut(args: readonly string[]): string[] {
  if (args.includes('--tags-filter=!slow'))
    return testFiles().filter((file) => read(file).includes('@module-tag slow'));
  if (args.includes('--tags-filter=slow')) return testFiles().filter((file) => !mayBeSlow(file));
  return [];
}

function testFiles(): string[] {
  const files = readdirSync('test', { recursive: true, encoding: 'utf8' }).map((file) => `test/${file}`);
  return files.filter((file) => file.endsWith('.test.ts')).map((file) => file.replaceAll('\\', '/'));
}

function read(file: string): string {
  return readFileSync(file, 'utf8');
}

/** Whether a file, or another in test/ that it imports, tags tests or lets a helper do it. */
function mayBeSlow(file: string): boolean {
  const text = read(file);
  if (/@module-tag slow|\btags\b|describeKernelSets\(|FirstQuick\(/.test(text)) return true;
  const imports = Array.from(text.matchAll(/from '(\.[^']*)\.js'/g), ([, name]) => `${join(file, '..', name)}.ts`);
  return imports
    .map((name) => name.replaceAll('\\', '/'))
    .some((name) => name.startsWith('test/') && !DEFINING.includes(name) && mayBeSlow(name));
}
