// Packs the package and checks the tarball: publint, attw, the links of its documents, and projects that install it.
// `--consumers [NAME…]` runs the projects of other tools too, which come from the registry; with names, only the
// projects whose name contains one.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { installInto } from '../../test/consumers/install.mjs';
import { OWN, REGISTRY } from '../../test/consumers/projects.mjs';
import { ROOT } from './kernels.mjs';

/**
 * Bytes of the tarball: three builds, that for pages with its map; declarations, sources; the command with its servers
 * and the page it serves; jobs and searches; the guide.
 */
const LARGEST = 4.6e6;

const consumers = process.argv.indexOf('--consumers');
const folder = mkdtempSync(join(tmpdir(), 'layerwise-package-'));
try {
  process.exitCode = check() ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function check() {
  if (!run('npm', 'pack', '--loglevel', 'error', '--pack-destination', folder)) return false;
  const tarball = join(folder, readdirSync(folder)[0]);
  const projects = join(folder, 'projects');
  if (consumers > 0) {
    const names = process.argv.slice(consumers + 1).map((name) => name.toLowerCase());
    const wanted = ([name]) => names.length === 0 || names.some((part) => name.toLowerCase().includes(part));
    return installInto(tarball, projects, Object.fromEntries(Object.entries({ ...OWN, ...REGISTRY }).filter(wanted)));
  }
  const results = [
    run('npx', 'publint', 'run', tarball, '--strict'),
    run('npx', 'attw', tarball),
    light(tarball),
    installInto(tarball, projects, OWN),
    linked(join(projects, 'node_modules/layerwise')),
  ];
  return results.every(Boolean);
}

function light(tarball) {
  const { size } = statSync(tarball);
  if (size > LARGEST) console.error(`the tarball has ${size} bytes, expected at most ${LARGEST}`);
  return size <= LARGEST;
}

/** Whether each link from one of the package's documents to a file leads to one in the package. */
function linked(place) {
  const documents = readdirSync(place, { recursive: true }).filter((name) => /^(docs[\\/])?[^\\/]+\.md$/.test(name));
  const broken = documents.flatMap((name) => {
    const links = [...readFileSync(join(place, name), 'utf8').matchAll(/\]\((?![a-z]+:|#)([^)#]+)/g)];
    return links.filter(([, to]) => !existsSync(join(place, dirname(name), to))).map(([, to]) => `${name}: ${to}`);
  });
  for (const link of broken) console.error(`there is no such file in the package: ${link}`);
  return documents.length > 0 && broken.length === 0;
}

function run(command, ...args) {
  const { status } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', shell: process.platform === 'win32' });
  return status === 0;
}
