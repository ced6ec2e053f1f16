import { expect, test, vi } from 'vitest';
import { array, hostValues } from '../../src/arrays/index.js';
import {
  decodeJson,
  decodeNpy,
  decodeNpz,
  decodeSafetensors,
  encodeJson,
  encodeNpy,
  encodeNpz,
  encodeSafetensors,
  load,
  save,
} from '../../src/formats/index.js';

test('bytes are encoded and decoded where there is no Node; files are not', () => {
  vi.spyOn(process, 'getBuiltinModule').mockImplementation((() => undefined) as never);
  vi.stubGlobal('Buffer', undefined);
  try {
    const a = array([[1, 2]]);
    const read = [
      decodeSafetensors(encodeSafetensors({ a })).tensors.a,
      decodeNpz(encodeNpz({ a })).a,
      decodeNpy(encodeNpy(a)),
      decodeJson(encodeJson({ a })).a,
    ];
    for (const b of read)
      expect([b.shape, [...hostValues(b)]]).toEqual([
        [1, 2],
        [1, 2],
      ]);
    expect(() => save('a.npz', { a })).toThrow('save: needs Node 20.19 or later (node:fs); in a browser encode');
    expect(() => load('a.npz')).toThrow('load: needs Node 20.19 or later (node:fs); in a browser decode');
  } finally {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  }
});
