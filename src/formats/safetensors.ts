import {
  argumentError,
  describe,
  dtypeOf,
  type Floats,
  heap,
  type NDArray,
  type OptionsOf,
  operand,
  option,
  printable,
  type StateLike,
  settingsOf,
  tuple,
  withStorage,
  wrap,
} from '../arrays/index.js';
import { ByteReader, formatError, type Source } from './bytes.js';
import {
  ELEMENT_SIZES,
  type ElementType,
  elementsInPlace,
  elementsOf,
  isElementType,
  littleEndianBytes,
} from './elements.js';
import { refuseForeign } from './foreign.js';
import { type Json, type JsonObject, parseJson } from './parse-json.js';
import { layoutOf, MAX_HEADER_BYTES, METADATA, OFFSETS } from './safetensors-layout.js';
import { countOf, emptyState, quoted, readableArrays } from './state.js';
import { isTexts, TEXTS } from './texts.js';
import type { Safetensors } from './types.js';

// The format: 8 bytes with the length of the header, the header in JSON, then the numbers without gaps.
// https://github.com/huggingface/safetensors#format

/** The header is an object of objects with lists. */
const HEADER_DEPTH = 3;

const OPTIONS = {
  /** Texts by name, kept in the header. Default none. */
  metadata: option<Readonly<Record<string, string>> | null>(null, TEXTS),
  /**
   * The arrays that are written as I64. Default null: those without axes that are named `num_batches_tracked` and have
   * a whole number, as PyTorch's batch normalizations have it.
   */
  integers: option<readonly string[] | null>(null, {
    allows: (value) => value === null || (Array.isArray(value) && value.every((name) => typeof name === 'string')),
    expected: 'a list of names, or null',
    Kind: TypeError,
  }),
};

/** Options of {@link encodeSafetensors}. */
export interface SafetensorsOptions extends OptionsOf<typeof OPTIONS> {}

/** An array in the file: where it stands among the numbers. */
interface Entry {
  readonly name: string;
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * A state as the bytes of a safetensors file: float32 as F32, float64 as F64, the named counters as I64. The bits of
 * all values stay, and the strided views are written in row-major order. Numbers of 8 bytes come first, so that every
 * array begins at a multiple of the size of its numbers.
 *
 * @param state - Arrays or tensors by name: `model.stateDict()`.
 * @throws {TypeError | RangeError} naming the entry that is no array, or cannot be written.
 * @see https://github.com/huggingface/safetensors#format
 *
 * @example
 * const bytes = encodeSafetensors(model.stateDict(), { metadata: { epoch: '10' } });
 */
export function encodeSafetensors(state: StateLike, options: SafetensorsOptions = {}): Uint8Array {
  return writeSafetensors('encodeSafetensors', state, options);
}

/** {@link encodeSafetensors}, for a function of another name. */
export function writeSafetensors(fn: string, state: StateLike, options: SafetensorsOptions): Uint8Array {
  const { metadata, integers } = settingsOf(fn, OPTIONS, options);
  const named = readableArrays(fn, state);
  for (const [name] of named) checkName(fn, name);
  const asIntegers = new Set(integers ?? named.filter(isCounter).map(([name]) => name));
  for (const name of integers ?? []) {
    if (Object.hasOwn(state, name)) continue;
    throw argumentError(RangeError, {
      fn,
      arg: 'integers',
      found: `has ${describe(name)}`,
      expected: 'names of state',
    });
  }

  const values = named.map(([name, a]) => {
    const dtype: ElementType = asIntegers.has(name) ? 'I64' : dtypeOf(a) === 'float64' ? 'F64' : 'F32';
    const flat = operand(a);
    return { name, dtype, shape: a.shape, flat: dtype === 'I64' ? integersOf(fn, name, flat) : flat };
  });
  const { header, places, size } = layoutOf(fn, values, metadata);
  const bytes = new Uint8Array(size);
  bytes.set(header);
  values.forEach(({ flat }, i) => {
    bytes.set(littleEndianBytes(flat), places[i]);
  });
  return bytes;
}

/**
 * What the bytes of a safetensors file hold. Every number of the header is checked before anything is allocated.
 *
 * @param bytes - The whole file, at any address in memory.
 * @returns Arrays of their own, on the heap: float64 for F64, integers and booleans, float32 for F32, F16, BF16 and the
 *   floats of 8 bits, all exact; and the texts of `__metadata__`.
 * @throws {FormatError} naming the place, what was found and what was expected: a header that is cut off or no JSON, a
 *   name that occurs twice, numbers that overlap, leave a gap or do not fill the file, a size that is not that of dtype
 *   and shape, a dtype that is unknown, an integer beyond ±(2^53 - 1).
 * @see https://github.com/huggingface/safetensors#format
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  return readSafetensors({ fn: 'decodeSafetensors', file: 'bytes' }, bytes);
}

/**
 * {@link decodeSafetensors} of bytes that come from a file.
 *
 * @param inPlace - Whether arrays may share the memory of `bytes`, and so keep all of it. Default false.
 */
export function readSafetensors(source: Source, bytes: Uint8Array, inPlace = false): Safetensors {
  const reader = new ByteReader(source, bytes);
  if (bytes[8] !== 0x7b) refuseForeign(source, bytes, 'a safetensors file');
  const length = reader.u64('length of the header');
  if (length > MAX_HEADER_BYTES) {
    throw reader.error('length of the header', `is ${length}`, `at most ${MAX_HEADER_BYTES}`, 0);
  }
  const text = reader.text(length, 'header');
  if (!text.startsWith('{')) throw reader.error('header', `begins with ${describe(text.slice(0, 8))}`, '{', 8);
  const header = parseJson(source, 'header', text, HEADER_DEPTH) as JsonObject;
  const metadata = metadataOf(source, header);
  const numbers = reader.take(reader.left, 'numbers');

  const entries = Object.keys(header).map((name) => entryOf(source, name, header[name]));
  checkPlaces(source, entries, numbers.length);
  const tensors = emptyState<NDArray>();
  const dtypes = emptyState<string>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const part = numbers.subarray(begin, end);
    const flat = (inPlace && elementsInPlace(part, dtype)) || elementsOf(source, quoted(name), part, dtype);
    tensors[name] = withStorage(heap, () => wrap(flat, shape));
    dtypes[name] = dtype;
  }
  return { tensors, dtypes, metadata };
}

/** Takes the metadata out of the header. */
function metadataOf(source: Source, header: JsonObject): Record<string, string> {
  const metadata = header[METADATA] ?? emptyState<string>();
  delete header[METADATA];
  if (!isTexts(metadata)) {
    const found = `is ${describe(metadata)}`;
    throw formatError(source, { place: METADATA, found, expected: 'an object of texts by name' });
  }
  return metadata;
}

function entryOf(source: Source, name: string, entry: Json): Entry {
  const place = quoted(name);
  const fields = typeof entry === 'object' && entry !== null ? Object.keys(entry).sort().join() : '';
  if (Array.isArray(entry) || fields !== `${OFFSETS},dtype,shape`) {
    const found = fields === '' || Array.isArray(entry) ? `is ${describe(entry)}` : `has ${printable(fields)}`;
    throw formatError(source, { place, found, expected: `dtype, shape and ${OFFSETS}` });
  }
  const { dtype, shape, [OFFSETS]: offsets } = entry as JsonObject;
  if (!isElementType(dtype)) {
    const expected = `one of ${Object.keys(ELEMENT_SIZES).join(', ')}`;
    throw formatError(source, { place, found: `has dtype ${describe(dtype)}`, expected });
  }
  if (!isRange(offsets)) {
    const expected = '[begin, end], whole numbers with 0 ≤ begin ≤ end';
    throw formatError(source, { place, found: `has ${OFFSETS} ${describe(offsets)}`, expected });
  }
  const [begin, end] = offsets;
  const size = countOf(source, place, shape) * ELEMENT_SIZES[dtype];
  if (end - begin !== size) {
    const expected = `${size} for ${dtype} of shape ${tuple(shape as number[])}`;
    throw formatError(source, { place, found: `has ${end - begin} bytes (${OFFSETS} [${begin}, ${end}])`, expected });
  }
  return { name, dtype, shape: shape as number[], begin, end };
}

/** @throws {FormatError} if the arrays do not stand one after the other, from the first byte to the last. */
function checkPlaces(source: Source, entries: readonly Entry[], length: number): void {
  let [at, before] = [0, ''];
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at) {
      const expected = before === '' ? '0, as the first' : `${at}, the end of ${before}`;
      const found = `begins at byte ${begin} of the numbers`;
      throw formatError(source, {
        place: quoted(name),
        found,
        expected,
        wayOut: begin < at ? 'they overlap' : 'there is a gap',
      });
    }
    [at, before] = [end, quoted(name)];
  }
  if (at === length) return;
  const wayOut = at > length ? 'the file is cut off' : 'something stands behind them';
  throw formatError(source, { place: 'numbers', found: `have ${length} bytes`, expected: `${at}`, wayOut });
}

function isRange(value: Json): value is [number, number] {
  if (!Array.isArray(value) || value.length !== 2 || !value.every(Number.isSafeInteger)) return false;
  const [begin, end] = value as [number, number];
  return begin >= 0 && begin <= end;
}

function isCounter([name, a]: [string, NDArray]): boolean {
  return a.shape.length === 0 && /(^|\.)num_batches_tracked$/.test(name) && Number.isSafeInteger(operand(a)[0]);
}

function integersOf(fn: string, name: string, values: Floats): BigInt64Array {
  const at = values.findIndex((value) => !Number.isSafeInteger(value));
  if (at >= 0) {
    const [arg, found] = [describe(name), `holds ${values[at]} at element ${at}`];
    throw argumentError(RangeError, { fn, arg, found, expected: 'whole numbers: it is to be written as I64' });
  }
  return BigInt64Array.from(values, BigInt);
}

function checkName(fn: string, name: string): void {
  if (name !== METADATA) return;
  const expected = 'another name: the format keeps its texts there';
  throw argumentError(RangeError, { fn, arg: 'a name in state', found: `is '${METADATA}'`, expected });
}
