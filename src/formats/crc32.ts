import { builtin } from '../node.js';

/** Steps of eight bytes: `TABLES[k][b]` is the checksum of byte `b` with `k` bytes of zero behind it. */
const TABLES = makeTables();

function makeTables(): readonly Uint32Array[] {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256));
  for (let byte = 0; byte < 256; byte++) {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
    tables[0][byte] = rest;
  }
  for (let k = 1; k < 8; k++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = tables[k - 1][byte];
      tables[k][byte] = (before >>> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

/**
 * The CRC-32 of zip files, gzip and PNG: by Node's own function, which is five times as fast, where there is one.
 *
 * @param before - The checksum of the bytes that come before these. Default: there are none.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  // Types of Node 20.19 do not know it, which has it.
  const { crc32: native } = (builtin('node:zlib') ?? {}) as { crc32?: (bytes: Uint8Array, before: number) => number };
  return native === undefined ? slicedCrc32(bytes, before) : native(bytes, before);
}

/** {@link crc32} in JavaScript, eight bytes at a time ("slicing by 8"). */
export function slicedCrc32(bytes: Uint8Array, before: number): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES;
  let crc = ~before;
  let at = 0;
  for (const last = bytes.length - 8; at <= last; at += 8) {
    crc ^= bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    crc =
      t7[crc & 0xff] ^
      t6[(crc >>> 8) & 0xff] ^
      t5[(crc >>> 16) & 0xff] ^
      t4[crc >>> 24] ^
      t3[bytes[at + 4]] ^
      t2[bytes[at + 5]] ^
      t1[bytes[at + 6]] ^
      t0[bytes[at + 7]];
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at]) & 0xff];
  return ~crc >>> 0;
}
