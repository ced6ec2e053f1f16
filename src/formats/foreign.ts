import { formatError, type Source } from './bytes.js';

/** A kind of file that is known by how it begins. */
interface Kind {
  readonly name: string;
  readonly is: (bytes: Uint8Array) => boolean;
  readonly wayOut: string;
}

const begins =
  (...starts: readonly string[]) =>
  (bytes: Uint8Array): boolean =>
    starts.some((start) => textAt(bytes, 0, start.length).toLowerCase() === start);

const KINDS: readonly Kind[] = [
  {
    name: 'an HTML page',
    is: begins('<!doctype html', '<html'),
    wayOut: 'the download has failed, or the address is that of a page about the file',
  },
  { name: 'a pointer of Git LFS', is: begins('version https://git-lfs'), wayOut: '`git lfs pull` fetches the file' },
  { name: 'a gzip file', is: begins('\x1f\x8b'), wayOut: 'unpack it first' },
  { name: 'an HDF5 file', is: begins('\x89hdf'), wayOut: 'write its arrays with np.savez' },
  { name: 'a zip file', is: begins('pk\x03\x04'), wayOut: 'np.savez writes such as .npz, torch.save as .pt' },
  { name: 'an .npy file', is: begins('\x93numpy'), wayOut: 'decodeNpy reads its bytes' },
  {
    name: 'a safetensors file',
    // The length of the header, below 16 MB, and the header.
    is: (bytes) => /^.{3}\0{5}\{ *["}]/s.test(textAt(bytes, 0, 64)),
    wayOut: 'decodeSafetensors reads its bytes',
  },
];

/** @throws {FormatError} if the bytes are evidently of another kind than `expected`: `a zip file`. */
export function refuseForeign(source: Source, bytes: Uint8Array, expected: string): void {
  const kind = KINDS.find(({ name, is }) => name !== expected && is(bytes));
  if (kind === undefined) return;
  throw formatError(source, { place: 'file', found: `is ${kind.name}`, expected, wayOut: kind.wayOut });
}

function textAt(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}
