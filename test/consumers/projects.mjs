// The projects that a packed layerwise is installed into: what Node runs as it is, and the tools that transform,
// bundle, test and type-check it.

import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

const STRICT = ['--strict', '--skipLibCheck', 'false', '--target', 'es2022'];
const NODE16 = ['--module', 'node16'];
/** Packages that a bundler must not follow the library into, wherever they are installed. */
const OPTIONAL = ['vega', 'vega-lite', 'fast-png', '@resvg/resvg-js', '@jsquash/jpeg', 'jiti'];
const VITEST = [
  ['vitest', 'run', '--globals'],
  ['vitest', 'run', '--globals', '--config', 'inline.config.mjs'],
  ['vitest', 'run', '--globals', '--pool=vmThreads'],
];

/**
 * What bundlers get: a program that trains, one that takes nothing but F, one that imports the library by both of its
 * names, one that needs a single function.
 */
const PROGRAMS = ['esm', 'tensor-methods', 'both-names', 'one-function'];

/** What webpack's programs ask of a browser before anything else, to find their own files: Node has none of it. */
const SURROUNDINGS = `const location = new URL('http://localhost/browser/main.js');
Object.assign(globalThis, { self: globalThis, location, importScripts() {} });
`;

/** A build by this repository's esbuild: platform, format, what to bundle, where to. */
const ESBUILD = `import { build } from ${JSON.stringify(import.meta.resolve('esbuild'))};
const [platform, format, entry, outfile] = process.argv.slice(2);
const { warnings } = await build({ entryPoints: [entry], outfile, platform, format, bundle: true, minify: true });
if (warnings.length > 0) process.exitCode = 1;
`;

/** Those that need no more than this repository has installed: `npm run check:package`. */
export const OWN = {
  'ES module': { type: 'module', files: ['esm.mjs'], steps: [['node', 'esm.mjs']] },
  CommonJS: { type: 'commonjs', files: ['commonjs.cjs'], steps: [['node', 'commonjs.cjs']] },
  'both formats': { type: 'module', files: ['formats.mjs'], steps: [['node', 'formats.mjs']] },

  'other entry points': { type: 'module', files: ['entries.mjs'], steps: [['node', 'entries.mjs']] },

  'the command': {
    type: 'commonjs',
    files: ['command.mjs'],
    texts: {
      'model.mjs':
        "import { nn } from 'layerwise';\n" +
        'export default () => new nn.Sequential(new nn.Flatten(), new nn.Linear(3072, 10));\n',
    },
    steps: [
      ['layerwise', 'info'],
      ['node', 'command.mjs'],
    ],
  },

  // None of these has @types/node: the declarations of the package stand on their own.
  'TypeScript, nodenext': typescript('module', '--module', 'nodenext'),
  'TypeScript, nodenext, CommonJS': typescript('commonjs', '--module', 'nodenext'),
  'TypeScript, node16': typescript('module', ...NODE16),
  'TypeScript, node16, CommonJS': typescript('commonjs', ...NODE16),
  'TypeScript, bundler': typescript('module', '--module', 'esnext', '--moduleResolution', 'bundler'),
  'TypeScript, bundler, CommonJS': typescript('commonjs', '--module', 'commonjs', '--moduleResolution', 'bundler'),
  'TypeScript before 5.7': { type: 'module', steps: [genericTypedArrays] },

  vitest: { ...vitest(), steps: VITEST.map(([name, ...args]) => [...own(name), ...args]) },
  Vite: vite(own('vite')),
  esbuild: {
    ...bundler([], {
      browser: (name) => ['node', 'build.mjs', 'browser', 'esm', `${name}.mjs`, `browser/${name}.mjs`],
      node: (name) => ['node', 'build.mjs', 'node', 'cjs', `${name}.mjs`, `node/${name}.cjs`],
    }),
    texts: { 'build.mjs': ESBUILD },
  },
  'one file': { type: 'module', files: ['one-file.mjs'], steps: [['node', 'one-file.mjs']] },
};

/** Those that need other packages, from the registry: with these, `npm run check:consumers`. */
export const REGISTRY = {
  'TypeScript 5.0': typescripts('typescript@~5.0.0', '--moduleResolution', 'node'),
  'TypeScript 5.4': typescripts('typescript@~5.4.0', '--moduleResolution', 'node'),
  'TypeScript 7': typescripts('typescript@7', '--moduleResolution', 'bundler'),

  'Jest 29': jest('jest@29', 'jest-environment-jsdom@29'),
  'Jest 30': jest('jest@30', 'jest-environment-jsdom@30'),
  'ts-jest': {
    ...testing('test.ts', 'typescript.ts', 'commonjs'),
    packages: ['ts-jest@29', 'jest@29', '@types/jest@29', 'typescript@~5.4.0'],
    steps: [['jest', '--preset', 'ts-jest']],
  },
  'vitest 3': { ...vitest(), packages: ['vitest@3'], steps: VITEST },

  tsx: run('tsx@4'),
  'ts-node': {
    ...run('ts-node@10', 'typescript@~5.9.0', '@types/node@20'),
    texts: {
      'tsconfig.json': JSON.stringify({ compilerOptions: { module: 'commonjs', target: 'es2022', strict: true } }),
    },
  },

  'esbuild of the registry': bundler(['esbuild'], {
    browser: (name) => ['esbuild', `${name}.mjs`, ...esbuild('browser', 'esm'), `--outfile=browser/${name}.mjs`],
    node: (name) => ['esbuild', `${name}.mjs`, ...esbuild('node', 'cjs'), `--outfile=node/${name}.cjs`],
  }),
  webpack: withWorkerFile({
    ...bundler(
      ['webpack@5', 'webpack-cli@6'],
      {
        browser: (name) => ['webpack', '--entry', `./${name}.mjs`, ...webpack('web', 'browser', `${name}.mjs`)],
        node: (name) => ['webpack', '--entry', `./${name}.mjs`, ...webpack('node', 'node', `${name}.cjs`)],
      },
      ['--import', './surroundings.mjs'],
    ),
    texts: { 'surroundings.mjs': SURROUNDINGS },
  }),
  rollup: bundler(['rollup@4', '@rollup/plugin-node-resolve@16', '@rollup/plugin-commonjs@29'], {
    browser: (name) => ['rollup', `${name}.mjs`, ...rollup(['browser'], 'es', 'mjs'), '-d', 'browser'],
    node: (name) => ['rollup', `${name}.mjs`, ...rollup(['node'], 'cjs', 'cjs'), '-d', 'node'],
  }),
  'Vite 7': vite(['vite'], 'vite@7'),
  'Vite of the registry': vite(['vite'], 'vite'),

  Deno: otherRuntime('deno', ['deno@2'], ['deno', 'run', '--allow-all']),
  Bun: otherRuntime('bun', ['bun@1'], ['bun']),
};

/** A command of this repository's own node_modules. */
function own(name) {
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8'));
  return ['node', join(dirname(manifest), typeof bin === 'string' ? bin : bin[name === 'typescript' ? 'tsc' : name])];
}

function typescript(type, ...options) {
  const files = ['typescript.ts'];
  return {
    type,
    files,
    steps: [
      [...own('typescript'), ...STRICT, ...options, ...files],
      ['node', 'typescript.js'],
    ],
  };
}

/** Another TypeScript, by the package's exports from either kind of module, and as bundlers or older resolvers do. */
function typescripts(version, ...resolution) {
  const steps = [
    ['tsc', ...STRICT, ...NODE16, 'typescript.ts'],
    ['node', 'typescript.js'],
    ['tsc', ...STRICT, ...NODE16, '--noEmit', 'module.mts'],
    ['tsc', ...STRICT, '--module', 'esnext', ...resolution, '--noEmit', 'typescript.ts'],
  ];
  const texts = { 'module.mts': "import './typescript.js';\nexport { nn } from 'layerwise';\n" };
  return { type: 'commonjs', packages: [version], files: ['typescript.ts'], texts, steps };
}

/**
 * Typed arrays have a type parameter from TypeScript 5.7 on; inferred into a declaration, it is an error before.
 * TypeScript itself is asked by `npm run check:consumers`.
 */
function genericTypedArrays(project) {
  const dist = join(project, '../node_modules/layerwise/dist');
  const files = readdirSync(dist, { recursive: true }).filter((name) => name.endsWith('.d.ts'));
  const wrong = files.filter((name) => /Array<ArrayBuffer(Like)?>/.test(readFileSync(join(dist, name), 'utf8')));
  return wrong.length === 0 ? null : `state the type of the typed array: ${wrong.join(', ')}`;
}

/** A test that runs one of the programs here. */
function testing(test, file, type = 'module') {
  const text = `test('it runs', async () => { await import('./${file.replace(/\.ts$/, '')}'); });\n`;
  return { type, files: [file], texts: { [`train.${test}`]: text } };
}

function vitest() {
  const project = testing('test.mjs', 'formats.mjs');
  const inline = "export default { test: { server: { deps: { inline: ['layerwise'] } } } };\n";
  return { ...project, texts: { ...project.texts, 'inline.config.mjs': inline } };
}

function jest(...packages) {
  const files = ['commonjs.cjs', 'formats.mjs'];
  const texts = {
    'train.test.js': "test('it runs', () => { require('./commonjs.cjs'); });\n",
    'formats.test.mjs': "test('it runs', async () => { await import('./formats.mjs'); });\n",
  };
  const modules = ['node', '--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--testMatch=**/*.test.mjs'];
  return {
    type: 'commonjs',
    packages,
    files,
    texts,
    steps: [['jest', 'train'], ['jest', '--env=jsdom', 'train'], modules],
  };
}

/** A program that runs TypeScript and modules of either kind. */
function run(...packages) {
  const [name] = packages[0].split('@');
  return { type: 'commonjs', packages, files: ['typescript.ts'], steps: [[name, 'typescript.ts']] };
}

function otherRuntime(name, packages, command) {
  const files = ['esm.mjs', 'commonjs.cjs', 'formats.mjs', 'threads.mjs'];
  const steps = files.map((file) => [...command, file]);
  return { type: 'module', packages, files, steps, quiet: true, needs: [name, '--version'] };
}

/**
 * A bundler, for browsers and for Node.
 *
 * Node runs both: what the bundle for browsers asks of its surroundings, Node has too, or gets by `options`.
 */
function bundler(packages, platforms, options = []) {
  // The optional packages are there: those of the registry, or this repository's.
  const steps = packages.length > 0 ? [] : [withOptionalPackages];
  for (const [platform, build] of Object.entries(platforms)) {
    for (const name of PROGRAMS) {
      const file = `${platform}/${name}.${platform === 'node' ? 'c' : 'm'}js`;
      steps.push(build(name), ['node', ...(platform === 'browser' ? options : []), file]);
    }
  }
  steps.push((project) => small(join(project, 'browser/one-function.mjs')));
  packages = packages.length > 0 ? [...packages, ...OPTIONAL] : [];
  return { type: 'module', packages, files: [...PROGRAMS.map((name) => `${name}.mjs`), 'required.cjs'], steps };
}

/** Links this repository's optional packages into a project. */
function withOptionalPackages(project) {
  for (const name of OPTIONAL) {
    const link = join(project, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), link, 'junction');
  }
  return null;
}

/** A bundler that puts the file of worker threads beside the bundle for browsers. */
function withWorkerFile(project) {
  return { ...project, steps: [...project.steps, hasWorkerFile] };
}

function hasWorkerFile(project) {
  const folder = join(project, 'browser');
  const files = readdirSync(folder, { recursive: true }).filter((name) => /\.m?js$/.test(name));
  const others = files.filter((name) => !PROGRAMS.includes(name.replace('.mjs', '')));
  const found = others.some((name) => readFileSync(join(folder, name), 'utf8').includes('onmessage'));
  return found ? null : `${folder} has no file of the worker threads: ${others.join(', ') || 'no other file'}`;
}

/** Whether a bundle, which not every bundler minifies, holds no more than it needs. The kernels alone are 175 KB. */
function small(bundle) {
  const { size } = statSync(bundle);
  return size < 60_000 ? null : `${bundle} has ${size} bytes, expected fewer than 60000: nothing unused was left out`;
}

function esbuild(platform, format) {
  return ['--bundle', '--minify', '--log-level=warning', `--platform=${platform}`, `--format=${format}`];
}

function webpack(target, folder, file) {
  return ['--mode', 'production', '--target', target, '--output-path', folder, '--output-filename', file];
}

function rollup(conditions, format, end) {
  const resolve = `node-resolve={exportConditions:${JSON.stringify(conditions)}}`;
  const names = ['--entryFileNames', `[name].${end}`, '--chunkFileNames', `[hash].${end}`];
  return ['-p', resolve, '-p', 'commonjs', '-f', format, '--silent', ...names];
}

function vite(command, ...packages) {
  const config = (name, build) =>
    `export default { ...${JSON.stringify({ logLevel: 'warn', ssr: { noExternal: true } })},
      build: { emptyOutDir: false, modulePreload: false, ...${JSON.stringify(build)}, rollupOptions: {
        input: './${name}.mjs', output: { entryFileNames: '[name].mjs' } } } };`;
  const texts = {};
  const project = bundler(packages, {
    browser: (name) => {
      texts[`${name}.config.mjs`] = config(name, { outDir: 'browser' });
      return [...command, 'build', '--config', `${name}.config.mjs`];
    },
    server: (name) => {
      texts[`${name}.server.config.mjs`] = config(name, { outDir: 'server', ssr: true });
      return [...command, 'build', '--config', `${name}.server.config.mjs`];
    },
  });
  return withWorkerFile({ ...project, texts });
}
