import { printable } from '../arrays/index.js';
import { ByteReader, decodeUtf8, formatError, type Source } from './bytes.js';
import { refuseForeign } from './foreign.js';
import { END, END_LENGTH, LOCAL, RECORD, RECORD_LENGTH } from './zip-format.js';

/** A file in a zip file. */
export interface ZipEntry {
  readonly name: string;
  /** How the content is packed. */
  readonly method: 'stored' | 'deflated';
  /** The CRC-32 of the content. */
  readonly crc: number;
  /** The number of bytes of the content. */
  readonly size: number;
  /** The packed content: a part of the zip file's memory. */
  readonly packed: Uint8Array;
}

const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const LOCATOR64_LENGTH = 20;

/** In place of a number that has 64 bits, which stands in an extra field. */
const IN_EXTRA = 0xffffffff;
/** The number of the extra field with numbers of 64 bits. */
const ZIP64 = 1;

const ENCRYPTED = 1 | (1 << 6) | (1 << 13);
const PATCH = 1 << 5;
/** Checksum and sizes stand behind the content, since they were unknown when the header was written. */
const DESCRIPTOR = 1 << 3;

/** Deflate makes at most 258 bytes of two bits. */
const MOST_PER_BYTE = 1032;

/** Ways to pack that others use, by number. */
const METHODS: Readonly<Record<number, string>> = {
  1: 'shrunk',
  6: 'imploded',
  9: 'packed with deflate64',
  12: 'packed with bzip2',
  14: 'packed with LZMA',
  20: 'packed with Zstandard',
  93: 'packed with Zstandard',
  95: 'packed with XZ',
  99: 'encrypted',
};

const REPACK = 'write the file again with NumPy or PyTorch';

/** What a record of the directory says of an entry. */
interface DirectoryRecord {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  /** The first byte of the entry. */
  readonly offset: number;
}

/**
 * The entries of a zip file by name, in the order of its directory. Nothing is unpacked, and nothing allocated but the
 * entries: what `unzip` needs is checked against the bytes that are there.
 *
 * @throws {FormatError} if the directory, or the header of an entry, is damaged or says something else than the other;
 *   entries lie over each other; two have one name; one is encrypted or packed in a way other than deflate.
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3 to 4.5
 */
export function zipEntries(source: Source, bytes: Uint8Array): Map<string, ZipEntry> {
  const directory = findDirectory(source, bytes);
  const reader = new ByteReader(source, bytes, directory.start, directory.end);
  if (directory.count * RECORD_LENGTH > reader.left) {
    const found = `has ${reader.left} bytes`;
    throw reader.error('directory', found, `${directory.count} records of ${RECORD_LENGTH} bytes or more`);
  }

  const records: DirectoryRecord[] = [];
  const names = new Set<string>();
  for (let i = 0; i < directory.count; i++) {
    const record = readRecord(reader);
    if (names.has(record.name)) throw fault(source, record.name, 'is there twice', 'one entry of a name');
    names.add(record.name);
    records.push(record);
  }
  reader.finish('directory');

  const entries = new Map<string, ZipEntry>(records.map(({ name }) => [name, UNREAD]));
  let end = 0;
  let before = '';
  for (const record of [...records].sort((a, b) => a.offset - b.offset)) {
    if (record.offset < end)
      throw fault(source, record.name, `lies over '${printable(before)}'`, 'entries one behind the other');
    const local = new ByteReader(source, bytes, Math.min(record.offset, directory.start), directory.start);
    entries.set(record.name, readEntry(local, record));
    end = local.at;
    before = record.name;
  }
  return entries;
}

/** Keeps the place of an entry in the order of the directory. */
const UNREAD: ZipEntry = { name: '', method: 'stored', crc: 0, size: 0, packed: new Uint8Array() };

function fault(source: Source, name: string, found: string, expected?: string, wayOut?: string): Error {
  return formatError(source, { place: `entry '${printable(name)}'`, found, expected, wayOut });
}

/** Where the directory stands, by the record at the end of the file, and how many entries it has. */
function findDirectory(source: Source, bytes: Uint8Array): { count: number; start: number; end: number } {
  const at = findEnd(bytes);
  if (at === -1) {
    refuseForeign(source, bytes, 'a zip file');
    const found = bytes.length === 0 ? 'is empty' : 'has no directory at its end';
    throw formatError(source, { place: 'zip file', found, wayOut: 'it is cut off, or no zip file' });
  }
  const reader = new ByteReader(source, bytes, at + 4);
  const disks = [reader.u16('number of the disk'), reader.u16('disk of the directory')];
  const counts = [reader.u16('number of entries on the disk'), reader.u16('number of entries')];
  let size = reader.u32('size of the directory');
  let start = reader.u32('place of the directory');
  let end = at;

  const locator = at - LOCATOR64_LENGTH;
  if (locator >= 0 && new ByteReader(source, bytes, locator).u32('signature') === LOCATOR64) {
    const place = new ByteReader(source, bytes, locator + 8).u64('place of the zip64 record');
    if (place > locator) throw reader.error('place of the zip64 record', `is ${place}`, `at most ${locator}`, locator);
    const zip64 = new ByteReader(source, bytes, place, locator);
    if (zip64.u32('signature') !== END64) throw zip64.error('zip64 record', 'is none', undefined, place);
    zip64.skip(12, 'zip64 record');
    disks.push(zip64.u32('number of the disk'), zip64.u32('disk of the directory'));
    counts.splice(0, 2, zip64.u64('number of entries on the disk'), zip64.u64('number of entries'));
    size = zip64.u64('size of the directory');
    start = zip64.u64('place of the directory');
    end = place;
  }
  if (disks.some((disk) => disk !== 0) || counts[0] !== counts[1]) {
    throw formatError(source, { place: 'zip file', found: 'is a part of several', wayOut: REPACK });
  }
  if (start + size !== end) {
    throw reader.error('directory', `goes from byte ${start} to ${start + size}`, `its end at byte ${end}`, start);
  }
  return { count: counts[0], start, end };
}

/** The place of the record at the end: the last one whose comment goes to the end of the file. */
function findEnd(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lowest = Math.max(0, bytes.length - END_LENGTH - 0xffff);
  for (let at = bytes.length - END_LENGTH; at >= lowest; at--) {
    if (view.getUint32(at, true) !== END) continue;
    if (at + END_LENGTH + view.getUint16(at + 20, true) === bytes.length) return at;
  }
  return -1;
}

/** The next record of the directory. */
function readRecord(reader: ByteReader): DirectoryRecord {
  const { source, at } = reader;
  if (reader.u32('signature of an entry') !== RECORD) throw reader.error('directory', 'has no entry', 'one', at);
  reader.skip(4, 'versions');
  const flags = reader.u16('flags');
  const method = reader.u16('method');
  reader.skip(4, 'time');
  const crc = reader.u32('CRC-32');
  const packedSize = reader.u32('packed size');
  const size = reader.u32('size');
  const lengths = [reader.u16('length of a name'), reader.u16('length of extra fields'), reader.u16('comment')];
  const disk = reader.u16('disk');
  reader.skip(6, 'attributes');
  const offset = reader.u32('place of an entry');
  const name = reader.text(lengths[0], 'name of an entry');
  const extra = new ByteReader(source, reader.bytes, reader.at, reader.at + lengths[1]);
  reader.skip(lengths[1] + lengths[2], 'extra fields');

  const wide = { size, packedSize, offset };
  readZip64(extra, wide);
  const refuse = (found: string, expected?: string): Error => fault(source, name, found, expected, REPACK);
  if ((flags & ENCRYPTED) !== 0) throw refuse('is encrypted');
  if ((flags & PATCH) !== 0) throw refuse('is a patch');
  if (method !== 0 && method !== 8) {
    throw refuse(`is ${METHODS[method] ?? `packed with method ${method}`}`, 'stored or deflated');
  }
  if (disk !== 0) throw refuse('is in another file');
  if (method === 0 && wide.size !== wide.packedSize) {
    throw refuse(`is stored in ${wide.packedSize} bytes and has ${wide.size}`, 'as many');
  }
  if (wide.size > wide.packedSize * MOST_PER_BYTE) {
    throw refuse(`claims ${wide.size} bytes from ${wide.packedSize} packed ones`, `at most ${MOST_PER_BYTE} from one`);
  }
  return { name, flags, method, crc, ...wide };
}

/** Puts the numbers of 64 bits in the place of those that say so. */
function readZip64(extra: ByteReader, wide: { size: number; packedSize: number; offset?: number }): void {
  // Fewer than four bytes are no field: some programs pad so.
  while (extra.left >= 4) {
    const id = extra.u16('extra field');
    const length = extra.u16('length of an extra field');
    const field = new ByteReader(extra.source, extra.bytes, extra.at, extra.at + length);
    extra.skip(length, 'extra field');
    if (id !== ZIP64) continue;
    if (wide.size === IN_EXTRA) wide.size = field.u64('size');
    if (wide.packedSize === IN_EXTRA) wide.packedSize = field.u64('packed size');
    if (wide.offset === IN_EXTRA) wide.offset = field.u64('place of an entry');
    return;
  }
}

/** Reads an entry's own header, which has to say what the directory says. The reader stands behind the content then. */
function readEntry(reader: ByteReader, record: DirectoryRecord): ZipEntry {
  const { name, flags, method, crc, size, packedSize } = record;
  const differs = (what: string): Error =>
    fault(reader.source, name, `has another ${what} in its header than in the directory`, undefined, 'it is damaged');

  if (reader.u32(`header of '${printable(name)}'`) !== LOCAL)
    throw fault(reader.source, name, 'is not where the directory says');
  reader.skip(2, 'version');
  if (reader.u16('flags') !== flags) throw differs('set of flags');
  if (reader.u16('method') !== method) throw differs('method');
  reader.skip(4, 'time');
  const localCrc = reader.u32('CRC-32');
  const wide = { packedSize: reader.u32('packed size'), size: reader.u32('size') };
  const lengths = [reader.u16('length of the name'), reader.u16('length of the extra fields')];
  const localName = reader.take(lengths[0], 'name');
  const extra = new ByteReader(reader.source, reader.bytes, reader.at, reader.at + lengths[1]);
  reader.skip(lengths[1], 'extra fields');
  readZip64(extra, wide);

  let matches = true;
  try {
    matches = decodeUtf8(localName) === name;
  } catch {
    matches = false;
  }
  if (!matches) throw differs('name');
  const unknown = (flags & DESCRIPTOR) !== 0;
  if (localCrc !== crc && !(unknown && localCrc === 0)) throw differs('CRC-32');
  if (wide.packedSize !== packedSize && !(unknown && wide.packedSize === 0)) throw differs('packed size');
  if (wide.size !== size && !(unknown && wide.size === 0)) throw differs('size');
  const packed = reader.take(packedSize, `content of '${printable(name)}'`);
  return { name, method: method === 0 ? 'stored' : 'deflated', crc, size, packed };
}
