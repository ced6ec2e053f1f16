import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the command needs of package.json. */
export interface PackageFile {
  readonly version: string;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

let read: PackageFile | null = null;

/** The package's own package.json: it stands two folders above this file, in src/ and in dist/. */
export function packageFile(): PackageFile {
  read ??= JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')) as PackageFile;
  return read;
}

/** The version of this package. */
export function version(): string {
  return packageFile().version;
}
