import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** The command `layerwise` in one file below `folder`, which starts faster than through ts-node. @returns The file. */
export function bundledCommand(folder: string): string {
  const root = join(__dirname, '..');
  const outfile = join(folder, 'dist/cli/main.js');
  mkdirSync(join(folder, 'dist/cli'), { recursive: true });
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const entryPoints = [join(root, 'src/cli/main.ts')];
  const external = Object.keys(peerDependencies);
  const how = { bundle: true, platform: 'node', logLevel: 'error', ignoreAnnotations: true } as const;
  buildSync({ entryPoints, outfile, external, ...how });
  return outfile;
}
