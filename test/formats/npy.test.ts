import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, type DType, dtypeOf, hostValues, type NDArray, zeros } from '../../src/arrays/index.js';
import { FormatError } from '../../src/formats/bytes.js';
import { decodeNpy, encodeNpy } from '../../src/formats/npy.js';
import { decodeNpz, encodeNpz } from '../../src/formats/npz.js';
import { zipOf } from '../helpers/zips.js';

interface Stored {
  readonly shape: number[];
  readonly data: number[];
}

const { arrays, refused, archives } = JSON.parse(
  readFileSync(path.join(__dirname, '..', 'fixtures', 'files_numpy.json'), 'utf8'),
) as {
  arrays: (Stored & { name: string; file: string })[];
  refused: Record<string, string>;
  archives: { name: string; file: string; arrays: Record<string, Stored> }[];
};

/** An `.npy` file with this header. */
function npy(header: string, numbers: Uint8Array = new Uint8Array(), version = 1): Uint8Array {
  const text = Buffer.from(header);
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(text.length, 0, length.length);
  return Buffer.concat([Buffer.from([0x93, ...Buffer.from('NUMPY'), version, 0]), length, text, numbers]);
}

/** A header as NumPy writes it, with other values. */
function header(descr: string, shape: string, order = 'False'): string {
  return `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
}

function expectStored(a: NDArray, { shape, data }: Stored): void {
  expect(a.shape).toEqual(shape);
  expect(Array.from(hostValues(a))).toEqual(data);
}

const SHAPES = fc.array(fc.nat(4), { maxLength: 4 });
const ARRAYS = fc.tuple(SHAPES, fc.constantFrom<DType>('float32', 'float64')).chain(([shape, dtype]) => {
  const size = shape.reduce((product, length) => product * length, 1);
  const number = dtype === 'float32' ? fc.float() : fc.double();
  return fc.array(number, { minLength: size, maxLength: size }).map((values) => array(values, shape, dtype));
});

describe('files of NumPy', () => {
  test.each(arrays)('an array: $name', ({ name, file, ...stored }) => {
    const a = decodeNpy(Buffer.from(file, 'base64'));
    expectStored(a, stored);
    expect(dtypeOf(a)).toBe(
      /^[<>]f[24]$|^(negative|Fortran order|no numbers|version.*)$/.test(name) ? 'float32' : 'float64',
    );
  });

  test('what is written is what NumPy writes', () => {
    const ours = encodeNpy(
      array([
        [0, 1, 2],
        [3, 100, 7],
      ]),
    );
    expect(Buffer.from(ours).toString('base64')).toBe(arrays.find(({ name }) => name === '<f4')?.file);
    const one = encodeNpy(array([1, 2], [2], 'float64'));
    expect(Buffer.from(one).toString('base64')).toBe(arrays.find(({ name }) => name === 'one axis')?.file);
    const none = encodeNpy(array(2.5, [], 'float64'));
    expect(Buffer.from(none).toString('base64')).toBe(arrays.find(({ name }) => name === 'no axes')?.file);
  });

  test.each(archives)('an archive of $name', ({ file, arrays: wanted }) => {
    const state = decodeNpz(Buffer.from(file, 'base64'));
    expect(Object.keys(state)).toEqual(Object.keys(wanted));
    for (const [name, stored] of Object.entries(wanted)) expectStored(state[name], stored);
  });

  const NUMERIC = 'expected an array of floats, integers or booleans';
  test.each([
    ['complex numbers', `the entry 'descr' is '<c16': complex numbers, ${NUMERIC}: save a.real and a.imag`],
    ['strings', "is '<U3': strings"],
    ['strings of bytes', "is '|S3': strings of bytes"],
    ['Python objects', "is '|O': Python objects, which are a pickle"],
    ['a structured dtype', `the entry 'descr' is a structured dtype, ${NUMERIC}: save each field by itself`],
    ['long doubles', "': long doubles"],
    ['dates', "is '<M8[D]': dates"],
    ['raw bytes', "is '|V2': raw bytes"],
    ['number 1', 'array holds 9007199254740992 at element 1, expected integers from -(2^53 - 1) to 2^53 - 1'],
  ])('%s are refused', (name, message) => {
    const bytes = Buffer.from(refused[name], 'base64');
    expect(() => decodeNpy(bytes)).toThrow(FormatError);
    expect(() => decodeNpy(bytes)).toThrow(message);
  });
});

describe('there and back', () => {
  test('an array, to the bit', () => {
    fc.assert(
      fc.property(ARRAYS, (a) => {
        const read = decodeNpy(encodeNpy(a));
        expect(read.shape).toEqual(a.shape);
        expect(read.data).toEqual(a.data);
      }),
      { numRuns: 50 },
    );
  });

  test('a view is written in its order', () => {
    const a = array([
      [1, 2, 3],
      [4, 5, 6],
    ]).transpose(1, 0);
    expectStored(decodeNpy(encodeNpy(a)), { shape: [3, 2], data: [1, 4, 2, 5, 3, 6] });
  });

  test('arrays by any name', () => {
    const name = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(fc.dictionary(name, ARRAYS, { maxKeys: 4 }), (state) => {
        const wanted = Object.entries(state).filter(([key]) => !key.includes('\0'));
        const read = decodeNpz(encodeNpz(Object.fromEntries(wanted)));
        expect(Object.keys(read)).toEqual(wanted.map(([key]) => key));
        for (const [key, a] of wanted) expect([read[key].shape, read[key].data]).toEqual([a.shape, a.data]);
      }),
      { numRuns: 25 },
    );
  });

  test('names that are those of objects, folders or files', () => {
    const names = ['__proto__', 'constructor', 'a/b', 'x.npy', ''];
    const state = Object.fromEntries(names.map((name) => [name, zeros([1])]));
    Object.defineProperty(state, '__proto__', { value: zeros([2]), enumerable: true });
    expect(Object.keys(decodeNpz(encodeNpz(state))).sort()).toEqual([...names].sort());
  });
});

describe('an array is refused', () => {
  const eight = new Uint8Array(8);
  test.each([
    ['another file', Buffer.from('PK\x03\x04........'), 'file is a zip file, expected an .npy file'],
    ['nothing', new Uint8Array(), 'array is empty: it is no .npy file'],
    ['a version to come', npy(header('<f4', '(2,)'), eight, 4), 'version at byte 6 is 4.0, expected 1.0, 2.0 or 3.0'],
    ['a header beyond the end', npy(header('<f4', '(2,)')).subarray(0, 30), 'header at byte 10 has 20 bytes left'],
    ['numbers missing', npy(header('<f4', '(3,)'), eight), 'array of shape (3,) needs 12 bytes, expected the 8 that'],
    ['numbers left', npy(header('<f4', '(1,)'), eight), 'array of shape (1,) needs 4 bytes, expected the 8 that are'],
    ['a size without bounds', npy(header('<f4', '(9007199254740991, 9)')), 'expected at most 2^53 - 1 values'],
    ['33 axes', npy(header('<f4', `(${'1, '.repeat(33)})`), eight), 'array has 33 axes, expected at most 32'],
    ['a size beyond 2^53', npy(header('<f4', '(9007199254740993,)')), 'expected a whole number up to 2^53 - 1'],
    ['a size below zero', npy(header('<f4', '(-1,)')), "goes on with '-1,), }"],
    ['a number for a shape', npy(header('<f4', '(2)'), eight), "goes on with '), }\\n', expected ','"],
    ['a text for a shape', npy(header('<f4', "'2'"), eight), "entry 'shape' of the header is something else"],
    ['no shape', npy("{'descr': '<f4', 'fortran_order': False}"), "entry 'shape' of the header is missing"],
    ['an order that is no boolean', npy(header('<f4', '(2,)', "'C'"), eight), "entry 'fortran_order' of the header is"],
    ['a dtype that is none', npy(header('', '(2,)'), eight), "the entry 'descr' is ''"],
    ['a dtype of an object', npy(header('<constructor', '(2,)'), eight), "the entry 'descr' is '<constructor'"],
    ['a dtype that is no text', npy("{'descr': True, 'fortran_order': False, 'shape': (2,)}"), "entry 'descr' of the"],
    ['an entry more', npy("{'more': True, 'fortran_order': False, 'shape': (2,)}"), "header has an entry 'more'"],
    ['an entry twice', npy("{'shape': (2,), 'shape': (3,)}"), "expected an entry 'shape' once"],
    [
      'an expression',
      npy("{'descr': exit(), 'fortran_order': False}"),
      "goes on with 'exit(), 'for', expected a string",
    ],
    ['an endless list', npy(`{'descr': '<f4', 'shape': (1${'('.repeat(60_000)}`), "expected ','"],
    ['something behind', npy(`${header('<f4', '(2,)')}x`, eight), 'expected nothing more'],
    ['no dictionary', npy('[1]'), "header at byte 10 goes on with '[1]', expected '{'"],
  ])('%s', (_, bytes, message) => {
    expect(() => decodeNpy(bytes)).toThrow(FormatError);
    expect(() => decodeNpy(bytes)).toThrow(`decodeNpy: bytes: `);
    expect(() => decodeNpy(bytes)).toThrow(message);
  });

  test('every beginning of a file', () => {
    const bytes = encodeNpy(array([1, 2, 3]));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeNpy(bytes.subarray(0, length))).toThrow(FormatError);
    }
  });
});

test('long integers of Python 2 and any order of entries are read', () => {
  const bytes = npy(`{"shape": (1L, 2L), 'fortran_order': True, 'descr': '=f4'}`, new Uint8Array(8));
  expectStored(decodeNpy(bytes), { shape: [1, 2], data: [0, 0] });
});

describe('an archive is refused', () => {
  test.each([
    [
      'an entry that is no array',
      [{ name: 'a.txt', content: 'text' }],
      "bytes: entry 'a.txt': array does not begin with",
    ],
    [
      'a name with and without .npy',
      ['a', 'a.npy'].map((name) => ({ name, content: encodeNpy(zeros([1])) })),
      "entry 'a.npy' is there with and without .npy, expected one array of a name",
    ],
  ])('%s', (_, parts, message) => {
    expect(() => decodeNpz(zipOf(parts))).toThrow(FormatError);
    expect(() => decodeNpz(zipOf(parts))).toThrow(message);
  });
});

describe('arguments that are none', () => {
  test.each([
    [() => decodeNpy('x' as never), "decodeNpy: bytes is 'x', expected a Uint8Array"],
    [() => decodeNpz(null as never), 'decodeNpz: bytes is null, expected a Uint8Array'],
    [() => encodeNpy([1] as never), 'encodeNpy: a is [1], expected an array of float32 or float64: array(x) makes one'],
    [
      () => encodeNpy({ data: zeros([2]), shape: [2] } as never),
      'a is a tensor of shape (2,), expected an array of float32 or float64: its data',
    ],
    [() => encodeNpz(zeros([1]) as never), 'encodeNpz: state is an array of shape (1,), expected an object of arrays'],
    [() => encodeNpz({ w: 1 } as never), "encodeNpz: 'w' is 1, expected an array or a tensor"],
    [() => encodeNpz({ 'a\0': zeros([1]) }), "encodeNpz: a name in state is 'a\\u0000', expected text without zeros"],
    [() => encodeNpz({ '\ud800': zeros([1]) }), 'encodeNpz: a name in state is'],
    [() => encodeNpz({ ['x'.repeat(70_000)]: zeros([1]) }), 'has a name of 70004 bytes, expected at most 65535: write'],
  ])('%s', (call, message) => {
    expect(call).toThrow(message);
  });
});
