import { argumentError, printable } from '../arrays/index.js';
import { attempt, kindOf, statOf } from '../files/index.js';
import { requireBuiltin } from '../node.js';
import { byCodePoint } from './code-points.js';

/** The pictures of a folder and their classes. */
export interface Listed {
  readonly classes: readonly string[];
  readonly files: readonly string[];
  readonly labels: readonly number[];
}

/** What is in a folder, without what is hidden; links are what they lead to. */
interface Entry {
  readonly name: string;
  readonly path: string;
  readonly isFolder: boolean;
}

/**
 * The pictures in the folders of `dir`, a class each.
 *
 * @throws {Error} naming the folder, class or file that is not as it should be.
 */
export function listImages(fn: string, dir: string, extensions: readonly string[]): Listed {
  const path = requireBuiltin(fn, 'node:path');
  const absolute = path.isAbsolute(dir) ? '' : ` (${path.resolve(dir)})`;
  const stat = statOf(fn, dir);
  if (stat === undefined) throw new Error(`${fn}: there is no folder ${dir}${absolute}`);
  if (!stat.isDirectory()) throw new Error(`${fn}: ${dir}${absolute} is ${kindOf(stat)}, expected a folder`);

  const endings = extensions.map((end) => end.toLowerCase());
  const isPicture = ({ name, isFolder }: Entry) => !isFolder && endings.some((end) => name.toLowerCase().endsWith(end));
  const entries = entriesOf(fn, dir);
  const folders = entries.filter(({ isFolder }) => isFolder);
  const beside = entries.find(isPicture);
  if (beside !== undefined) {
    const expected = 'each picture in the folder of its class';
    throw argumentError(Error, { fn, arg: printable(beside.path), found: 'is beside the classes', expected });
  }
  if (folders.length === 0) {
    throw new Error(`${fn}: there are no folders in ${dir}${absolute}, expected one for each class`);
  }
  checkCase(fn, dir, folders);

  const files: string[] = [];
  const labels: number[] = [];
  for (const [label, folder] of folders.entries()) {
    const before = files.length;
    for (const picture of picturesIn(fn, folder.path, isPicture, [])) {
      files.push(picture);
      labels.push(label);
    }
    if (files.length > before) continue;
    const wayOut = 'remove the folder, or put pictures in it';
    throw new Error(`${fn}: the class ${printable(folder.path)} has no pictures (${extensions.join(', ')}); ${wayOut}`);
  }
  return { classes: folders.map(({ name }) => name), files, labels };
}

/** What is in a folder, sorted by code point. */
function entriesOf(fn: string, dir: string): Entry[] {
  const fs = requireBuiltin(fn, 'node:fs');
  const path = requireBuiltin(fn, 'node:path');
  const found = attempt(fn, 'read', dir, () => fs.readdirSync(dir, { withFileTypes: true }));
  return found
    .filter(({ name }) => !name.startsWith('.'))
    .map((entry) => {
      const at = path.join(dir, entry.name);
      // A link that leads nowhere is a file: reading it says what is wrong.
      const isFolder = entry.isSymbolicLink() ? statOf(fn, at)?.isDirectory() === true : entry.isDirectory();
      return { name: entry.name, path: at, isFolder };
    })
    .sort((a, b) => byCodePoint(a.name, b.name));
}

/**
 * The pictures in a folder, then those in its folders.
 *
 * @param above - The real paths of the folders around it.
 */
function* picturesIn(
  fn: string,
  dir: string,
  isPicture: (entry: Entry) => boolean,
  above: readonly string[],
): Generator<string, void, undefined> {
  const real = attempt(fn, 'read', dir, () => requireBuiltin(fn, 'node:fs').realpathSync(dir));
  if (above.includes(real)) {
    const wayOut = 'remove the symbolic link';
    throw new Error(`${fn}: ${printable(dir)} leads back to ${printable(real)}, which it is in; ${wayOut}`);
  }
  const entries = entriesOf(fn, dir);
  for (const entry of entries) if (isPicture(entry)) yield entry.path;
  for (const { isFolder, path } of entries) if (isFolder) yield* picturesIn(fn, path, isPicture, [...above, real]);
}

/**
 * Refuses two classes whose names differ by case alone, or by how accents are coded: on other systems they are one
 * folder.
 */
function checkCase(fn: string, dir: string, folders: readonly Entry[]): void {
  const seen = new Map<string, string>();
  for (const { name } of folders) {
    const folded = name.normalize('NFC').toLowerCase();
    const other = seen.get(folded);
    if (other !== undefined) {
      const names = `'${printable(other)}' and '${printable(name)}'`;
      const isCase = other.toLowerCase() === name.toLowerCase();
      const how = isCase ? 'by case alone' : 'only by how accents are coded';
      throw new Error(`${fn}: the classes ${names} in ${dir} differ ${how}; rename one, or merge them`);
    }
    seen.set(folded, name);
  }
}
