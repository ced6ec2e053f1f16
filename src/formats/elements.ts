import type { Floats } from '../arrays/index.js';
import { formatError, type Source } from './bytes.js';

/** The number formats that files hold, under the names of safetensors. */
export type ElementType = keyof typeof ELEMENT_SIZES;

/** Bytes of a number. */
export const ELEMENT_SIZES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

/** Whether `name` is one of the formats that are read here. */
export function isElementType(name: unknown): name is ElementType {
  return typeof name === 'string' && Object.hasOwn(ELEMENT_SIZES, name);
}

const HOST_IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The integers and booleans that a typed array of the same format reads. */
const INTEGERS = {
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
};

/**
 * Numbers of a file as an array of its own: float64 for F64, integers and booleans, float32 for F32 and for the shorter
 * floats, whose values it holds exactly. The bits of F64 and F32 stay as they are, also those of NaN.
 *
 * @param bytes - The numbers, one after the other without gaps, at any address: a multiple of the size of one.
 * @param place - What they are, for errors: `'fc.weight'`.
 * @throws {FormatError} if an integer is beyond ±(2^53 - 1), or a boolean neither 0 nor 1.
 */
export function elementsOf(
  source: Source,
  place: string,
  bytes: Uint8Array,
  type: ElementType,
  bigEndian = false,
): Floats {
  const aligned = alignedCopy(bytes, ELEMENT_SIZES[type], bigEndian === HOST_IS_LITTLE_ENDIAN);
  switch (type) {
    case 'F64':
      return new Float64Array(aligned);
    case 'F32':
      return new Float32Array(aligned);
    case 'F16':
    case 'BF16':
      return looked(new Uint16Array(aligned), tableOf(type));
    case 'F8_E4M3':
    case 'F8_E5M2':
    case 'F8_E8M0':
      return looked(new Uint8Array(aligned), tableOf(type));
    case 'I64':
    case 'U64':
      return exact(source, place, type === 'I64' ? new BigInt64Array(aligned) : new BigUint64Array(aligned));
    case 'BOOL':
      return truths(source, place, new Uint8Array(aligned));
    default:
      return Float64Array.from(new INTEGERS[type](aligned));
  }
}

/**
 * Floats of a file where they stand, without a copy; null where that cannot be: of other types, at addresses that are
 * not a multiple of the size of one, in shared memory, and on a big-endian machine.
 */
export function elementsInPlace(bytes: Uint8Array, type: ElementType): Floats | null {
  if (!HOST_IS_LITTLE_ENDIAN || (type !== 'F64' && type !== 'F32')) return null;
  const { buffer, byteOffset, length } = bytes;
  const size = ELEMENT_SIZES[type];
  if (!(buffer instanceof ArrayBuffer) || byteOffset % size !== 0) return null;
  const Room = type === 'F64' ? Float64Array : Float32Array;
  return new Room(buffer, byteOffset, length / size);
}

/** The bytes in a buffer of their own, those of each number turned round if `swap` is true. */
function alignedCopy(bytes: Uint8Array, size: number, swap: boolean): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = bytes;
  // A buffer's own slice does not fill with zeros what it copies to; of shared memory it would be shared memory. The
  // slice of a Node Buffer is no copy.
  const copy =
    buffer instanceof ArrayBuffer ? buffer.slice(byteOffset, byteOffset + byteLength) : new Uint8Array(bytes).buffer;
  if (swap && size > 1) {
    for (let at = 0; at < byteLength; at += size) new Uint8Array(copy, at, size).reverse();
  }
  return copy;
}

/** Numbers as the bytes of a file: those in memory, where the machine has them in the same order. */
export function littleEndianBytes(values: Floats | BigInt64Array): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return HOST_IS_LITTLE_ENDIAN ? bytes : new Uint8Array(alignedCopy(bytes, values.BYTES_PER_ELEMENT, true));
}

function looked(codes: Uint8Array | Uint16Array, table: Float32Array): Float32Array {
  const out = new Float32Array(codes.length);
  for (let i = 0; i < out.length; i++) out[i] = table[codes[i]];
  return out;
}

function exact(source: Source, place: string, values: BigInt64Array | BigUint64Array): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = Number(values[i]);
    if (Number.isSafeInteger(out[i])) continue;
    const found = `holds ${values[i]} at element ${i}`;
    throw formatError(source, { place, found, expected: 'integers from -(2^53 - 1) to 2^53 - 1' });
  }
  return out;
}

function truths(source: Source, place: string, values: Uint8Array): Float64Array {
  const at = values.findIndex((value) => value > 1);
  if (at >= 0) {
    const found = `holds ${values[at]} at element ${at}`;
    throw formatError(source, { place, found, expected: '0 or 1: the numbers are booleans' });
  }
  return Float64Array.from(values);
}

/** A short float: the widths of exponent and mantissa, and what its highest exponent means. */
interface ShortFloat {
  readonly exponent: number;
  readonly mantissa: number;
  /** Infinities and NaN as in IEEE 754; else only all ones is NaN. */
  readonly infinities: boolean;
}

const SHORT_FLOATS = {
  F16: { exponent: 5, mantissa: 10, infinities: true },
  BF16: { exponent: 8, mantissa: 7, infinities: true },
  F8_E5M2: { exponent: 5, mantissa: 2, infinities: true },
  F8_E4M3: { exponent: 4, mantissa: 3, infinities: false },
} as const satisfies Record<string, ShortFloat>;

const tables = new Map<string, Float32Array>();

/** The value of each code of a short float; made when it is needed for the first time. */
function tableOf(type: keyof typeof SHORT_FLOATS | 'F8_E8M0'): Float32Array {
  const known = tables.get(type);
  if (known !== undefined) return known;
  const table = type === 'F8_E8M0' ? powersOfTwo() : valuesOf(SHORT_FLOATS[type]);
  tables.set(type, table);
  return table;
}

function valuesOf({ exponent: E, mantissa: M, infinities }: ShortFloat): Float32Array {
  const sign = 1 << (E + M);
  const [top, bias] = [2 ** E - 1, 2 ** (E - 1) - 1];
  return Float32Array.from({ length: 2 * sign }, (_, code) => {
    const [e, m] = [(code % sign) >> M, code % 2 ** M];
    const factor = code < sign ? 1 : -1;
    if (infinities && e === top) return m === 0 ? factor * Number.POSITIVE_INFINITY : Number.NaN;
    if (e === top && m === 2 ** M - 1) return Number.NaN;
    return factor * (e === 0 ? m * 2 ** (1 - bias - M) : (2 ** M + m) * 2 ** (e - bias - M));
  });
}

/** E8M0: 2^(code - 127); 255 is NaN. */
function powersOfTwo(): Float32Array {
  return Float32Array.from({ length: 256 }, (_, code) => (code === 255 ? Number.NaN : 2 ** (code - 127)));
}
