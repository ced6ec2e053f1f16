import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Puts the library, of the sources as they are, into a folder as a package that programs in it import by its name. */
export async function installLibrary(folder: string): Promise<void> {
  const home = join(folder, 'node_modules', 'layerwise');
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name: 'layerwise', main: 'index.js' }));
  const external = ['@jsquash/jpeg', '@resvg/resvg-js', 'fast-png', 'jiti', 'vega', 'vega-lite'];
  const settings = { platform: 'node', format: 'cjs', bundle: true, external, logLevel: 'error' } as const;
  await build({ ...settings, entryPoints: ['src/index.ts'], outfile: join(home, 'index.js') });
}
