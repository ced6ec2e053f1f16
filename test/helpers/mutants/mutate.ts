/** Random choices by a seed: mulberry32, of which a million cost a few milliseconds. */
export class Draw {
  #state: number;

  /** @param index - Of the mutant, so that each can be made alone. */
  constructor(seed: number, index = 0) {
    this.#state = (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) | 0;
  }

  /** A whole number in [0, n). */
  below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  }

  from<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }
}

/** Numbers that lengths, counts and offsets are set to. */
const EXTREMES = [
  0n,
  1n,
  0x7fn,
  0xffffn,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** The same where numbers are texts. */
const DECIMALS = [...EXTREMES.map(String), '-1', '1e3', '1e400', '0.5', '00', '', '9'.repeat(400)];

type Mutation = (bytes: Uint8Array, draw: Draw, other: Uint8Array) => Uint8Array;

/** Ways to damage a file, by name. None of them changes the bytes that it gets. */
const MUTATIONS: Readonly<Record<string, Mutation>> = {
  bit: (bytes, draw) => changed(bytes, draw, 1, (part) => Uint8Array.of(part[0] ^ (1 << draw.below(8)))),
  byte: (bytes, draw) =>
    changed(bytes, draw, 1, () => Uint8Array.of(draw.from([0, 255, draw.below(256), 32 + draw.below(95)]))),
  bytes: (bytes, draw) => changed(bytes, draw, 1 + draw.below(16), (part) => part.map(() => draw.below(256))),
  truncated: (bytes, draw) => bytes.slice(0, placeIn(bytes, draw)),
  beheaded: (bytes, draw) => bytes.slice(placeIn(bytes, draw)),
  extended: (bytes, draw) => joined(bytes, filled(draw)),
  inserted: (bytes, draw) => {
    const at = placeIn(bytes, draw);
    return joined(bytes.subarray(0, at), filled(draw), bytes.subarray(at));
  },
  // A bracket many times over is a depth.
  repeated: (bytes, draw) => {
    const at = placeIn(bytes, draw);
    const byte = draw.from([0x5b, 0x7b, 0x28, 0x0a, bytes[at] ?? 0]);
    return joined(bytes.subarray(0, at), new Uint8Array(draw.from([3, 100, 20_000])).fill(byte), bytes.subarray(at));
  },
  deleted: (bytes, draw) => {
    const [from, to] = sliceOf(bytes, draw);
    return joined(bytes.subarray(0, from), bytes.subarray(to));
  },
  duplicated: (bytes, draw) => {
    const [from, to] = sliceOf(bytes, draw);
    return joined(bytes.subarray(0, to), bytes.subarray(from));
  },
  moved: (bytes, draw) => {
    const [from, to] = sliceOf(bytes, draw);
    const rest = joined(bytes.subarray(0, from), bytes.subarray(to));
    const at = placeIn(rest, draw);
    return joined(rest.subarray(0, at), bytes.subarray(from, to), rest.subarray(at));
  },
  swapped: (bytes, draw) => {
    const [a, b, c, d] = Array.from({ length: 4 }, () => placeIn(bytes, draw)).sort((p, q) => p - q);
    const part = (from: number, to?: number) => bytes.subarray(from, to);
    return joined(part(0, a), part(c, d), part(b, c), part(a, b), part(d));
  },
  number: (bytes, draw) => {
    const size = draw.from([2, 4, 8]);
    const isLittle = draw.below(8) > 0;
    const value = draw.from([...EXTREMES, BigInt(bytes.length), BigInt(bytes.length + 1)]);
    return changed(bytes, draw, size, (part) => {
      const field = new Uint8Array(8);
      new DataView(field.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
      const end = field.slice(0, part.length);
      return isLittle ? end : end.reverse();
    });
  },
  decimal: (bytes, draw) => {
    const from = digitFrom(bytes, placeIn(bytes, draw));
    let to = from;
    while (isDigit(bytes[to])) to++;
    return joined(bytes.subarray(0, from), new TextEncoder().encode(draw.from(DECIMALS)), bytes.subarray(to));
  },
  spliced: (bytes, draw, other) =>
    joined(bytes.subarray(0, placeIn(bytes, draw)), other.subarray(placeIn(other, draw))),
  // At one place, so that what follows fits.
  crossed: (bytes, draw, other) => {
    const at = placeIn(bytes, draw);
    return joined(bytes.subarray(0, at), other.subarray(Math.min(at, other.length)));
  },
};

const NAMES = Object.keys(MUTATIONS);

/** A damaged file. */
export interface Mutant {
  readonly bytes: Uint8Array;
  /** The names of the mutations, in their order. */
  readonly how: readonly string[];
}

/**
 * A file with one to three mutations.
 *
 * @param other - Another file, of which it may get a part.
 */
export function mutate(bytes: Uint8Array, other: Uint8Array, draw: Draw): Mutant {
  const how = Array.from({ length: draw.from([1, 1, 1, 2, 3]) }, () => draw.from(NAMES));
  return { bytes: how.reduce((mutant, name) => MUTATIONS[name](mutant, draw, other), bytes), how };
}

/** Bytes of the beginning and of the end that are damaged more often than others: headers and directories. */
const EDGE = 128;

/** A place in a file, its end included. */
function placeIn(bytes: Uint8Array, draw: Draw): number {
  const edge = Math.min(EDGE, bytes.length);
  const kind = draw.below(4);
  if (kind === 0) return draw.below(edge + 1);
  return kind === 1 ? bytes.length - draw.below(edge + 1) : draw.below(bytes.length + 1);
}

/** A part of a file: mostly a short one. */
function sliceOf(bytes: Uint8Array, draw: Draw): [from: number, to: number] {
  const from = placeIn(bytes, draw);
  const length = 1 + draw.below(draw.from([4, 32, Math.max(1, bytes.length)]));
  return [from, Math.min(bytes.length, from + length)];
}

/** A copy with other bytes at one place. */
function changed(bytes: Uint8Array, draw: Draw, length: number, change: (part: Uint8Array) => Uint8Array): Uint8Array {
  const at = Math.min(placeIn(bytes, draw), Math.max(0, bytes.length - 1));
  const copy = bytes.slice();
  if (copy.length > 0) copy.set(change(copy.slice(at, at + length)), at);
  return copy;
}

function filled(draw: Draw): Uint8Array {
  const isZero = draw.below(2) === 0;
  return new Uint8Array(1 + draw.below(draw.from([4, 64]))).map(() => (isZero ? 0 : draw.below(256)));
}

/** Where the next digit behind a place is, or that place. */
function digitFrom(bytes: Uint8Array, place: number): number {
  const at = bytes.findIndex((byte, i) => i >= place && isDigit(byte));
  return at < 0 ? place : at;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
