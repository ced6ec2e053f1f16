import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { array, type NDArray, Random, zeros } from '../../../src/arrays/index.js';
import { noGrad, Tensor } from '../../../src/autograd/index.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/checkpoints/index.js';
import { parseCsv } from '../../../src/data/csv.js';
import { readCifar10Batch, readIdx } from '../../../src/data/index.js';
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
} from '../../../src/formats/index.js';
import { decodeImage } from '../../../src/images/index.js';
import { decodeOnnx } from '../../../src/onnx/index.js';
import { idxFile } from '../idx.js';
import { onnxFixtures } from '../onnx.js';
import { pngOfParts } from '../pictures.js';
import { type Content, contentOf } from './content.js';

/**
 * What is promised of a mutant that is read without an error:
 *
 * `same`: checksums cover names and values, so it is read as one of the files that it was made of.
 * `whole`: nothing tells a changed value from another one, so values are only where shapes say that they are.
 */
export type Promised = 'same' | 'whole';

/** A format of files that the library reads, and files of it. */
export interface Format {
  readonly name: string;
  readonly promised: Promised;
  /** The functions that errors name. */
  readonly functions: readonly string[];
  /** Valid files, made once. */
  files(): readonly Uint8Array[];
  read(bytes: Uint8Array): unknown;
  /** What the files hold. */
  contents(): readonly Content[];
}

const random = () => new Random(7);

/** Arrays as a model has them. */
function state() {
  const draw = random();
  return {
    'conv.weight': draw.randn([3, 2, 3, 3]),
    'conv.bias': draw.randn([3]),
    'norm.num_batches_tracked': array(12, [], 'float64'),
    'linear.weight': draw.randn([4, 5], 'float64'),
    empty: zeros([0, 4]),
  };
}

const ascending = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);

/** Reads bytes by a function that takes a path. */
function throughFile<R>(read: (file: string) => R): (bytes: Uint8Array) => R {
  let dir: string | null = null;
  return (bytes) => {
    if (dir === null) {
      const made = mkdtempSync(path.join(tmpdir(), 'layerwise-mutants-'));
      process.once('exit', () => rmSync(made, { recursive: true, force: true }));
      dir = made;
    }
    const file = path.join(dir, 'mutant');
    writeFileSync(file, bytes);
    return read(file);
  };
}

const FIXTURES = path.join(__dirname, '..', '..', 'fixtures');

/** The files in a list of a fixture, which holds them in base64. */
function packedFiles(fixture: string): Record<string, Uint8Array[]> {
  const text = readFileSync(path.join(FIXTURES, `${fixture}.json`), 'utf8');
  const lists = JSON.parse(text) as Record<string, readonly { file: string }[]>;
  const named = Object.entries(lists).filter(([, list]) => Array.isArray(list));
  return Object.fromEntries(named.map(([name, list]) => [name, list.map(({ file }) => Buffer.from(file, 'base64'))]));
}

/** An input of a shape whose open axes have size 3; null where that is large, or the shape is open as a whole. */
function exampleOf(shape: readonly (number | string)[] | null): NDArray | null {
  const sizes = shape?.map((size) => (typeof size === 'number' ? size : 3)) ?? null;
  const isSmall = sizes?.every((size) => Number.isInteger(size) && size >= 0 && size < 1000) ?? false;
  return sizes !== null && isSmall && sizes.reduce((a, b) => a * b, 1) < 10_000 ? zeros(sizes) : null;
}

const GIVEN: readonly Omit<Format, 'contents'>[] = [
  {
    name: 'safetensors',
    promised: 'whole',
    functions: ['decodeSafetensors'],
    files: () => [
      encodeSafetensors(state(), { metadata: { epoch: '3' } }),
      readFileSync(path.join(FIXTURES, 'files', 'every-dtype.safetensors')),
    ],
    read: decodeSafetensors,
  },
  {
    name: 'npy',
    promised: 'whole',
    functions: ['decodeNpy'],
    files: () => [encodeNpy(random().randn([2, 3, 2], 'float64')), ...packedFiles('files_numpy').arrays],
    read: decodeNpy,
  },
  {
    name: 'npz',
    promised: 'same',
    functions: ['decodeNpz'],
    files: () => [encodeNpz(state()), ...packedFiles('files_numpy').archives],
    read: decodeNpz,
  },
  {
    name: 'pytorch',
    promised: 'same',
    functions: ['decodePytorch'],
    files: () => packedFiles('files_pytorch').read,
    read: decodePytorch,
  },
  {
    name: 'json',
    promised: 'whole',
    functions: ['decodeJson'],
    files: () => [encodeJson(state(), { metadata: { epoch: '3' } }), encodeJson({ a: array([-0, Infinity, NaN]) })],
    read: decodeJson,
  },
  {
    name: 'onnx',
    promised: 'whole',
    functions: ['decodeOnnx', 'OnnxModel'],
    files: () => onnxFixtures().map(({ model }) => model),
    read: (bytes) => {
      const model = decodeOnnx(bytes, { dtype: 'float32' });
      const { inputs, outputs, opset } = model;
      const given = inputs.map(({ shape }) => exampleOf(shape));
      const run = given.includes(null) ? null : noGrad((): unknown => model.forward(...given));
      const results = [run].flat().map((result) => (result instanceof Tensor ? result.data : null));
      return { inputs, outputs, opset, state: model.stateDict(), results };
    },
  },
  {
    name: 'checkpoint',
    promised: 'same',
    functions: ['decodeCheckpoint'],
    files: () => {
      const run = { kind: 'fit', iteration: 12, epoch: 3, config: { lr: 0.1, name: 'a', seeds: [1, 2] } } as const;
      const lists = { lossHistory: [2.5, 1.25, 1 / 3], best: null, rows: [[1, 2]] };
      return [
        encodeCheckpoint({ ...run, state: { model: state(), ...lists } }),
        encodeCheckpoint({ ...run, kind: 'Solver', state: { model: {}, random: { i: 1 } } }),
      ];
    },
    read: (bytes) => decodeCheckpoint(bytes, 'bytes'),
  },
  {
    name: 'cifar10',
    promised: 'whole',
    functions: ['readCifar10Batch'],
    files: () =>
      [1, 3].map((N) => Uint8Array.from({ length: N * 3073 }, (_, i) => (i % 3073 === 0 ? 9 - i / 3073 : i % 251))),
    read: throughFile(readCifar10Batch),
  },
  {
    name: 'idx',
    promised: 'whole',
    functions: ['readIdx'],
    files: () => {
      const files = [
        idxFile(8, [2, 3, 4], ascending(24)),
        idxFile(13, [3], ascending(12)),
        idxFile(8, [9], ascending(9)),
      ];
      return [...files, new Uint8Array(gzipSync(files[0]))];
    },
    read: throughFile(readIdx),
  },
  {
    name: 'png',
    promised: 'whole',
    functions: ['decodeImage'],
    files: () => {
      const rows = Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 2, 9, 8, 7, 6, 5, 4]);
      const size = { width: 2, height: 2, depth: 8 };
      const palette = { colour: 3, palette: [...ascending(12)], transparent: [0, 128] };
      return [
        pngOfParts({ ...size, colour: 2, rows }),
        pngOfParts({ ...size, ...palette, depth: 1, rows: Uint8Array.of(0, 64, 0, 128) }),
        pngOfParts({
          ...size,
          colour: 0,
          depth: 16,
          interlace: 1,
          rows: Uint8Array.of(0, 1, 2, 0, 3, 4, 0, 5, 6, 7, 8),
        }),
      ];
    },
    // A small file may hold a large picture of one colour, so the caller says how large it may be.
    read: (bytes) => decodeImage(bytes, { maxPixels: 1_000_000 }),
  },
  {
    name: 'csv',
    promised: 'whole',
    functions: ['parseCsv'],
    files: () =>
      ['area,rooms,price\n10,2,1.5\n20,3,2.5e3\n-3,0,"4"\n', 'a,b\n1,2\n"3",4\n'].map((text) =>
        new TextEncoder().encode(text),
      ),
    read: (bytes) => parseCsv(new TextDecoder().decode(bytes)),
  },
];

/** All formats, their files made when they are asked for. */
export const FORMATS: readonly Format[] = GIVEN.map((format) => {
  const files = once(() => format.files().map((file) => new Uint8Array(file)));
  return { ...format, files, contents: once(() => files().map((file) => contentOf(format.read(file)))) };
});

/** @throws {Error} if there is none of that name. */
export function formatNamed(name: string): Format {
  const format = FORMATS.find((other) => other.name === name);
  if (format === undefined) throw new Error(`formatNamed: there is no format ${name}`);
  return format;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
