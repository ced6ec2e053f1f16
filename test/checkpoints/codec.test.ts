import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { array, hostValues, isNDArray, ones, type Saved, zeros } from '../../src/arrays/index.js';
import { beforeChecksum } from '../../src/checkpoints/encode.js';
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  type NewCheckpoint,
} from '../../src/checkpoints/index.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/formats/index.js';
import { layoutOf } from '../../src/formats/safetensors-layout.js';
import { someCheckpoint } from '../helpers/checkpoints.js';

/** What tells two states apart, bit by bit. */
function bitsOf(value: unknown): unknown {
  if (isNDArray(value)) {
    const values = hostValues(value);
    return {
      shape: value.shape,
      kind: values.constructor.name,
      bits: Buffer.from(values.slice().buffer).toString('hex'),
    };
  }
  if (Array.isArray(value)) return value.map(bitsOf);
  if (typeof value === 'object' && value !== null) {
    return { entries: Object.entries(value).map(([name, entry]) => [name, bitsOf(entry)]) };
  }
  return typeof value === 'number' ? `number ${Object.is(value, -0) ? '-0' : value}` : value;
}

function through(checkpoint: NewCheckpoint): Checkpoint {
  return decodeCheckpoint(encodeCheckpoint(checkpoint), 'test');
}

/** A checkpoint whose texts are replaced, with a checksum that fits. */
function forged(texts: Record<string, string>, tensors: Record<string, number> = {}): Uint8Array {
  const metadata = {
    'layerwise.checkpoint': '1',
    'layerwise.sha256': '0'.repeat(64),
    'layerwise.kind': 'fit',
    'layerwise.iteration': '1',
    'layerwise.epoch': '1',
    'layerwise.config': '{}',
    'layerwise.state': '{}',
    ...texts,
  };
  const entries = Object.entries(tensors).map(([name, size]) => ({ name, dtype: 'F64' as const, shape: [size] }));
  const { header, size } = layoutOf('test', entries, metadata);
  const bytes = new Uint8Array(size);
  bytes.set(header);
  bytes.set(
    Buffer.from(createHash('sha256').update(bytes).digest('hex')),
    8 + beforeChecksum(Number(metadata['layerwise.checkpoint'])).length,
  );
  return bytes;
}

const floats = fc
  .tuple(
    fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
    fc.boolean(),
    fc.array(fc.double(), { minLength: 1 }),
  )
  .map(([shape, isDouble, values]) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return array(
      Array.from({ length: size }, (_, i) => values[i % values.length]),
      shape,
      isDouble ? 'float64' : 'float32',
    );
  });
const names = fc.oneof(
  fc.constantFrom('a', 'a.b', 'b', '$tensor', '$$', '__proto__', 'constructor', '0', '__metadata__', '\ud800', 'é'),
  fc.string({ unit: 'binary' }),
);
const { tree } = fc.letrec<{ tree: Saved; leaf: Saved }>((tie) => ({
  leaf: fc.oneof(
    fc.double(),
    fc.constantFrom(null, true, false, -0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53 + 2, 5e-324),
    fc.string({ unit: 'binary' }),
    floats,
    // Around the length from which on lists become tensors.
    fc.tuple(fc.integer({ min: 62, max: 66 }), fc.double()).map(([length, value]) => Array(length).fill(value)),
    fc.tuple(fc.integer({ min: 31, max: 33 }), fc.double()).map(([length, value]) => Array(length).fill([value, -0])),
  ),
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.array(fc.tuple(names, tie('tree')), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
  ),
}));
const trees = fc.array(fc.tuple(names, tree), { maxLength: 5 }).map((entries) => Object.fromEntries(entries));

describe('a checkpoint that is written and read', () => {
  test('is the same to the bit, whatever the state', () => {
    fc.assert(
      fc.property(trees, trees, fc.nat(), fc.nat(), (config, state, iteration, epoch) => {
        const kind = iteration % 2 === 0 ? 'fit' : 'Solver';
        const checkpoint = { kind, iteration, epoch, config, state } as const;
        expect(JSON.stringify(bitsOf(through(checkpoint)))).toBe(JSON.stringify(bitsOf(checkpoint)));
      }),
    );
  });

  test('keeps the bits of NaN in arrays', () => {
    const single = array(new Float32Array(Uint32Array.of(0x7f800001, 0xffc12345).buffer), [2]);
    const double = array(new Float64Array(BigUint64Array.of(0xfff0000000000001n).buffer), [1]);
    const state = { single, double };
    expect(bitsOf(through({ ...someCheckpoint(), state }).state)).toEqual(bitsOf(state));
  });

  test('has the values of strided views, in row-major order', () => {
    const view = array([1, 2, 3, 4, 5, 6], [2, 3]).transpose(1, 0);
    const { w } = through({ ...someCheckpoint(), state: { w: view } }).state;
    expect(w).toMatchObject({ shape: [3, 2] });
    expect(Array.from(hostValues(w as never))).toEqual([1, 4, 2, 5, 3, 6]);
  });

  test('is a safetensors file for anybody: arrays and histories by their paths, texts about the run', () => {
    const { tensors, dtypes, metadata } = decodeSafetensors(encodeCheckpoint(someCheckpoint()));
    expect(dtypes).toEqual({
      'state.model.fc.weight': 'F32',
      'state.model.fc.bias': 'F64',
      'state.history.lossHistory': 'F64',
      'state.best': 'F32',
    });
    expect(tensors['state.model.fc.weight'].shape).toEqual([2, 2]);
    expect(metadata).toMatchObject({
      'layerwise.checkpoint': '1',
      'layerwise.kind': 'fit',
      'layerwise.iteration': '500',
      'layerwise.epoch': '5',
    });
    expect(JSON.parse(metadata['layerwise.config'])).toEqual({ batchSize: 64, seed: 'a', schedule: null });
  });

  test('tells paths apart that read alike', () => {
    const state = { a: { 'b.c': zeros([1]) }, 'a.b': { c: ones([1]) } };
    const bytes = encodeCheckpoint({ ...someCheckpoint(), state });
    expect(Object.keys(decodeSafetensors(bytes).tensors)).toEqual(['state.a.b.c', 'state.a.b.c#2']);
    expect(bitsOf(decodeCheckpoint(bytes, 'test').state)).toEqual(bitsOf(state));
  });
});

describe('what a state may not hold is refused by name:', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  test.each([
    [undefined, /^encodeCheckpoint: state.a.1 is undefined, expected a number, a string, true, false, null, an array/],
    [Int32Array.of(1), /state.a.1 is an Int32Array, expected/],
    [1n, /state.a.1 is 1n, expected/],
    [() => 1, /state.a.1 is a function, expected/],
    [new Map(), /state.a.1 is a Map, expected/],
    [cyclic, /state.a.1(.self)+ is 64 objects and lists deep, expected a tree of fewer/],
    [Array(100), /state.a.1.0 is undefined, expected/],
  ])('%s', (value, message) => {
    expect(() => encodeCheckpoint(someCheckpoint(1, { a: [0, value] }))).toThrow(message);
  });
});

describe('a file that is damaged', () => {
  test('in any single bit is refused', { tags: 'slow' }, () => {
    const bytes = encodeCheckpoint({ ...someCheckpoint(), state: { w: array([1, 2]), b: true } });
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      bytes[bit >> 3] ^= 1 << (bit & 7);
      expect(() => decodeCheckpoint(bytes, 'a.safetensors'), `bit ${bit}`).toThrow(
        /^decodeCheckpoint: a\.safetensors: /,
      );
      bytes[bit >> 3] ^= 1 << (bit & 7);
    }
    decodeCheckpoint(bytes, 'a.safetensors');
  });

  test('in a bit of a larger one is refused', () => {
    const bytes = encodeCheckpoint(someCheckpoint(1, { large: ones([100, 100]) }));
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        bytes[at] ^= bits;
        expect(() => decodeCheckpoint(bytes, 'test')).toThrow(/^decodeCheckpoint: test: /);
        bytes[at] ^= bits;
      }),
    );
  });

  test('since it was cut off, or something was added, is refused', () => {
    const bytes = encodeCheckpoint({ ...someCheckpoint(), state: { w: array([1, 2]) } });
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeCheckpoint(bytes.subarray(0, length), 'test'), `${length}`).toThrow(
        /^decodeCheckpoint: test: /,
      );
    }
    expect(() => decodeCheckpoint(Uint8Array.of(...bytes, 0), 'test')).toThrow(
      /^decodeCheckpoint: test: checksum is [0-9a-f]{16}…, expected [0-9a-f]{16}…: the file is damaged, or cut off$/,
    );
  });

  test('of a later version is refused with both versions', () => {
    const later = forged({ 'layerwise.checkpoint': '12' });
    expect(() => decodeCheckpoint(later, 'test')).toThrow(
      'decodeCheckpoint: test: version of the checkpoint is 12, expected 1, which this library reads: a later one ' +
        'has written it: install that',
    );
  });

  test('of another kind is refused with what reads it', () => {
    expect(() => decodeCheckpoint(encodeSafetensors({ w: ones([2]) }), 'm.safetensors')).toThrow(
      'decodeCheckpoint: m.safetensors: the file is a safetensors file, expected a checkpoint: load() reads it',
    );
    expect(() => decodeCheckpoint(new TextEncoder().encode('hello'), 'm.txt')).toThrow(
      'decodeCheckpoint: m.txt: the file has 5 bytes that are no checkpoint, expected a checkpoint: it is damaged, ' +
        'or another kind of file',
    );
    const { tensors, metadata } = decodeSafetensors(encodeCheckpoint(someCheckpoint()));
    const { 'layerwise.checkpoint': version, ...others } = metadata;
    const anew = encodeSafetensors(tensors, { metadata: { ...others, 'layerwise.checkpoint': version } });
    expect(() => decodeCheckpoint(anew, 'test')).toThrow(/is a checkpoint that another program has written anew/);
  });
});

describe('a checksum that fits does not make a checkpoint of what is none', () => {
  test.each<[texts: Record<string, string>, message: RegExp, tensors?: Record<string, number>]>([
    [{ 'layerwise.kind': 'other' }, /layerwise\.kind is 'other', expected 'Solver' or 'fit'/],
    [{ 'layerwise.iteration': '-1' }, /layerwise\.iteration is '-1', expected a whole number/],
    [{ 'layerwise.epoch': '1e3' }, /layerwise\.epoch is '1e3', expected a whole number/],
    [{ 'layerwise.config': '{' }, /config is no JSON/],
    [{ 'layerwise.state': '[]' }, /layerwise\.state is \[\], expected an object/],
    [{ 'layerwise.state': 'null' }, /layerwise\.state is null, expected an object/],
    [{ 'layerwise.state': '{"$tensor":"t"}' }, /layerwise\.state is an array of shape \(3,\), expected/, { t: 3 }],
    [{ 'layerwise.state': `${'{"a":'.repeat(70)}1${'}'.repeat(70)}` }, /state(\.a)+ is 64 objects and lists deep/],
    [{ 'layerwise.state': '['.repeat(1e5) }, /state is no JSON/],
    [{ 'layerwise.state': '{"a":{"$tensor":"w"}}' }, /state\.a is the tensor 'w', which there is not, or not twice/],
    [{ 'layerwise.state': '{"a":{"$numbers":1}}' }, /state\.a is the tensor 1, which/],
    [{ 'layerwise.state': '{"a":{"$number":"7"}}' }, /state\.a is a \$number of '7'/],
    [{ 'layerwise.state': '{"a":{"$other":"7"}}' }, /state\.a is a \$other of '7'/],
    [{ 'layerwise.state': '{"a":{"$x":1,"b":2}}' }, /state\.a has an entry '\$x'/],
    [
      { 'layerwise.state': '{"a":{"$tensor":"t"},"b":{"$numbers":"t"}}' },
      /state\.b is the tensor 't', which/,
      { t: 3 },
    ],
    [{}, /layerwise\.state has no place for the tensor 't'/, { t: 3 }],
  ])('case %#', (texts, message, tensors) => {
    expect(() => decodeCheckpoint(forged(texts, tensors), 'test')).toThrow(message);
    decodeCheckpoint(forged({}), 'test');
  });
});
