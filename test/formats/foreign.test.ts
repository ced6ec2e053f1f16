import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { array } from '../../src/arrays/index.js';
import { FormatError } from '../../src/formats/bytes.js';
import {
  decodeJson,
  decodeNpy,
  decodeNpz,
  decodePytorch,
  decodeSafetensors,
  encodeJson,
  encodeNpy,
  encodeNpz,
  encodeSafetensors,
  load,
  save,
} from '../../src/formats/index.js';
import { zipOf } from '../helpers/zips.js';

const READERS = { decodeSafetensors, decodeNpz, decodeNpy, decodeJson, decodePytorch };
const a = array([1]);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const PAGE = text('<!DOCTYPE html>\n<html><title>404</title></html>');
const POINTER = text('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614\nsize 12345\n');

describe('a file of another kind is called by its name', () => {
  test.each(Object.entries(READERS))('by %s', (_, read) => {
    for (const [bytes, kind] of [
      [PAGE, 'file is an HTML page, expected'],
      [text('<HTML>'), 'file is an HTML page, expected'],
      [POINTER, 'file is a pointer of Git LFS, expected'],
      [gzipSync(encodeNpz({ a })), 'file is a gzip file, expected'],
      [Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), 'file is an HDF5 file, expected'],
    ] as const) {
      expect(() => read(bytes)).toThrow(FormatError);
      expect(() => read(bytes)).toThrow(kind);
    }
  });

  test('those of the library too', () => {
    expect(() => decodeSafetensors(encodeNpz({ a }))).toThrow(
      'bytes: file is a zip file, expected a safetensors file: np.savez writes such as .npz, torch.save as .pt',
    );
    expect(() => decodeJson(encodeNpy(a))).toThrow('file is an .npy file, expected JSON');
    expect(() => decodeNpz(encodeNpy(a))).toThrow('file is an .npy file, expected a zip file: decodeNpy reads');
    expect(() => decodePytorch(encodeSafetensors({ a }))).toThrow(
      'file is a safetensors file, expected a file of torch',
    );
    expect(() => decodePytorch(encodeSafetensors({}))).toThrow('file is a safetensors file');
    expect(() => decodePytorch(encodeNpz({ a }))).toThrow(
      'has no data.pkl, expected one, as torch.save writes it: it is',
    );
    const torch = zipOf([{ name: 'archive/data.pkl', content: '' }]);
    expect(() => decodeNpz(torch)).toThrow('file is one of torch.save, expected one of np.savez: decodePytorch reads');
    expect(() => decodeSafetensors(encodeJson({ a }))).not.toThrow('file is');
    expect(() => decodePytorch(Uint8Array.of(0x80, 2, 0x7d, 0x2e))).toThrow(
      'file is a bare pickle, expected a file of',
    );
  });

  test('memory is told from bytes', () => {
    for (const [name, read] of Object.entries(READERS)) {
      expect(() => read(new ArrayBuffer(8) as never)).toThrow(
        `${name}: bytes is an ArrayBuffer, expected a Uint8Array: new Uint8Array(bytes)`,
      );
    }
  });
});

describe('endings', () => {
  test.each([
    ['x.npy', 'decodeNpy(readFileSync(file)) reads one array', 'writeFileSync(file, encodeNpy(a)) writes one array'],
    ['x.onnx', 'importOnnx(file) reads networks', 'exportOnnx(model, file, { inputShape }) writes networks'],
    ['x.bin', 'decodePytorch(readFileSync(file)) reads what torch.save wrote under any name', 'or .json'],
  ])('%s: what reads and writes such files is named', (file, read, write) => {
    expect(() => load(file)).toThrow(read);
    expect(() => save(file, { a })).toThrow(write);
  });

  test('a header whose length looks like the beginning of another file is read', () => {
    // 0x6b50 bytes, little-endian, are spelled Pk.
    const header = `{${' '.repeat(0x6b50 - 2)}}`;
    const bytes = Buffer.concat([Buffer.from([0x50, 0x6b, 0, 0, 0, 0, 0, 0]), Buffer.from(header)]);
    expect(decodeSafetensors(bytes).tensors).toEqual(Object.create(null));
  });
});
