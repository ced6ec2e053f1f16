import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

/** Packages that are loaded when they are needed. */
const external = ['@jsquash/jpeg', '@resvg/resvg-js', 'fast-png', 'jiti', 'koffi', 'vega', 'vega-lite'];
const SETTINGS = { platform: 'node', format: 'cjs', bundle: true, external, logLevel: 'error' } as const;

/** Puts the library, of the sources as they are, into a folder as a package that programs in it import by its name. */
export async function installLibrary(folder: string): Promise<void> {
  const home = join(folder, 'node_modules', 'layerwise');
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name: 'layerwise', main: 'index.js' }));
  await build({ ...SETTINGS, entryPoints: ['src/index.ts'], outfile: join(home, 'index.js') });
}

/** Puts the command into a folder as `node_modules/.bin/layerwise`, and some packages of this repository beside it. */
export async function installCommand(folder: string, packages: readonly string[]): Promise<void> {
  const [home, bin] = ['layerwise', '.bin'].map((name) => join(folder, 'node_modules', name));
  mkdirSync(home, { recursive: true });
  mkdirSync(bin);
  copyFileSync('package.json', join(home, 'package.json'));
  const main = join(home, 'dist/cli/main.js');
  await build({ ...SETTINGS, entryPoints: ['src/cli/main.ts'], outfile: main });
  chmodSync(main, 0o755);
  symlinkSync(main, join(bin, 'layerwise'));
  for (const name of packages) symlinkSync(resolve('node_modules', name), join(folder, 'node_modules', name));
}
