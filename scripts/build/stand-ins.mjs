// Modules of dist/esm that the build replaces: what browsers get has no packages that compile code, nothing that only
// Node can do, and packed kernels.

import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ROOT } from './kernels.mjs';
import { sortCode } from './sort-code.mjs';

/** The file that a browser's worker thread starts from where a policy forbids a Blob. */
export const WORKER_FILE = 'layerwise-worker.js';

/** What a function does whose name is `fn`, as `requireBuiltin` of src/node.ts does. */
const NEEDS_NODE = "throw new Error(fn + ': needs Node 20.19 or later (node:fs)');";

/** Functions of the library that get the name of the public one as their first argument. */
function needNode(...names) {
  return names.map((name) => `export function ${name}(fn) {\n  ${NEEDS_NODE}\n}`);
}

/** Public functions; `async` before a name is part of it. */
function publicNeedNode(...names) {
  const functions = names.map((name) => {
    const [, async = '', fn] = /^(async )?(.*)$/.exec(name);
    return `export ${async}function ${fn}() {\n  const fn = '${fn}';\n  ${NEEDS_NODE}\n}`;
  });
  return functions.join('\n');
}

/**
 * What stands in the place of a module, by the module's path in dist/esm: its text, or a function of the text that the
 * compiler made.
 *
 * @type {Readonly<Record<string, string | ((compiled: string) => Promise<string>)>>}
 */
export const STAND_INS = {
  // Files and folders: what reads or writes them says that it needs Node, as the modules themselves do.
  'files/index.js': [
    ...needNode('attempt', 'checkRegular', 'fileError', 'holderOf', 'isRunning', 'kindOf', 'linkStatOf', 'makeFolder'),
    ...needNode('noFollow', 'openRegular', 'readBytes', 'readText', 'removeUnfinished', 'statOf', 'withLock'),
    ...needNode('withRegular', 'writeAtomically'),
    'export class LockLost extends Error {}',
    'export class LockQueue {}',
  ].join('\n'),
  'checkpoints/load.js': publicNeedNode('loadCheckpoint'),
  'data/cifar100.js': publicNeedNode('loadCifar100'),
  'data/image-files.js': needNode('listImages').join('\n'),
  'data/download-cifar10.js': publicNeedNode('async downloadCifar10'),
  'data/mnist.js': publicNeedNode('loadMnist', 'loadFashionMnist'),
  'loggers/csv.js': [publicNeedNode('csvLogger'), ...needNode('millis')].join('\n'),
  'loggers/json-lines.js': [publicNeedNode('jsonLinesLogger'), ...needNode('eventLine', 'stepLine')].join('\n'),
  'loggers/tensorboard.js': publicNeedNode('tensorBoardLogger'),
  'training/checkpointing.js': 'export const checkpointsOf = () => null;',
  'training/checkpoint-options.js': [
    "import { ANY, option } from '../arrays/index.js';",
    'export const CHECKPOINT_OPTIONS = { checkpoint: option(undefined, ANY), resume: option(false, ANY) };',
    'export function checkCheckpointed(name, { checkpoint, resume }) {',
    '  if (checkpoint === undefined && resume === false) return { checkpoint: null, resume: null };',
    "  const fn = name + (checkpoint === undefined ? ': resume' : ': checkpoint');",
    `  ${NEEDS_NODE}`,
    '}',
  ].join('\n'),

  // Threads of Node: the options of a run and of a loader are refused where there are none.
  'ui/options.js': [
    "import { ANY, argumentError, describe, option } from '../arrays/index.js';",
    'export const UI_OPTIONS = { ui: option(false, ANY) };',
    'export function checkUi(fn, ui) {',
    '  if (ui === false) return null;',
    "  const expected = 'false where there is no Node 20.19 or later';",
    "  const wayOut = 'in a browser, draw what onEpoch or loggers tell';",
    "  throw argumentError(TypeError, { fn, arg: 'ui', found: 'is ' + describe(ui), expected, wayOut });",
    '}',
  ].join('\n'),
  'training/live.js': `export class Live {\n  constructor({ fn }) {\n    ${NEEDS_NODE}\n  }\n}`,
  'training/live-facts.js': 'export const fitFacts = () => null;\nexport const solverFacts = fitFacts;',
  'training/live-sample.js': ['sampleOfBatch', 'sampleOfLoader', 'sampleOfSolver']
    .map((name) => `export const ${name} = () => null;`)
    .join('\n'),
  'data/workers/pool.js': `export class Pool {\n  constructor(fn) {\n    ${NEEDS_NODE}\n  }\n}\nexport class Ahead {}`,

  // Processes that train together: ranks exchange what Node serializes.
  'training/distributed-options.js': [
    "import { ANY, count, FLAG, option } from '../arrays/index.js';",
    'export const DISTRIBUTED_OPTIONS = {',
    '  distributed: option(undefined, ANY),',
    '  syncBatchnorm: option(false, FLAG),',
    '  verify: option(undefined, count(1)),',
    '};',
    'export function communicatorOf(name, distributed) {',
    '  if (distributed === undefined || distributed === null || distributed.size === 1) return null;',
    "  const fn = name + ': distributed';",
    `  ${NEEDS_NODE}`,
    '}',
    'export const checkDistributed = (fn, { distributed, syncBatchnorm, verify }) =>',
    '  ({ distributed: communicatorOf(fn, distributed), syncBatchnorm, verify: verify ?? null });',
  ].join('\n'),
  'training/solver-ranks.js': 'export class SolverRanks {}',
  'training/solver-shares.js': ['export function sharedStep() {}', 'export function* sharedScoreOf() {}'].join('\n'),
  'training/solver-start.js': [
    'export const onAll = (comm, work) => work();',
    'export const prepare = (run, work) => work();',
    'export function shareState() {}',
  ].join('\n'),
  'training/fit-ranks.js': 'export class FitRanks {}\nexport function checkEnough() {}',
  'training/fit-start.js': [
    'export class Start {',
    '  together(work) {',
    '    return work();',
    '  }',
    '  optionsOf(check) {',
    '    return check();',
    '  }',
    '  compare() {}',
    '  share() {}',
    '}',
  ].join('\n'),
  'training/shared-pass.js': 'export class SharedPass {}',
  // Checkpoints, ranks and the live page have it.
  'training/run-config.js': 'export const fitConfig = () => null;\nexport const solverConfig = fitConfig;',

  // A browser has no terminal, no limit of address space, and no garbage collector to call.
  'terminal/progress-bar.js': 'export class ProgressBar {\n  update() {}\n  clear() {}\n}',
  'kernels/wasm/address-space.js': [
    'export const roomForThreads = () => Infinity;',
    'export const roomForMemory = () => Infinity;',
  ].join('\n'),
  'kernels/wasm/collector.js': 'export const findCollector = () => null;',

  // Of the seven generators of seedrandom, the one that is used.
  'arrays/alea.js': "import alea from 'seedrandom/lib/alea.js';\nexport { alea };",

  // A browser serves no page.
  'ui/assets.generated.js': "export const PAGE = '';\nexport const PAGE_CSP = '';\nexport const SERVER = '';",

  // They would run `new Function`, which a page's policy reports even where the exception is caught.
  'arrays/packages.js': 'export function loadPackages() {\n  return null;\n}',

  // Turbo, which is tested before it is used, is a flag of Node's.
  'kernels/self-test.js': 'export function firstDisagreement() {\n  return null;\n}',

  'kernels/wasm/binaries.generated.js': packed,
  'kernels/wasm/unpack.js': [
    "import { inflateSync } from 'fflate';",
    "import { inOrder } from './sorted-code.js';",
    'export const unpack = (bytes) => inOrder(inflateSync(bytes));',
  ].join('\n'),

  // The form that Vite and webpack recognize: they take the file into what they build.
  'kernels/wasm/worker-file.js': [
    'export const startWorkerFile = () =>',
    `  new Worker(new URL('./${WORKER_FILE}', import.meta.url), { name: 'layerwise' });`,
  ].join('\n'),
};

/**
 * A module, compiled or not, whose classes keep their names. Minifiers rename classes, and errors, printed models and
 * `architecture()` say what a class is called. An accessor, since bundlers drop a class that has one as easily as
 * another; on the line where the class begins, so that source maps stay right.
 *
 * @param {string} text
 */
export function withClassNames(text) {
  const beginning = /^((?:export )?(?:abstract )?class (\w+)\b(?:.|\n(?=[ {]))*?\{)(\}?)$/gm;
  return text.replaceAll(beginning, "$1 static get name() { return '$2'; }$3");
}

/** The kernels with their code sorted, and deflated, which makes a quarter of them. */
async function packed(compiled) {
  const [, before, base64, after] = /^([\s\S]*base64: ')([^']+)([\s\S]*)$/.exec(compiled);
  const bytes = await sortCode(Buffer.from(base64, 'base64'));
  return `${before}${bytes.toString('base64')}${after}`;
}

/**
 * A plugin of esbuild: `layerwise` is src/ as browsers get it.
 *
 * @returns {import('esbuild').Plugin}
 */
export function fromSources() {
  const src = join(ROOT, 'src');
  const { sideEffects } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const effects = new Set(
    sideEffects.map((file) => join(src, file.replace(/^.\/dist\/(esm\/)?/, '').replace(/js$/, 'ts'))),
  );
  return {
    name: 'layerwise',
    setup(build) {
      build.onResolve({ filter: /^layerwise$/ }, () => ({ path: join(src, 'index.ts'), sideEffects: false }));
      // package.json names the files of dist/ that a bundler must not leave out.
      build.onResolve({ filter: /^\..*\.js$/ }, ({ path, resolveDir }) => {
        const file = join(resolveDir, path.replace(/js$/, 'ts'));
        return effects.has(file) ? { path: file, sideEffects: true } : undefined;
      });
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const standIn = STAND_INS[relative(src, path).replaceAll('\\', '/').replace(/ts$/, 'js')];
        const source = readFileSync(path, 'utf8');
        const contents = typeof standIn === 'string' ? standIn : await (standIn ?? withClassNames)(source);
        return { contents, loader: 'ts', resolveDir: dirname(path) };
      });
    },
  };
}
