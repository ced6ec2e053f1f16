// Installs a packed layerwise into empty projects, as users do, and has each import it, train ten steps and type-check.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const STRICT = ['--strict', '--skipLibCheck', 'false', '--target', 'es2023'];

/** None of these has @types/node: the declarations of the package stand on their own. */
const PROJECTS = {
  'ES module': { type: 'module', file: 'esm.mjs', steps: [['esm.mjs']] },
  CommonJS: { type: 'commonjs', file: 'commonjs.cjs', steps: [['commonjs.cjs']] },
  'TypeScript, nodenext': typescript('module', '--module', 'nodenext'),
  'TypeScript, nodenext, CommonJS': typescript('commonjs', '--module', 'nodenext'),
  'TypeScript, node16': typescript('module', '--module', 'node16'),
  'TypeScript, bundler': typescript('module', '--module', 'esnext', '--moduleResolution', 'bundler'),
  'TypeScript, bundler, CommonJS': typescript('commonjs', '--module', 'commonjs', '--moduleResolution', 'bundler'),
};

function typescript(type, ...options) {
  const file = 'typescript.ts';
  return { type, file, steps: [[TSC, ...STRICT, ...options, file], ['typescript.js']] };
}

/**
 * @param {string} tarball - What `npm pack` made.
 * @param {string} folder - Where to put the projects.
 * @returns {boolean} Whether every project did what it should.
 */
export function installEverywhere(tarball, folder) {
  let well = true;
  for (const [name, { type, file, steps }] of Object.entries(PROJECTS)) {
    const project = join(folder, name.replaceAll(/\W+/g, '-'));
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type }));
    copyFileSync(join(HERE, file), join(project, file));

    const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel', 'error', tarball];
    let failure = run(project, 'npm', install);
    for (const step of steps) failure ??= run(project, process.execPath, step);
    console.log(failure === null ? `ok: ${name}` : `FAILED: ${name}\n${failure}`);
    well &&= failure === null;
  }
  return well;
}

/** Null, or what the command printed and how it ended. A process that does not end is stopped, and has failed. */
function run(cwd, command, args) {
  const options = { cwd, encoding: 'utf8', timeout: 120_000, shell: process.platform === 'win32' && command === 'npm' };
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, options);
  if (status === 0) return null;
  const ended = error?.message ?? signal ?? `exit code ${status}`;
  return `${stdout}${stderr}\n${[command, ...args].join(' ')}: ${ended}`;
}
