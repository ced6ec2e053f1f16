import { checkPath } from '../arrays/index.js';
import { requireBuiltin } from '../node.js';

/**
 * The ending of a file's name, in lower case.
 *
 * @throws {TypeError} if `file` is no path.
 * @throws {RangeError} if it ends in none of `formats`.
 */
export function checkFormat<Format extends string>(fn: string, file: unknown, formats: readonly Format[]): Format {
  checkPath(fn, 'file', file);
  const ending = formats.find((format) => file.toLowerCase().endsWith(format));
  if (ending !== undefined) return ending;
  const last = formats.at(-1);
  throw new RangeError(
    `${fn}: file is '${file}', expected a name that ends in ${formats.slice(0, -1).join(', ')} or ${last}`,
  );
}

/**
 * Writes a file in one piece: beside its place first, then it takes that place, so that nobody ever sees a half of it.
 *
 * @throws {Error} naming the file and the reason; what stood there before is untouched then.
 */
export function writeAtomically(fn: string, file: string, contents: string | Uint8Array): void {
  const fs = requireBuiltin(fn, 'node:fs');
  const path = requireBuiltin(fn, 'node:path');
  const folder = path.dirname(file);
  if (!fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Error(`${fn}: there is no folder ${folder} to write ${path.basename(file)} to`);
  }
  const unfinished = path.join(folder, `.${path.basename(file)}-${crypto.randomUUID()}`);
  try {
    fs.writeFileSync(unfinished, contents);
    fs.renameSync(unfinished, file);
  } catch (error) {
    fs.rmSync(unfinished, { force: true });
    // The rest of the message names the unfinished file.
    const [reason] = (error as Error).message.split(',');
    throw new Error(`${fn}: cannot write ${file} (${reason})`, { cause: error });
  }
}
