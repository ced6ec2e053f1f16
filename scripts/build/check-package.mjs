// Packs the package, and holds the tarball against what users do with it: publint, attw, and empty projects that install it.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installEverywhere } from '../../test/consumers/install.mjs';
import { ROOT } from './kernels.mjs';

const folder = mkdtempSync(join(tmpdir(), 'layerwise-package-'));
try {
  process.exitCode = check() ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function check() {
  if (!run('npm', 'pack', '--loglevel', 'error', '--pack-destination', folder)) return false;
  const tarball = join(folder, readdirSync(folder)[0]);
  const results = [
    run('npx', 'publint', 'run', tarball, '--strict'),
    run('npx', 'attw', tarball, '--profile', 'esm-only'),
    installEverywhere(tarball, folder),
  ];
  return results.every(Boolean);
}

function run(command, ...args) {
  const { status } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', shell: process.platform === 'win32' });
  return status === 0;
}
