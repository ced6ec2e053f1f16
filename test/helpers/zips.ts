import { deflateRawSync } from 'node:zlib';
import { crc32 } from '../../src/formats/crc32.js';

/** A file for {@link zipOf}; what is given beside name and content stands in the file in place of the truth. */
export interface ZipPart {
  readonly name: string;
  readonly content: Uint8Array | string;
  readonly deflate?: boolean;
  readonly method?: number;
  readonly flags?: number;
  readonly crc?: number;
  readonly size?: number;
  readonly packedSize?: number;
  readonly offset?: number;
  /** In the entry's own header. */
  readonly local?: { readonly name?: string; readonly size?: number; readonly crc?: number; readonly method?: number };
}

/** What stands in the record at the end in place of the truth. */
export interface ZipEnd {
  readonly count?: number;
  readonly start?: number;
  readonly disk?: number;
  readonly comment?: string;
}

/** A zip file, which may lie. */
export function zipOf(parts: readonly ZipPart[], end: ZipEnd = {}): Uint8Array {
  const pieces: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const part of parts) {
    const content = Buffer.from(part.content);
    const packed = part.deflate ? deflateRawSync(content) : content;
    const { flags = 0, method = part.deflate ? 8 : 0, crc = crc32(content) } = part;
    const { packedSize = packed.length, size = content.length, local = {} } = part;
    const name = Buffer.from(part.name);
    const localName = Buffer.from(local.name ?? part.name);
    const own = common(
      local.method ?? method,
      flags,
      local.crc ?? crc,
      packedSize,
      local.size ?? size,
      localName.length,
    );
    const header = [bytes(4, 0x04034b50), own, bytes(2, 0), localName, packed];
    const rest = [bytes(2, 0, 0, 0, 0), bytes(4, 0, part.offset ?? at), name];
    directory.push(
      bytes(4, 0x02014b50),
      bytes(2, 20),
      common(method, flags, crc, packedSize, size, name.length),
      ...rest,
    );
    pieces.push(...header);
    at += Buffer.concat(header).length;
  }
  const records = Buffer.concat(directory);
  const { count = parts.length, start = at, disk = 0, comment = '' } = end;
  const last = [bytes(4, 0x06054b50), bytes(2, disk, 0, count, count), bytes(4, records.length, start)];
  return Buffer.concat([...pieces, records, ...last, bytes(2, comment.length), Buffer.from(comment)]);
}

function common(method: number, flags: number, crc: number, packed: number, size: number, name: number): Buffer {
  return Buffer.concat([bytes(2, 20, flags, method, 0, 0), bytes(4, crc, packed, size), bytes(2, name)]);
}

function bytes(length: 2 | 4, ...numbers: number[]): Buffer {
  const buffer = Buffer.alloc(length * numbers.length);
  for (const [i, number] of numbers.entries()) {
    if (length === 2) buffer.writeUInt16LE(number, 2 * i);
    else buffer.writeUInt32LE(number, 4 * i);
  }
  return buffer;
}
