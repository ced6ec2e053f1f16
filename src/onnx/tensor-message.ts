import { type NDArray, printable, sizeOf, tuple, wrap } from '../arrays/index.js';
import { Integers } from './integers.js';
import type { ProtoReader } from './proto-reader.js';
import { DATA_TYPE, TENSOR } from './schema.js';

/** A tensor of a file before its values are read: its shape is checked, and that as many values are there. */
export interface TensorMessage {
  readonly name: string;
  /** Of `DATA_TYPE`. */
  readonly dataType: number;
  readonly shape: readonly number[];
  /** Why its values cannot be read: `has external data`; null if they can. */
  readonly unsupported: string | null;
  /** Reads the values. @throws {FormatError} if one is out of range. */
  values(): NDArray | Integers;
}

/** How the values of a number format are stored, and read into arrays. */
interface Storage {
  /** Bytes of a value in `raw_data`. */
  readonly size: number;
  /** The field of values one by one. */
  readonly field: number;
  /** The value at a byte of `raw_data`. */
  readonly raw: (view: DataView, at: number) => number;
  /** The value of a number in `field`. Default: the number. */
  readonly typed?: (value: number) => number;
  readonly array: 'float32' | 'float64' | 'integers';
}

const integers = (size: number, raw: Storage['raw'], field: number = TENSOR.int32Data): Storage => {
  return { size, field, raw, array: 'integers' };
};

const half = (widen: (bits: number) => number): Storage => ({
  size: 2,
  field: TENSOR.int32Data,
  raw: (view, at) => widen(view.getUint16(at, true)),
  typed: (bits) => widen(bits & 0xffff),
  array: 'float32',
});

const STORAGE: Readonly<Record<number, Storage>> = {
  [DATA_TYPE.float]: {
    size: 4,
    field: TENSOR.floatData,
    raw: (view, at) => view.getFloat32(at, true),
    array: 'float32',
  },
  [DATA_TYPE.double]: {
    size: 8,
    field: TENSOR.doubleData,
    raw: (view, at) => view.getFloat64(at, true),
    array: 'float64',
  },
  [DATA_TYPE.float16]: half(fromFloat16),
  [DATA_TYPE.bfloat16]: half(fromBfloat16),
  [DATA_TYPE.uint8]: integers(1, (view, at) => view.getUint8(at)),
  [DATA_TYPE.int8]: integers(1, (view, at) => view.getInt8(at)),
  [DATA_TYPE.uint16]: integers(2, (view, at) => view.getUint16(at, true)),
  [DATA_TYPE.int16]: integers(2, (view, at) => view.getInt16(at, true)),
  [DATA_TYPE.int32]: integers(4, (view, at) => view.getInt32(at, true)),
  [DATA_TYPE.uint32]: integers(4, (view, at) => view.getUint32(at, true), TENSOR.uint64Data),
  [DATA_TYPE.int64]: integers(8, (view, at) => whole(view.getBigInt64(at, true)), TENSOR.int64Data),
  [DATA_TYPE.uint64]: integers(8, (view, at) => whole(view.getBigUint64(at, true)), TENSOR.uint64Data),
  [DATA_TYPE.bool]: integers(1, (view, at) => Number(view.getUint8(at) !== 0)),
};

/** Integers are shapes, axes and places, a few each; more are weights in few bits. */
const MOST_INTEGERS = 2 ** 20;

const TYPE_NAMES = new Map(Object.entries(DATA_TYPE).map(([name, number]) => [number as number, name]));

/** The name of a number format: `float`, `int4`. */
export function dataTypeName(dataType: number): string {
  return TYPE_NAMES.get(dataType) ?? `data type ${dataType}`;
}

/** Whether tensors of this number format are arrays of floats here, and in which. */
export function floatsOf(dataType: number): 'float32' | 'float64' | null {
  const array = STORAGE[dataType]?.array;
  return array === undefined || array === 'integers' ? null : array;
}

/** Reads all about a tensor but its values. @throws {FormatError} if the number of values is not that of the shape. */
export function readTensor(reader: ProtoReader): TensorMessage {
  const start = reader.again();
  const shape: number[] = [];
  let name = '';
  let dataType: number = DATA_TYPE.undefined;
  let raw: Uint8Array | null = null;
  let external = false;
  const counts = new Map<number, number>();
  while (reader.next()) {
    const { field } = reader;
    if (field === TENSOR.dims) {
      reader.ints((size) => {
        if (!(Number.isSafeInteger(size) && size >= 0)) throw reader.error(`is a size of ${size}`, 'sizes ≥ 0');
        if (shape.push(size) > 32) throw reader.error('is a shape of more than 32 axes', 'at most 32');
      });
    } else if (field === TENSOR.dataType) dataType = reader.int();
    else if (field === TENSOR.name) name = reader.text();
    else if (field === TENSOR.rawData) raw = reader.bytes();
    else if (field === TENSOR.dataLocation) external = reader.int() !== 0 || external;
    else if (field === TENSOR.externalData) {
      external = true;
      reader.skip();
    } else {
      let count = 0;
      if (eachTyped(reader, () => count++)) counts.set(field, (counts.get(field) ?? 0) + count);
      else reader.skip();
    }
  }

  const size = sizeOf(shape);
  const storage = STORAGE[dataType];
  const unsupported = external ? 'has its values in another file' : whyNot(dataType, storage, size);
  if (unsupported === null) {
    const there = raw === null ? (counts.get(storage.field) ?? 0) : raw.length / storage.size;
    if (there !== size) {
      const found = `ends tensor '${printable(name)}' with ${there} values`;
      throw reader.error(found, `${size}, those of shape ${tuple(shape)}`);
    }
  }
  return { name, dataType, shape, unsupported, values: () => valuesOf(start.again(), shape, size, storage, raw) };
}

function whyNot(dataType: number, storage: Storage | undefined, size: number): string | null {
  if (storage === undefined) return `has values of type ${dataTypeName(dataType)}`;
  return storage.array === 'integers' && size > MOST_INTEGERS ? `has ${size} integers` : null;
}

/** Calls `each` with the numbers in the field, if it is one of numbers one by one. @returns Whether it is. */
function eachTyped(reader: ProtoReader, each: (value: number) => void): boolean {
  const { field } = reader;
  if (field === TENSOR.floatData) reader.floats(each);
  else if (field === TENSOR.doubleData) reader.doubles(each);
  else if (field === TENSOR.int32Data || field === TENSOR.int64Data || field === TENSOR.uint64Data) reader.ints(each);
  else return false;
  return true;
}

function valuesOf(
  reader: ProtoReader,
  shape: readonly number[],
  size: number,
  { array, field, raw: read, size: bytes, typed = (value) => value }: Storage,
  raw: Uint8Array | null,
): NDArray | Integers {
  const values = array === 'float32' ? new Float32Array(size) : new Float64Array(size);
  if (raw !== null && array !== 'integers' && bytes === values.BYTES_PER_ELEMENT && LITTLE_ENDIAN) {
    // The file's bytes may not begin at a multiple of a number's size.
    new Uint8Array(values.buffer).set(raw);
  } else if (raw !== null) {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    for (let i = 0; i < size; i++) values[i] = read(view, i * bytes);
  } else {
    let i = 0;
    while (reader.next()) {
      if (reader.field !== field) reader.skip();
      else eachTyped(reader, (value) => (values[i++] = typed(value)));
    }
  }
  return array === 'integers' ? new Integers([...shape], values as Float64Array) : wrap(values, [...shape]);
}

/** A 64-bit number; ±Infinity in the place of one that JavaScript's numbers do not hold. */
function whole(value: bigint): number {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : number * Number.POSITIVE_INFINITY;
}

/** IEEE 754's 16-bit float: a sign, 5 bits of exponent and 10 of mantissa. */
function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15));
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

const WORD = new Uint32Array(1);
const FLOAT = new Float32Array(WORD.buffer);

/** The upper half of a 32-bit float. */
function fromBfloat16(bits: number): number {
  WORD[0] = bits * 65536;
  return FLOAT[0];
}
