// Installs a packed layerwise into projects as users have them, and has each do what it is for.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const SHELL = process.platform === 'win32';

/**
 * @typedef {object} Project
 * @property {'module' | 'commonjs'} type - Of its package.json.
 * @property {readonly string[]} [packages] - What it needs beside layerwise, from the registry.
 * @property {readonly string[]} [files] - Of this folder, copied into it.
 * @property {Readonly<Record<string, string>>} [texts] - Other files: name to text.
 * @property {readonly (readonly string[] | ((project: string) => string | null))[]} steps - Commands, `node` or a name
 *   in node_modules/.bin; or a function of the project's folder that says what is wrong, or null.
 * @property {boolean} [quiet] - Whether a word on stderr is a failure.
 * @property {readonly string[]} [needs] - A command without which the project is skipped: what it runs in has no build
 *   for this machine.
 */

/**
 * @param {string} tarball - What `npm pack` made.
 * @param {string} folder - Where to put the projects.
 * @param {Readonly<Record<string, Project>>} projects - By name.
 * @returns {boolean} Whether every project did what it should.
 */
export function installInto(tarball, folder, projects) {
  mkdirSync(folder);
  // Those that need nothing else find the package above them, installed once.
  writePackage(folder, 'commonjs');
  let failure = install(folder, [tarball]);
  if (failure !== null) console.log(`FAILED: npm install\n${failure}`);
  let well = failure === null;

  for (const [name, project] of Object.entries(projects)) {
    const { type, packages = [], files = [], texts = {}, steps, quiet = false, needs } = project;
    const place = join(folder, name.replaceAll(/\W+/g, '-'));
    mkdirSync(place);
    writePackage(place, type);
    for (const file of files) copyFileSync(join(HERE, file), join(place, file));
    for (const [file, text] of Object.entries(texts)) writeFileSync(join(place, file), text);

    failure = packages.length > 0 ? install(place, [...packages, tarball]) : null;
    const missing = needs && (failure ?? run(place, needs, false));
    if (missing) {
      console.log(`skipped: ${name}: ${needs[0]} does not run here (${missing.trim().split('\n')[0]})`);
      continue;
    }
    for (const step of steps) failure ??= typeof step === 'function' ? step(place) : run(place, step, quiet);
    console.log(failure === null ? `ok: ${name}` : `FAILED: ${name}\n${failure}`);
    well &&= failure === null;
  }
  return well;
}

function writePackage(folder, type) {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type }));
}

function install(cwd, packages) {
  return spawn(cwd, 'npm', [
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--loglevel',
    'error',
    ...packages,
  ]);
}

/** Null, or what the command printed and how it ended. */
function run(cwd, [command, ...args], quiet) {
  return command === 'node'
    ? spawn(cwd, process.execPath, args, quiet)
    : spawn(cwd, 'npx', ['--no-install', command, ...args], quiet);
}

/** Null, or what the command printed and how it ended. A process that does not end is stopped, and has failed. */
function spawn(cwd, command, args, quiet = false) {
  const options = { cwd, encoding: 'utf8', timeout: 300_000, shell: SHELL && command !== process.execPath };
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, options);
  if (status === 0 && !(quiet && stderr !== '')) return null;
  const ended = error?.message ?? signal ?? `exit code ${status}`;
  return `${stdout}${stderr}\n${[command, ...args].join(' ')}: ${ended}`;
}
