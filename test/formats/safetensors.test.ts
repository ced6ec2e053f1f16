import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, dtypeOf, hostValues, type NDArray, zeros } from '../../src/arrays/index.js';
import { tensor } from '../../src/autograd/index.js';
import { decodeSafetensors, encodeSafetensors, FormatError } from '../../src/formats/index.js';
import { workspace } from '../../src/kernels/index.js';
import * as nn from '../../src/nn/index.js';

const fixture = (name: string) => fs.readFileSync(path.join(__dirname, '..', 'fixtures', 'files', name));

/** A file with this header and these numbers. */
function file(header: unknown, numbers = 0, length?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + numbers);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (begin: number, end: number, shape: unknown = [(end - begin) / 4], dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

function headerOf(bytes: Uint8Array): { length: number; header: Record<string, unknown> } {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  return { length, header: JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) };
}

const bitsOf = (a: NDArray) => {
  const values = hostValues(a);
  return [...new Uint8Array(values.buffer, values.byteOffset, values.byteLength)];
};

describe('decodeSafetensors', () => {
  const expected: { name: string; dtype: string; shape: number[]; data: string[] }[] = JSON.parse(
    fixture('every-dtype.json').toString(),
  );

  test.each([0, 1, 3, 8])('reads every dtype, at address %i', (shift) => {
    const content = fixture('every-dtype.safetensors');
    const bytes = new Uint8Array(shift + content.length + 5).subarray(shift, shift + content.length);
    bytes.set(content);
    const { tensors, dtypes, metadata } = decodeSafetensors(bytes);
    expect({ ...metadata }).toEqual({ format: 'pt', größe: '∑' });
    expect(Object.keys(tensors)).toEqual(expected.map(({ name }) => name).reverse());
    for (const { name, dtype, shape, data } of expected) {
      expect([name, dtypes[name], tensors[name].shape]).toEqual([name, dtype, shape]);
      expect(dtypeOf(tensors[name])).toBe(/^(F32|F16|BF16|F8)/.test(dtype) ? 'float32' : 'float64');
      expect([...hostValues(tensors[name])], name).toEqual(data.map(Number));
    }
  });

  test('gives arrays of their own, that outlive a workspace', () => {
    const bytes = encodeSafetensors({ a: array([1, 2]) });
    const [{ tensors }] = workspace(() => [decodeSafetensors(bytes)]);
    bytes.fill(0);
    expect([...hostValues(tensors.a)]).toEqual([1, 2]);
  });

  test('reads what the specification gives as the smallest files', () => {
    expect(decodeSafetensors(file('{}'))).toEqual({ tensors: {}, dtypes: {}, metadata: {} });
    expect(
      decodeSafetensors(file('{ "a" : {"dtype":"F32","shape":[],"data_offsets":[0,4]} } \n', 4)).tensors.a.shape,
    ).toEqual([]);
  });

  const a = entry(0, 4);
  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'length of the header at byte 0 has 0 bytes left, expected 8: the file is cut off'],
    ['7 bytes', new Uint8Array(7), 'length of the header at byte 0 has 7 bytes left, expected 8'],
    ['a header that is cut off', file('{}', 0, 3n), 'header at byte 8 has 2 bytes left, expected 3'],
    ['a giant header', file('{}', 0, 100_000_001n), 'length of the header at byte 0 is 100000001, expected at most'],
    [
      'a length beyond 2^53',
      file('{}', 0, 2n ** 64n - 1n),
      'byte 0 is 18446744073709551615, expected at most 2^53 - 1',
    ],
    ['no header', file(''), "header at byte 8 begins with '', expected {"],
    ['a pickle', file('\x80\x02}q'), 'header at byte 8'],
    ['a list', file('[]'), "header at byte 8 begins with '[]', expected {"],
    ['no JSON', file('{"a":}'), 'header is no JSON: it has "}" at character 5, expected a value'],
    ['JSON that ends', file('{"a": {'), 'header is no JSON: it ends at character 7, expected a name in quotes'],
    ['more than JSON', file('{}x'), 'header is no JSON: it has "x" at character 2, expected the end'],
    ['a trailing comma', file('{"a":1,}'), 'it has "}" at character 7, expected a name in quotes'],
    ['a name twice', file(`{"a":${JSON.stringify(a)},"\\u0061":1}`, 4), "header has the name 'a' twice, at character"],
    ['lists in lists', file(`{"a":${'['.repeat(1e5)}`), 'header is nested too deep at character 7'],
    ['half a character', file('{"\\ud800":1}'), 'half of a surrogate pair in the text at character 1'],
    ['an entry that is none', file({ a: 1 }), "'a' is 1, expected dtype, shape and data_offsets"],
    ['an entry that is a list', file({ a: [1] }), "'a' is [1], expected dtype, shape and data_offsets"],
    ['an entry without shape', file({ a: { dtype: 'F32', data_offsets: [0, 0] } }), "'a' has data_offsets,dtype, exp"],
    ['an unknown entry', file({ a: { ...a, strides: [] } }, 4), "'a' has data_offsets,dtype,shape,strides, expected"],
    ['a dtype that is unknown', file({ a: entry(0, 4, [1], 'F31') }, 4), "'a' has dtype 'F31', expected one of F64, F"],
    ['a dtype of every object', file({ a: entry(0, 4, [1], 'toString') }, 4), "'a' has dtype 'toString', expected"],
    ['a shape that is none', file({ a: entry(0, 4, [-1]) }, 4), "'a' has shape [-1], expected whole numbers ≥ 0"],
    ['a broken shape', file({ a: entry(0, 4, [0.5]) }, 4), "'a' has shape [0.5], expected whole numbers ≥ 0"],
    ['too many axes', file({ a: entry(0, 4, Array(33).fill(1)) }, 4), "'a' has 33 axes, expected at most 32"],
    ['a shape that overflows', file({ a: entry(0, 4, [2 ** 30, 2 ** 30]) }, 4), 'expected at most 2^53 - 1 values'],
    ['an overflow that ends in 0', file({ a: entry(0, 0, [2 ** 52, 4, 0]) }), 'expected at most 2^53 - 1 values'],
    ['offsets that are none', file({ a: { ...a, data_offsets: [0, 4, 8] } }, 4), "'a' has data_offsets [0, 4, 8], exp"],
    ['offsets turned round', file({ a: entry(4, 0, [1]) }, 4), "'a' has data_offsets [4, 0], expected [begin, end]"],
    [
      'the size of another dtype',
      file({ a: entry(0, 4, [1], 'F64') }, 4),
      "'a' has 4 bytes (data_offsets [0, 4]), expected 8 for F64 of shape (1,)",
    ],
    [
      'numbers that overlap',
      file({ a: entry(0, 8), b: entry(4, 12) }, 12),
      "'b' begins at byte 4 of the numbers, expected 8, the end of 'a': they overlap",
    ],
    [
      'a gap',
      file({ a, b: entry(8, 12) }, 12),
      "'b' begins at byte 8 of the numbers, expected 4, the end of 'a': there is a gap",
    ],
    [
      'a gap before the first',
      file({ a: entry(4, 8) }, 8),
      "'a' begins at byte 4 of the numbers, expected 0, as the f",
    ],
    ['numbers that are cut off', file({ a }, 3), 'numbers have 3 bytes, expected 4: the file is cut off'],
    ['more than the numbers', file({ a }, 5), 'numbers have 5 bytes, expected 4: something stands behind them'],
    ['metadata that are no texts', file({ __metadata__: { a: 1 } }), '__metadata__ is an object, expected an object o'],
    ['metadata that are a list', file({ __metadata__: [] }), '__metadata__ is [], expected an object of texts by name'],
    [
      'UTF-8 that is none',
      file('{"\u00ff').map((byte) => (byte === 0xbf ? 0x28 : byte)),
      'header at byte 8 is no UTF-8',
    ],
  ])('refuses %s', (_, bytes, message) => {
    let error: unknown;
    try {
      decodeSafetensors(bytes);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).toContain(`decodeSafetensors: bytes: `);
    expect((error as Error).message).toContain(message);
  });

  test('refuses integers that numbers do not hold, and booleans that are none', () => {
    const big = file({ n: entry(0, 8, [1], 'U64') }, 8);
    big.fill(255, big.length - 8);
    expect(() => decodeSafetensors(big)).toThrow(
      "'n' holds 18446744073709551615 at element 0, expected integers from -(2^53 - 1) to 2^53 - 1",
    );
    const odd = file({ b: entry(0, 2, [2], 'BOOL') }, 2);
    odd[odd.length - 1] = 2;
    expect(() => decodeSafetensors(odd)).toThrow("'b' holds 2 at element 1, expected 0 or 1");
  });

  test('refuses what is no Uint8Array', () => {
    for (const bytes of [null, 'abc', [1, 2], new Uint16Array(8)]) {
      expect(() => decodeSafetensors(bytes as unknown as Uint8Array)).toThrow('decodeSafetensors: bytes is');
    }
  });

  test('a header of many small parts is refused before it takes memory', () => {
    expect(() => decodeSafetensors(file(`{"a":[${'{},'.repeat(2.5e5)}1]}`))).toThrow(
      'header has more than 1000000 parts',
    );
    expect(() => decodeSafetensors(file(`{"a":[${'[],'.repeat(1e6)}1]}`))).toThrow(
      'header has more than 1000000 parts',
    );
  });

  test('a number of any length does not use up the stack', () => {
    expect(() => decodeSafetensors(file(`{"a":${'1'.repeat(1e6)}}`))).toThrow(FormatError);
    expect(() => decodeSafetensors(file(`{"${'a'.repeat(1e6)}":1}`))).toThrow('expected dtype, shape');
  });
});

describe('encodeSafetensors', () => {
  test('writes a header padded with spaces, and each array at a multiple of its size', () => {
    const bytes = encodeSafetensors(
      { a: array([1]), b: array([2], [1], 'float64'), c: tensor([3]) },
      { metadata: { epoch: '3' } },
    );
    const { length, header } = headerOf(bytes);
    expect(length % 8).toBe(0);
    expect(header).toEqual({
      __metadata__: { epoch: '3' },
      a: { dtype: 'F32', shape: [1], data_offsets: [8, 12] },
      b: { dtype: 'F64', shape: [1], data_offsets: [0, 8] },
      c: { dtype: 'F32', shape: [1], data_offsets: [12, 16] },
    });
    expect(bytes.length).toBe(8 + length + 16);
  });

  test('writes counters of batch normalizations as I64, and others where they are named', () => {
    const model = new nn.Sequential(new nn.BatchNorm2d(2));
    expect(decodeSafetensors(encodeSafetensors(model.stateDict())).dtypes['0.num_batches_tracked']).toBe('I64');
    const state = { n: array([1, -2]), num_batches_tracked: array([0.5], []) };
    expect({ ...decodeSafetensors(encodeSafetensors(state)).dtypes }).toEqual({ n: 'F32', num_batches_tracked: 'F32' });
    const { tensors } = decodeSafetensors(encodeSafetensors(state, { integers: ['n'] }));
    expect([...hostValues(tensors.n)]).toEqual([1, -2]);
    expect(() => encodeSafetensors(state, { integers: ['num_batches_tracked'] })).toThrow(
      "encodeSafetensors: 'num_batches_tracked' holds 0.5 at element 0, expected whole numbers",
    );
    expect(() => encodeSafetensors(state, { integers: ['m'] })).toThrow("integers has 'm', expected names of state");
  });

  test('keeps the bits of NaN', () => {
    const a = zeros([2]);
    new Uint32Array(a.data.buffer).set([0x7fc12345, 0xffc00001]);
    const d = zeros([1], 'float64');
    new BigUint64Array(d.data.buffer)[0] = 0x7ff8_0000_dead_beefn;
    const { tensors } = decodeSafetensors(encodeSafetensors({ a, d }));
    expect([bitsOf(tensors.a), bitsOf(tensors.d)]).toEqual([bitsOf(a), bitsOf(d)]);
  });

  const ended: NDArray[] = [];
  workspace(() => {
    ended.push(zeros([3]));
  });
  test.each<[unknown, unknown, string]>([
    [null, {}, 'state is null, expected an object of arrays by name'],
    [[zeros([1])], {}, 'state is [an array of shape (1,)], expected an object of arrays by name'],
    [zeros([1]), {}, 'state is an array of shape (1,), expected an object of arrays by name'],
    [{ a: [1] }, {}, "'a' is [1], expected an array or a tensor"],
    [{ a: ended[0] }, {}, "'a': "],
    [{ __metadata__: zeros([1]) }, {}, "a name in state is '__metadata__', expected another name"],
    [{ '\ud800': zeros([1]) }, {}, 'a name in state is '],
    [{}, { metadata: { a: 1 } }, 'metadata is an object, expected an object of texts by name'],
    [{}, { metadata: { a: '\udc00' } }, 'metadata is an object, expected an object of texts by name'],
    [{}, { integers: 'a' }, "integers is 'a', expected a list of names, or null"],
    [{}, { meta: {} }, "unknown option 'meta', expected metadata, integers"],
  ])('refuses %o', (state, options, message) => {
    expect(() => encodeSafetensors(state as Record<string, NDArray>, options as object)).toThrow(
      `encodeSafetensors: ${message}`,
    );
  });
});

describe('what is written is read: any names, shapes, values, views', () => {
  const arrays = fc
    .tuple(fc.array(fc.nat(4), { maxLength: 4 }), fc.constantFrom('float32' as const, 'float64' as const), fc.nat(2))
    .chain(([shape, dtype, kind]) => {
      const size = shape.reduce((n, length) => n * length, 1);
      return fc
        .array(fc.double(), { minLength: size, maxLength: size })
        .map((values) => ({ kind, a: array(values, shape, dtype) }));
    })
    .map(({ kind, a }) => {
      if (kind === 1) return a.transpose(...a.shape.map((_, axis) => a.shape.length - 1 - axis));
      return kind === 2 ? a.step(...a.shape.map(() => -1)) : a;
    });
  const states = fc.dictionary(fc.string({ unit: 'binary' }), arrays, { maxKeys: 6 });
  const texts = fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), { maxKeys: 3 });
  const check = (numRuns: number): void =>
    fc.assert(
      fc.property(states, texts, fc.nat(9), (state, metadata, shift) => {
        const written = encodeSafetensors(state, { metadata });
        const moved = new Uint8Array(written.length + shift);
        moved.set(written, shift);
        const read = decodeSafetensors(moved.subarray(shift));
        expect({ ...read.metadata }).toEqual({ ...metadata });
        expect(Object.keys(read.tensors)).toEqual(Object.keys(state));
        for (const [name, a] of Object.entries(state)) {
          expect([read.tensors[name].shape, dtypeOf(read.tensors[name])]).toEqual([a.shape, dtypeOf(a)]);
          expect(bitsOf(read.tensors[name])).toEqual(bitsOf(a));
        }
      }),
      { numRuns },
    );
  test('15 states', () => check(15));
  test('300 states', { tags: 'slow' }, () => check(300));
});
