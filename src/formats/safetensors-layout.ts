import { argumentError, sizeOf } from '../arrays/index.js';
import { type ElementType, ELEMENT_SIZES as SIZES } from './elements.js';
import { checkParts } from './parse-json.js';

/** What the reference implementation reads at most. */
export const MAX_HEADER_BYTES = 100_000_000;
/** The name of the texts in the header. */
export const METADATA = '__metadata__';
/** The name of an array's place in the header. */
export const OFFSETS = 'data_offsets';

/** An array to write. */
export interface LayoutEntry {
  readonly name: string;
  readonly dtype: ElementType;
  readonly shape: readonly number[];
}

/** Where everything stands in a safetensors file. */
export interface Layout {
  /** The first bytes of the file: the length of the header, and the header. Their number is a multiple of 8. */
  readonly header: Uint8Array;
  /** The first byte of each array in the file, in the order of the entries; a multiple of the size of its numbers. */
  readonly places: readonly number[];
  /** Bytes of the file. */
  readonly size: number;
}

/**
 * Lays out a safetensors file: metadata first, then the arrays in the order given. Wider numbers come before
 * narrower ones, so that every array begins at a multiple of the size of its numbers.
 *
 * @param entries - With names of their own.
 * @throws {RangeError} if the header is larger than readers of the format take, or there are more arrays than are read
 *   again.
 */
export function layoutOf(
  fn: string,
  entries: readonly LayoutEntry[],
  metadata: Readonly<Record<string, string>> | null,
): Layout {
  checkParts(fn, entries.length, 2 * Object.keys(metadata ?? {}).length);
  const order = entries.map((_, i) => i).sort((a, b) => SIZES[entries[b].dtype] - SIZES[entries[a].dtype]);
  const begins: number[] = [];
  let end = 0;
  for (const i of order) {
    begins[i] = end;
    end += sizeOf(entries[i].shape) * SIZES[entries[i].dtype];
  }
  const parts = entries.map(({ name, dtype, shape }, i) => {
    const place = [begins[i], begins[i] + sizeOf(shape) * SIZES[dtype]];
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, [OFFSETS]: place })}`;
  });
  // Texts, not an object: that would put names that are whole numbers before the metadata.
  if (metadata !== null) parts.unshift(`"${METADATA}":${JSON.stringify(metadata)}`);
  const text = new TextEncoder().encode(`{${parts.join()}}`);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > MAX_HEADER_BYTES) {
    const expected = `at most ${MAX_HEADER_BYTES}, as readers of the format take`;
    throw argumentError(RangeError, { fn, arg: 'the header', found: `has ${length} bytes`, expected });
  }
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, 8);
  return { header, places: begins.map((begin) => header.length + begin), size: header.length + end };
}
