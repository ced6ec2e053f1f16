import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, dtypeOf, hostValues, linspace, zeros } from '../../src/arrays/index.js';
import { decodeJson, encodeJson, FormatError } from '../../src/formats/index.js';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const file = (tensors: unknown, more: object = {}) =>
  bytesOf(JSON.stringify({ format: 'layerwise', version: 1, ...more, tensors }));
const entry = (data: unknown, shape: unknown = [1], dtype: unknown = 'float32') => ({ dtype, shape, data });

test('JSON of a state has the fewest digits, and names for what has no number', () => {
  const a = array([0.1, -0, 1 / 3, Number.NaN], [2, 2]);
  const b = array([0.1, Number.NEGATIVE_INFINITY, 1e300], [3], 'float64');
  expect(textOf(encodeJson({ a, b }, { metadata: { epoch: '3' } }))).toBe(
    '{"format":"layerwise","version":1,"metadata":{"epoch":"3"},"tensors":{' +
      '"a":{"dtype":"float32","shape":[2,2],"data":[0.1,-0,0.33333334,"NaN"]},' +
      '"b":{"dtype":"float64","shape":[3],"data":[0.1,"-Infinity",1e+300]}}}\n',
  );
});

test('what is written is read', () => {
  const arrays = fc
    .tuple(fc.constantFrom('float32' as const, 'float64' as const), fc.boolean())
    .chain(([dtype, flip]) =>
      fc.array(fc.double(), { maxLength: 6 }).map((values) => {
        const a = array(values, [values.length], dtype);
        return flip ? a.step(-1) : a;
      }),
    );
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), arrays, { maxKeys: 4 }), (state) => {
      const read = decodeJson(encodeJson(state));
      expect(Object.keys(read)).toEqual(Object.keys(state));
      for (const [name, a] of Object.entries(state)) {
        expect([dtypeOf(read[name]), read[name].shape]).toEqual([dtypeOf(a), a.shape]);
        expect(hostValues(read[name])).toEqual(hostValues(a));
      }
    }),
    { numRuns: 15 },
  );
  // All bits of a float32, from far apart.
  fc.assert(
    fc.property(fc.float(), (value) => {
      expect(hostValues(decodeJson(encodeJson({ a: array([value]) })).a)[0]).toBe(value);
    }),
  );
});

test('an array without axes, one without values, and a name of every object', () => {
  const state = { ['__proto__']: array([7], []), empty: zeros([0, 2]) };
  const read = decodeJson(encodeJson(state));
  expect(Object.keys(read)).toEqual(['__proto__', 'empty']);
  expect(Object.values(read).map(({ shape }) => shape)).toEqual([[], [0, 2]]);
});

describe('decodeJson', () => {
  test.each<[string, Uint8Array, string]>([
    ['no JSON', bytesOf('W1 = 3'), 'text is no JSON: it has "W" at character 0, expected a value'],
    ['no UTF-8', Uint8Array.of(0x22, 0xff), 'text is no UTF-8'],
    [
      'another file',
      bytesOf('{"W1":[1,2]}'),
      'text has format undefined, expected {"format": "layerwise", …}, as save',
    ],
    ['a list', bytesOf('[1]'), 'text has format undefined'],
    ['a newer version', file({}, { version: 2 }), 'version is 2, expected 1: a newer version of layerwise has written'],
    ['an odd version', file({}, { version: 'b' }), "version is 'b', expected 1"],
    ['odd metadata', file({}, { metadata: { a: 1 } }), 'metadata is an object, expected an object of texts by name'],
    ['no tensors', file([]), 'tensors is [], expected an object'],
    ['unknown entries', file({}, { more: 1 }), "text has an unknown entry 'more'"],
    ['a tensor that is a list', file({ a: [1] }), "'a' has dtype undefined, expected 'float32' or 'float64'"],
    ['another dtype', file({ a: entry([1], [1], 'int8') }), "'a' has dtype 'int8', expected 'float32' or 'float64'"],
    ['an odd shape', file({ a: entry([1], [-1]) }), "'a' has shape [-1], expected whole numbers ≥ 0"],
    ['too few numbers', file({ a: entry([1], [2]) }), "'a' has 1 as data, expected 2 numbers for shape (2,)"],
    ['no numbers', file({ a: entry('1') }), "'a' has '1' as data, expected 1 numbers for shape (1,)"],
    ['lists in lists', file({ a: entry([[1]]) }), 'text is nested too deep at character'],
    ['an unknown entry', file({ a: { ...entry([1]), b: 1 } }), "'a' has an unknown entry 'b'"],
    ['a text', file({ a: entry(['1']) }), "'a' holds '1' at element 0, expected a number of float32, 'NaN', 'Inf"],
    ['null', file({ a: entry([null]) }), "'a' holds null at element 0"],
    ['a name of every object', file({ a: entry(['toString']) }), "'a' holds 'toString' at element 0"],
    [
      'a number beyond float32',
      file({ a: entry([1e39]) }),
      "'a' holds 1e+39 at element 0, expected a number of float32",
    ],
    [
      'one beyond float64',
      bytesOf(textOf(file({ a: entry([7], [1], 'float64') })).replace('7', '1e999')),
      'holds Infi',
    ],
    ['a name twice', bytesOf('{"format":"layerwise","version":1,"version":1}'), "text has the name 'version' twice"],
    ['a giant', new Uint8Array(8 * 2 ** 20 + 1), 'text has 8388609 bytes, expected at most 8388608: JSON is for small'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeJson(bytes)).toThrow(FormatError);
    expect(() => decodeJson(bytes)).toThrow(`decodeJson: bytes: `);
    expect(() => decodeJson(bytes)).toThrow(message);
  });

  test('refuses what is no Uint8Array', () => {
    expect(() => decodeJson('{}' as never)).toThrow("decodeJson: bytes is '{}', expected a Uint8Array");
  });
});

test('encodeJson refuses what is no state, and what is large', () => {
  expect(() => encodeJson({ a: 1 } as never)).toThrow("encodeJson: 'a' is 1, expected an array or a tensor");
  expect(() => encodeJson({ '\udfff': zeros([1]) })).toThrow('encodeJson: a name in state is ');
  expect(() => encodeJson({}, { metadata: [] as never })).toThrow('encodeJson: metadata is [], expected an object of');
  const large = linspace(0, 1, 5e5, 'float64');
  expect(() => encodeJson({ large })).toThrow(
    'encodeJson: state is longer, expected at most 8388608 bytes of JSON, which is for small networks: write a ' +
      'safetensors file',
  );
});
