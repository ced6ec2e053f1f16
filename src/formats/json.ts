import {
  argumentError,
  type DType,
  describe,
  dtypeOf,
  type Floats,
  heap,
  type NDArray,
  type OptionsOf,
  oneOf,
  operand,
  option,
  type StateLike,
  settingsOf,
  tuple,
  withStorage,
  wrap,
} from '../arrays/index.js';
import { checkBytes, decodeUtf8, formatError, type Source } from './bytes.js';
import { refuseForeign } from './foreign.js';
import { checkParts, type Json, type JsonObject, parseJson } from './parse-json.js';
import { countOf, emptyState, quoted, readableArrays } from './state.js';
import { TEXTS } from './texts.js';

/** Larger ones are refused: a number takes more memory as text than as a number. */
const MAX_BYTES = 8 * 2 ** 20;
const VERSION = 1;
const DTYPES = oneOf('float32', 'float64');
/** The file, its tensors, a tensor, its data. */
const DEPTH = 4;

const OPTIONS = {
  /** Texts by name, kept in the file. Default none. */
  metadata: option<Readonly<Record<string, string>> | null>(null, TEXTS),
};

/** Options of {@link encodeJson}. */
export interface JsonOptions extends OptionsOf<typeof OPTIONS> {}

/** What JSON has no numbers for. */
const NAMED: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

/**
 * A state as JSON, for small networks: `{ "format": "layerwise", "version": 1, "metadata": {…}, "tensors": { "W1": {
 * "dtype": "float32", "shape": [2, 2], "data": [0.1, -0, "NaN", "Infinity"] } } }`. The numbers, in row-major order,
 * read back as the same ones, with the fewest digits; of NaN only that it is one.
 *
 * @param state - Arrays or tensors by name: `model.stateDict()`.
 * @returns UTF-8 of at most 8 MB: some 700,000 numbers of float32.
 * @throws {TypeError | RangeError} naming the entry that is no array; or if it would be longer.
 */
export function encodeJson(state: StateLike, options: JsonOptions = {}): Uint8Array {
  return writeJson('encodeJson', state, options);
}

/** {@link encodeJson}, for a function of another name. */
export function writeJson(fn: string, state: StateLike, options: JsonOptions): Uint8Array {
  const { metadata } = settingsOf(fn, OPTIONS, options);
  const named = readableArrays(fn, state);
  let [length, texts] = [0, 2 * Object.keys(metadata ?? {}).length];
  const tensors = named.map(([name, a]) => {
    const [dtype, flat] = [dtypeOf(a), operand(a)];
    const data = Array.from(flat, dtype === 'float32' ? shortest : exact).join();
    length += data.length;
    if (length > MAX_BYTES) throw tooLong(fn);
    for (const value of flat) if (!Number.isFinite(value)) texts++;
    return `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":${JSON.stringify(a.shape)},"data":[${data}]}`;
  });
  const start = `{"format":"layerwise","version":${VERSION}`;
  const kept = metadata === null ? '' : `,"metadata":${JSON.stringify(metadata)}`;
  checkParts(fn, named.length, texts);
  const bytes = new TextEncoder().encode(`${start}${kept},"tensors":{${tensors.join()}}}\n`);
  if (bytes.length > MAX_BYTES) throw tooLong(fn);
  return bytes;
}

/**
 * What {@link encodeJson} wrote.
 *
 * @returns Arrays by name; an object without a prototype, so that any name is an entry.
 * @throws {FormatError} naming the place, what was found and what was expected; also for a name that occurs twice, and
 *   for more than 8 MB.
 */
export function decodeJson(bytes: Uint8Array): Record<string, NDArray> {
  return readJson({ fn: 'decodeJson', file: 'bytes' }, bytes);
}

/** {@link decodeJson} of bytes that come from a file. */
export function readJson(source: Source, bytes: Uint8Array): Record<string, NDArray> {
  checkBytes(source, bytes);
  refuseForeign(source, bytes, 'JSON');
  if (bytes.length > MAX_BYTES) {
    const expected = `at most ${MAX_BYTES}: JSON is for small networks`;
    throw formatError(source, { place: 'text', found: `has ${bytes.length} bytes`, expected });
  }
  const { tensors } = partsOf(source, parseJson(source, 'text', textOf(source, bytes), DEPTH));
  const state = emptyState<NDArray>();
  for (const name of Object.keys(tensors)) state[name] = arrayOf(source, quoted(name), tensors[name]);
  return state;
}

function textOf(source: Source, bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    throw formatError(source, { place: 'text', found: 'is no UTF-8' });
  }
}

function partsOf(source: Source, file: Json): { tensors: JsonObject } {
  const { format, version, metadata, tensors, ...others } = isObject(file) ? file : emptyState<Json>();
  if (format !== 'layerwise') {
    const expected = '{"format": "layerwise", …}, as save and encodeJson write it';
    throw formatError(source, { place: 'text', found: `has format ${describe(format)}`, expected });
  }
  if (version !== VERSION) {
    const newer = typeof version === 'number' && version > VERSION;
    const wayOut = newer ? 'a newer version of layerwise has written it' : undefined;
    throw formatError(source, { place: 'version', found: `is ${describe(version)}`, expected: `${VERSION}`, wayOut });
  }
  if (metadata !== undefined && !TEXTS.allows(metadata)) {
    throw formatError(source, { place: 'metadata', found: `is ${describe(metadata)}`, expected: TEXTS.expected });
  }
  if (!isObject(tensors)) {
    throw formatError(source, { place: 'tensors', found: `is ${describe(tensors)}`, expected: 'an object' });
  }
  refuseOthers(source, 'text', others);
  return { tensors };
}

function arrayOf(source: Source, place: string, entry: Json): NDArray {
  const { dtype, shape, data, ...others } = isObject(entry) ? entry : emptyState<Json>();
  if (!DTYPES.allows(dtype)) {
    throw formatError(source, { place, found: `has dtype ${describe(dtype)}`, expected: DTYPES.expected });
  }
  const size = countOf(source, place, shape);
  if (!Array.isArray(data) || data.length !== size) {
    const found = `has ${Array.isArray(data) ? data.length : describe(data)} as data`;
    throw formatError(source, { place, found, expected: `${size} numbers for shape ${tuple(shape as number[])}` });
  }
  refuseOthers(source, place, others);
  const flat = numbersOf(source, place, data, dtype as DType);
  return withStorage(heap, () => wrap(flat, shape as number[]));
}

function numbersOf(source: Source, place: string, data: readonly Json[], dtype: DType): Floats {
  const flat = dtype === 'float64' ? new Float64Array(data.length) : new Float32Array(data.length);
  for (let i = 0; i < flat.length; i++) {
    const value = data[i];
    const isName = typeof value === 'string' && Object.hasOwn(NAMED, value);
    flat[i] = isName ? NAMED[value] : (value as number);
    if (isName || (typeof value === 'number' && Number.isFinite(flat[i]))) continue;
    const expected = `a number of ${dtype}, 'NaN', 'Infinity' or '-Infinity'`;
    throw formatError(source, { place, found: `holds ${describe(value)} at element ${i}`, expected });
  }
  return flat;
}

function refuseOthers(source: Source, place: string, others: object): void {
  const [name] = Object.keys(others);
  if (name !== undefined) throw formatError(source, { place, found: `has an unknown entry ${describe(name)}` });
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The shortest text that is read as the same float64. */
function exact(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** The shortest text that is read as the same float32: 9 digits always are enough. */
function shortest(value: number): string {
  // toPrecision drops the sign of zero.
  if (value === 0) return exact(value);
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return exact(short);
  }
  return exact(Number(value.toPrecision(9)));
}

function tooLong(fn: string): Error {
  const expected = `at most ${MAX_BYTES} bytes of JSON, which is for small networks`;
  const wayOut = 'write a safetensors file';
  return argumentError(RangeError, { fn, arg: 'state', found: 'is longer', expected, wayOut });
}
