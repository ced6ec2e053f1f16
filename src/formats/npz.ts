import { argumentError, describe, type NDArray, printable, type StateLike } from '../arrays/index.js';
import { checkBytes, formatError, type Source } from './bytes.js';
import { npyParts, readNpy } from './npy.js';
import { hasHalfPair } from './parse-json.js';
import { emptyState, readableArrays } from './state.js';
import { unzip } from './zip.js';
import { zipEntries } from './zip-directory.js';
import { zipStored } from './zip-write.js';

/** What NumPy appends to the name of an array. */
const ENDING = '.npy';

/**
 * Arrays by name as the bytes of an `.npz` file, as `np.savez` writes them. Equal arrays give equal bytes.
 *
 * @throws {TypeError} if `state` is no object of arrays or tensors.
 * @throws {RangeError} if a name has a character that NumPy would not read back, or the file would have 4 GB or more.
 *
 * @example
 * writeFileSync('model.npz', encodeNpz(model.stateDict())); // np.load('model.npz')['0.weight']
 */
export function encodeNpz(state: StateLike): Uint8Array {
  return writeNpz('encodeNpz', state);
}

/** What {@link encodeNpz} does, for a function whose errors have another name. */
export function writeNpz(fn: string, state: StateLike): Uint8Array {
  const files = readableArrays(fn, state).map(([name, a]) => {
    // Python's reader cuts a name at a zero; half of a surrogate pair has no UTF-8.
    if (name.includes('\0') || hasHalfPair(name)) {
      const expected = 'text without zeros';
      throw argumentError(RangeError, { fn, arg: 'a name in state', found: `is ${describe(name)}`, expected });
    }
    return { name: `${name}${ENDING}`, content: npyParts(a) };
  });
  return zipStored(files, (found, expected) =>
    argumentError(RangeError, { fn, arg: 'state', found, expected, wayOut: 'write a safetensors file' }),
  );
}

/**
 * The arrays in the bytes of an `.npz` file, as `np.savez` and `np.savez_compressed` write it, by their names without
 * `.npy`.
 *
 * @returns float32 for float32 and float16, float64 for all others; an object without a prototype, so that any name is
 *   an entry.
 * @throws {FormatError} if it is no such file, or damaged (sizes and checksums are verified), or an entry is no array
 *   of numbers.
 *
 * @see {@link decodeNpy} for the arrays that are read
 *
 * @example
 * model.loadStateDict(decodeNpz(readFileSync('model.npz')));
 */
export function decodeNpz(bytes: Uint8Array): Record<string, NDArray> {
  const source = { fn: 'decodeNpz', file: 'bytes' };
  checkBytes(source, bytes);
  return readNpz(source, bytes);
}

/** What {@link decodeNpz} does, for a function or file whose errors have other names. */
export function readNpz(source: Source, bytes: Uint8Array): Record<string, NDArray> {
  const state = emptyState<NDArray>();
  const entries = zipEntries(source, bytes);
  if ([...entries.keys()].some((name) => name.endsWith('/data.pkl'))) {
    const [found, expected] = ['is one of torch.save', 'one of np.savez'];
    throw formatError(source, { place: 'file', found, expected, wayOut: 'decodePytorch reads its bytes' });
  }
  for (const entry of entries.values()) {
    const name = entry.name.endsWith(ENDING) ? entry.name.slice(0, -ENDING.length) : entry.name;
    const place = `entry '${printable(entry.name)}'`;
    if (Object.hasOwn(state, name)) {
      throw formatError(source, { place, found: 'is there with and without .npy', expected: 'one array of a name' });
    }
    const content = unzip(source, entry, bytes.length);
    state[name] = readNpy({ ...source, file: `${source.file}: ${place}` }, content);
  }
  return state;
}
