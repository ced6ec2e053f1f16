import { describe, printable } from '../arrays/index.js';
import { formatError, type Safetensors, type Source } from '../formats/index.js';
import { readSafetensors } from '../formats/safetensors.js';
import { type Checkpoint, type SavedState, VERSION } from './checkpoint.js';
import { beforeChecksum, CHECKSUM, checksumOf, DIGITS, TEXT } from './encode.js';
import { TreeReader } from './tree.js';

/** The beginning of the header of every version. */
const BEGINNING = new RegExp(`^${beforeChecksum(0).replace(/[{}.]/g, '\\$&').replace('"0"', '"([0-9]{1,9})"')}`);

/** Bytes in which the checksum begins. */
const FIRST = 200;

/**
 * What the bytes of a checkpoint's file hold. The checksum is compared before anything else is read. Needs Node.
 *
 * @param name - The name of the file, for errors.
 * @throws {FormatError} if a byte has changed or is missing, if a later version of the library has written it, or if it
 *   is no checkpoint.
 */
export function decodeCheckpoint(bytes: Uint8Array, name: string): Checkpoint {
  const fn = 'decodeCheckpoint';
  return readCheckpoint({ fn, file: name }, bytes, checksumOf(fn, bytes), false);
}

/**
 * {@link decodeCheckpoint}, for a function of another name.
 *
 * @param checksum - That of the bytes.
 * @param inPlace - Whether arrays may share the memory of `bytes`.
 */
export function readCheckpoint(source: Source, bytes: Uint8Array, checksum: string, inPlace: boolean): Checkpoint {
  verify(source, bytes, checksum);
  const { tensors, metadata } = readSafetensors(source, bytes, inPlace);
  const text = (name: keyof typeof TEXT): string => metadata[TEXT[name]] ?? '';
  const kind = text('kind');
  if (kind !== 'Solver' && kind !== 'fit') {
    throw formatError(source, { place: TEXT.kind, found: `is ${describe(kind)}`, expected: "'Solver' or 'fit'" });
  }
  const reader = new TreeReader(source, tensors);
  const checkpoint: Checkpoint = {
    kind,
    iteration: countOf(source, TEXT.iteration, text('iteration')),
    epoch: countOf(source, TEXT.epoch, text('epoch')),
    config: reader.read('config', text('config')) as Checkpoint['config'],
    state: reader.read('state', text('state')) as SavedState,
  };
  for (const part of ['config', 'state'] as const) {
    const tree: unknown = checkpoint[part];
    if (typeof tree === 'object' && tree !== null && !Array.isArray(tree) && !('data' in tree && 'stride' in tree))
      continue;
    throw formatError(source, { place: TEXT[part], found: `is ${describe(tree)}`, expected: 'an object' });
  }
  if (reader.left.length === 0) return checkpoint;
  throw formatError(source, { place: TEXT.state, found: `has no place for the tensor ${describe(reader.left[0])}` });
}

function countOf(source: Source, place: string, text: string): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isInteger(count)) return count;
  throw formatError(source, { place, found: `is ${describe(text)}`, expected: 'a whole number' });
}

/** @throws {FormatError} if it is no checkpoint of this version as it was written. */
function verify(source: Source, bytes: Uint8Array, checksum: string): void {
  const match = BEGINNING.exec(String.fromCharCode(...bytes.subarray(8, FIRST)));
  if (match === null) throw noCheckpoint(source, bytes);
  const version = Number(match[1]);
  if (version !== VERSION) {
    const expected = `${VERSION}, which this library reads`;
    const wayOut = version > VERSION ? 'a later one has written it: install that' : undefined;
    throw formatError(source, { place: 'version of the checkpoint', found: `is ${version}`, expected, wayOut });
  }
  const written = String.fromCharCode(...bytes.subarray(CHECKSUM, CHECKSUM + DIGITS));
  if (written === checksum) return;
  const [found, expected] = [written, checksum].map((digits) => `${printable(digits.slice(0, 16))}…`);
  const wayOut = 'the file is damaged, or cut off';
  throw formatError(source, { place: 'checksum', found: `is ${found}`, expected, wayOut });
}

/** What a file is that does not begin as a checkpoint does. */
function noCheckpoint(source: Source, bytes: Uint8Array): Error {
  const fault = { place: 'the file', expected: 'a checkpoint' };
  let other: Safetensors;
  try {
    other = readSafetensors(source, bytes, true);
  } catch (cause) {
    const wayOut = 'it is damaged, or another kind of file';
    return formatError(
      source,
      { ...fault, found: `has ${bytes.length} bytes that are no checkpoint`, wayOut },
      { cause },
    );
  }
  if (Object.hasOwn(other.metadata, TEXT.version)) {
    const found = 'is a checkpoint that another program has written anew';
    return formatError(source, { ...fault, found, expected: 'one with its checksum where layerwise puts it' });
  }
  return formatError(source, { ...fault, found: 'is a safetensors file', wayOut: 'load() reads it' });
}
