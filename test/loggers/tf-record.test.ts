import { describe, expect, test } from 'vitest';
import { crc32c, maskedCrc32c, TfRecords } from '../../src/loggers/tf-record.js';

describe('crc32c', () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
  // An iSCSI read command.
  const command = new Uint8Array(48);
  command.set([0x01, 0xc0]);
  command.set([0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18, 0x28], 16);
  command.set([0x02], 40);

  // Bytes of the checksums in the order in which the RFC lists them, which is little-endian.
  test.each([
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['32 ascending bytes', ascending, 0x46dd794e],
    ['32 descending bytes', ascending.toReversed(), 0x113fdb5c],
    ['a read command', command, 0xd9963a56],
    ['the digits 1 to 9', new TextEncoder().encode('123456789'), 0xe3069283],
    ['nothing', new Uint8Array(0), 0],
  ])('is that of RFC 3720, B.4: %s', (_, bytes, crc) => {
    expect(crc32c(bytes)).toBe(crc);
  });

  test('takes a part', () => {
    expect(crc32c(new TextEncoder().encode('xx123456789x'), 2, 11)).toBe(0xe3069283);
  });

  test('is masked by a rotation and a constant', () => {
    // rotate right by 15 of 0x8a9136aa is 0x6d551522
    expect(maskedCrc32c(new Uint8Array(32))).toBe((0x6d551522 + 0xa282ead8) % 2 ** 32);
  });
});

describe('records', () => {
  const put = (records: TfRecords, text: string) =>
    records.add(text.length, (bytes, _, at) => at + new TextEncoder().encodeInto(text, bytes.subarray(at)).written);

  test('are length, its checksum, data and their checksum', () => {
    const records = new TfRecords();
    put(records, '123456789');
    expect(records.size).toBe(25);
    const view = new DataView(records.bytes.buffer);
    expect(view.getBigUint64(0, true)).toBe(9n);
    expect(view.getUint32(8, true)).toBe(maskedCrc32c(Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0)));
    expect(new TextDecoder().decode(records.bytes.subarray(12, 21))).toBe('123456789');
    // rotate right by 15 of 0xe3069283 is 0x2507c60d
    expect(view.getUint32(21, true)).toBe((0x2507c60d + 0xa282ead8) % 2 ** 32);
  });

  test('follow one another, in more memory where needed', () => {
    const records = new TfRecords();
    const first = new TfRecords();
    put(first, 'first');
    put(records, 'first');
    put(records, 'x'.repeat(10_000));
    expect(records.size).toBe(2 * 16 + 5 + 10_000);
    expect(records.bytes.subarray(0, first.size)).toEqual(first.bytes);
    records.clear();
    expect(records.size).toBe(0);
  });
});
