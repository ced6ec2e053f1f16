// Builds the package: the kernels and the live page, then dist/. Does nothing where dist/ was made from these very
// sources.
//
//   dist/**/*.js      CommonJS with declarations: the one implementation that Node, Deno and Bun run, by `import` or
//                     `require`. With two, a process would have two memories, two sets of threads, two classes Tensor.
//   dist/index.mjs    the same by its names, for `import`; so are distributed/index.mjs and search/index.mjs
//   dist/esm/**/*.js  ES modules of what index.ts reaches, for bundlers that build for browsers and drop what is not
//                     used: the command and the servers are not among them. stand-ins.mjs says what else differs.
//   dist/layerwise.browser.js  dist/esm in one file, for pages without a bundler (browser.mjs)
//   dist/layerwise-worker.js   what a worker thread starts from where a page's policy forbids a Blob
//   dist/cli/main.js  the command `layerwise`

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { buildBrowser, esbuildVersion } from './browser.mjs';
import { buildGenerated } from './generated.mjs';
import { ROOT } from './kernels.mjs';
import { STAND_INS, WORKER_FILE, withClassNames } from './stand-ins.mjs';

const require = createRequire(import.meta.url);
const TSC = require.resolve('typescript/bin/tsc');
const DIST = join(ROOT, 'dist');
const BINARIES = 'kernels/wasm/binaries.generated';
const ASSETS = 'ui/assets.generated';
const WORKER = 'kernels/wasm/worker-program';
/** Folders whose index users import: `layerwise`, `layerwise/distributed`, `layerwise/search`. */
const ENTRIES = ['', 'distributed', 'search'];
/** Folders of the command: nobody imports them, so nobody needs their types. */
const PROGRAMS = ['cli', 'runs', 'serving', 'http', 'workloads'];

await buildGenerated();
const stamp = `// Sources: sha256 ${digest()}`;
const entry = join(DIST, 'index.mjs');
if (existsSync(entry) && readFileSync(entry, 'utf8').startsWith(stamp)) {
  console.error('build: dist/ is up to date');
} else {
  rmSync(DIST, { recursive: true, force: true });
  // Both compile the same sources, which need one check.
  await Promise.all([compile('tsconfig.build.json'), compile('tsconfig.esm.json', '--noCheck')]);
  for (const folder of ['', 'esm']) {
    for (const file of [BINARIES, ASSETS]) dropMaps(join(DIST, folder, file));
  }
  for (const [name, text] of Object.entries(STAND_INS)) await replace(`esm/${name}`, text);
  nameClasses(join(DIST, 'esm'));
  const { BROWSER_PROGRAM } = require(join(DIST, `${WORKER}.js`));
  for (const folder of ['esm/kernels/wasm', '']) write(join(folder, WORKER_FILE), BROWSER_PROGRAM.trimEnd());
  for (const folder of PROGRAMS) dropDeclarations(join(DIST, folder));
  // npm does so where it installs the package; a clone is linked as it is.
  chmodSync(join(DIST, 'cli/main.js'), 0o755);
  // The root is CommonJS. Some bundlers look for `sideEffects` in the nearest package.json, others in that of the root.
  const { sideEffects } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const esm = './dist/esm/';
  const here = sideEffects.filter((file) => file.startsWith(esm)).map((file) => file.replace(esm, './'));
  write('esm/package.json', JSON.stringify({ type: 'module', sideEffects: here }));
  for (const folder of ENTRIES) write(join(folder, 'index.d.mts'), "export * from './index.js';");
  for (const [name, { bytes, integrity }] of Object.entries(await buildBrowser(DIST))) {
    console.error(`dist/${name}: ${bytes} bytes, integrity="${integrity}"`);
  }
  // The root is written last: a build that was cut short is not up to date.
  for (const folder of ENTRIES.toReversed()) {
    write(join(folder, 'index.mjs'), `${stamp}\n${namedExports(require(join(DIST, folder, 'index.js')))}`);
  }
}

/** A hash of the sources, the settings, the scripts that build dist/ and the versions of compiler and bundler. */
function digest() {
  const hash = createHash('sha256').update(`esbuild ${esbuildVersion}\0`);
  const settings = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'tsconfig.esm.json'];
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name));
  for (const file of [
    ...['build.mjs', 'browser.mjs', 'sort-code.mjs', 'stand-ins.mjs'].map((name) => join(ROOT, 'scripts/build', name)),
    require.resolve('typescript/package.json'),
    ...settings.map((name) => join(ROOT, name)),
    ...sources.sort(),
  ]) {
    hash
      .update(`${relative(ROOT, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

async function compile(...args) {
  const [status] = await once(spawn(process.execPath, [TSC, '-p', ...args], { cwd: ROOT, stdio: 'inherit' }), 'exit');
  if (status !== 0) throw new Error(`build: tsc -p ${args.join(' ')} failed`);
}

/** An ES module with the names of a CommonJS one beside it. */
function namedExports(module) {
  const names = Object.keys(module).sort();
  return ['export {', ...names.map((name) => `  ${name},`), "} from './index.js';"].join('\n');
}

/** Drops the source maps of the module that holds the binaries: its source is not in the package. */
function dropMaps(path) {
  for (const end of ['.js', '.d.ts']) {
    rmSync(`${path}${end}.map`, { force: true });
    const file = `${path}${end}`;
    if (existsSync(file)) writeFileSync(file, readFileSync(file, 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, ''));
  }
}

/** Has the classes of all modules in a folder keep their names, whatever a minifier makes of them. */
function nameClasses(folder) {
  for (const name of readdirSync(folder, { recursive: true })) {
    const file = join(folder, name);
    if (name.endsWith('.js')) writeFileSync(file, withClassNames(readFileSync(file, 'utf8')));
  }
}

/** Drops the declarations in a folder. */
function dropDeclarations(folder) {
  for (const name of readdirSync(folder, { recursive: true })) {
    if (/\.d\.ts(\.map)?$/.test(name)) rmSync(join(folder, name));
  }
}

/** Puts another module into the place of one, which has no source then. */
async function replace(name, text) {
  const file = join(DIST, name);
  if (!existsSync(file)) return;
  const compiled = readFileSync(file, 'utf8')
    .replace(/^\/\/# sourceMappingURL=.*$/m, '')
    .trimEnd();
  rmSync(`${file}.map`, { force: true });
  write(name, typeof text === 'string' ? text : await text(compiled));
}

function write(name, text) {
  writeFileSync(join(DIST, name), `${text}\n`);
}
