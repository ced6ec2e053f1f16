import { expect, test } from 'vitest';
import { ProtoWriter } from '../../src/onnx/proto-writer.js';

const bytes = (writer: ProtoWriter): number[] => [...writer.finish()];

test('whole numbers: seven bits a byte, behind field number · 8 + kind', () => {
  expect(bytes(new ProtoWriter().int(1, 0))).toEqual([0x08, 0]);
  expect(bytes(new ProtoWriter().int(1, 127))).toEqual([0x08, 0x7f]);
  // The example of the encoding's documentation.
  expect(bytes(new ProtoWriter().int(1, 150))).toEqual([0x08, 0x96, 0x01]);
  expect(bytes(new ProtoWriter().int(20, 1))).toEqual([0xa0, 0x01, 1]);
  expect(bytes(new ProtoWriter().int(2, 2 ** 40))).toEqual([0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]);
});

test('negative numbers and those of 64 bits: ten bytes, and nine', () => {
  expect(bytes(new ProtoWriter().int(3, -1))).toEqual([0x18, ...new Array(9).fill(0xff), 0x01]);
  expect(bytes(new ProtoWriter().int(3, -(2n ** 63n)))).toEqual([0x18, ...new Array(9).fill(0x80), 0x01]);
  expect(bytes(new ProtoWriter().int(3, 2n ** 63n - 1n))).toEqual([0x18, ...new Array(8).fill(0xff), 0x7f]);
});

test('floats, text, lists and messages', () => {
  expect(bytes(new ProtoWriter().float(2, 1))).toEqual([0x15, 0, 0, 0x80, 0x3f]);
  expect(bytes(new ProtoWriter().text(2, 'γ1'))).toEqual([0x12, 3, 0xce, 0xb3, 0x31]);
  expect(bytes(new ProtoWriter().ints(8, [3, 270]))).toEqual([0x40, 3, 0x40, 0x8e, 0x02]);
  const inner = new ProtoWriter().int(1, 150);
  expect(inner.length).toBe(3);
  expect(bytes(new ProtoWriter().message(3, inner).bytes(4, Uint8Array.of(9)))).toEqual([
    0x1a, 3, 0x08, 0x96, 0x01, 0x22, 1, 9,
  ]);
});
