import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { packageFile } from './version.js';

/** What each optional package is for. */
const USES: Readonly<Record<string, string>> = {
  '@jsquash/jpeg': 'JPEG files',
  '@resvg/resvg-js': 'charts as PNG',
  bullmq: 'searches over Redis',
  'fast-png': 'PNG files',
  ioredis: 'searches over Redis',
  jiti: 'models and trials in TypeScript',
  koffi: 'training by several processes (MPI)',
  vega: 'charts',
  'vega-interpreter': 'charts where code may not be generated',
  'vega-lite': 'charts',
};

/** A package that the library uses if it is there. */
export interface OptionalPackage {
  readonly name: string;
  /** What is there; null where it is missing. */
  readonly version: string | null;
  readonly use: string;
  /** The versions that fit. */
  readonly wanted: string;
}

/** The optional packages, as they are found from the library or from `cwd`. */
export function optionalPackages(cwd: string): OptionalPackage[] {
  return Object.entries(packageFile().peerDependencies).map(([name, wanted]) => {
    return { name, version: installed(name, cwd), use: USES[name] ?? '', wanted };
  });
}

/** The version of a package that is installed. Its files are not run, and need not export package.json. */
function installed(name: string, cwd: string): string | null {
  for (const from of [__filename, resolve(cwd, 'index.js')]) {
    for (const folder of createRequire(from).resolve.paths(name) ?? []) {
      const file = join(folder, name, 'package.json');
      if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
    }
  }
  return null;
}
