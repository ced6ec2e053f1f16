import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll } from 'vitest';

const DEPENDENCIES = ['fflate', 'ndarray', 'ndarray-ops', 'papaparse', 'seedrandom'];

/** Compiles the library once, for the tests of this file. */
export function compiledLibrary(): { folder: string } {
  const library = { folder: '' };
  beforeAll(() => {
    library.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwise-library-'));
    const files = fs.readdirSync('src', { recursive: true, encoding: 'utf8' }).map((file) => path.join('src', file));
    const assembly = path.join('src', 'kernels', 'assembly');
    const entryPoints = files.filter((file) => file.endsWith('.ts') && !file.startsWith(assembly));
    buildSync({
      entryPoints,
      outbase: 'src',
      outdir: library.folder,
      format: 'esm',
      target: 'es2023',
      logLevel: 'error',
    });
    fs.writeFileSync(path.join(library.folder, 'package.json'), '{ "type": "module", "exports": "./index.js" }');
  }, 60_000);
  afterAll(() => fs.rmSync(library.folder, { recursive: true, force: true }));
  return library;
}

/**
 * Runs a program in a project of its own, that has the library, what the library depends on, and of its peers those
 * named.
 *
 * @param file - Its name: `.mjs` for an ES module, `.cjs` for CommonJS.
 * @param broken - Packages that are there and cannot be loaded.
 * @returns What it printed, read as JSON.
 */
export function runProject(
  library: string,
  peers: readonly string[],
  file: string,
  program: string,
  broken: readonly string[] = [],
): unknown {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwise-project-'));
  try {
    const packages = path.join(folder, 'node_modules');
    // A copy and not a link: packages are looked for from where a file really is.
    fs.cpSync(library, path.join(packages, 'layerwise'), { recursive: true });
    for (const name of [...DEPENDENCIES, ...peers]) {
      fs.mkdirSync(path.dirname(path.join(packages, name)), { recursive: true });
      fs.symlinkSync(path.resolve('node_modules', name), path.join(packages, name), 'junction');
    }
    for (const name of broken) {
      fs.mkdirSync(path.join(packages, name), { recursive: true });
      fs.writeFileSync(path.join(packages, name, 'index.js'), `throw new Error('${name} is broken\\nfor a reason');`);
    }
    fs.writeFileSync(path.join(folder, file), program);
    const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 60_000,
    });
    if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr}`);
    return JSON.parse(stdout);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
