import type seedrandom from 'seedrandom';
import { alea } from './alea.js';
import { checkCount } from './arguments.js';
import { checkDType, checkSizes, empty } from './create.js';
import { argumentError, describe } from './errors.js';
import { hostRoom } from './ndarray.js';
import { checkedIn, oneOf, orNull, type Range } from './options.js';
import { checkEntries, type Stateful } from './state-dict.js';
import type { DType, Floats, NDArray } from './types.js';

/** Alea's multiplier: its carry is a whole number below it. */
const MULTIPLIER = 2091639;

/** One of Alea's three words: 32 bits, as a fraction. */
const WORD: Range = {
  allows: (s) => typeof s === 'number' && s >= 0 && s < 1 && Number.isInteger(s * 2 ** 32),
  expected: 'a multiple of 2^-32 in [0, 1)',
  Kind: RangeError,
};

/** What the polar method can make: at most √(−2 ln s) for the least s = 2^-104. */
const NORMAL: Range = {
  allows: (z) => typeof z === 'number' && Math.abs(z) < 13,
  expected: 'a number from -13 to 13',
  Kind: RangeError,
};

/** The whole state of a {@link Random}, plain data that survives JSON. */
export interface RandomState {
  readonly algorithm: 'alea';
  readonly generator: { readonly c: number; readonly s0: number; readonly s1: number; readonly s2: number };
  /** The second of the two normal variates that are made at a time, where it has not been used yet. */
  readonly spare: number | null;
}

/**
 * Random numbers that can be repeated: the same seed gives the same numbers on every machine, and a saved state
 * continues exactly where it was saved.
 *
 * Built on `seedrandom`'s Alea (Baagøe 2010; period about 2^116), with 53 random bits to a number.
 *
 * @example
 * const random = new Random(231);
 * const w = random.randn([3072, 100]);
 * const later = Random.fromState(random.stateDict());
 */
export class Random implements Stateful<RandomState> {
  #next: seedrandom.StatefulPRNG<seedrandom.State.Alea>;
  #spare: number | null = null;

  /**
   * A generator whose numbers repeat with its seed.
   *
   * @param seed - A number or a string; without one, the seed comes from the system and cannot be repeated.
   */
  constructor(seed?: number | string) {
    if (seed !== undefined && typeof seed !== 'string' && typeof seed !== 'number') {
      const found = `is ${describe(seed)}`;
      throw argumentError(TypeError, { fn: 'Random', arg: 'seed', found, expected: 'a number or a string' });
    }
    this.#next = alea(String(seed ?? entropy()), { state: true });
  }

  /** Standard normal numbers, by the polar method (Marsaglia and Bray 1964), which makes them in pairs. */
  randn(shape: readonly number[], dtype: DType = 'float32'): NDArray {
    return this.#made('Random.randn', shape, dtype, (room) => this.#fillNormal(room));
  }

  /** Uniform numbers in [0, 1). */
  rand(shape: readonly number[], dtype: DType = 'float32'): NDArray {
    // A float64 just under 1 rounds up to 1 in float32: draw those again.
    const uniform = (): number => {
      const u = this.#next.double();
      return dtype === 'float32' && Math.fround(u) === 1 ? uniform() : u;
    };
    return this.#made('Random.rand', shape, dtype, (room) => {
      for (let i = 0; i < room.length; i++) room[i] = uniform();
    });
  }

  /**
   * `n` whole numbers in [low, high), each equally likely, drawn with replacement.
   *
   * @throws {RangeError} if the bounds are not whole numbers of 32 bits with low < high, or `n` is not one ≥ 0.
   */
  randint(low: number, high: number, n: number): Int32Array {
    if (!(isInt32(low) && Number.isInteger(high) && high <= 2 ** 31 && low < high)) {
      const found = `are ${low} and ${high}`;
      const expected = '32-bit integers, low < high';
      throw argumentError(RangeError, { fn: 'Random.randint', arg: 'low and high', found, expected });
    }
    checkCount('Random.randint', 'n', n, 0);
    const out = new Int32Array(n);
    for (let i = 0; i < n; i++) out[i] = low + Math.floor(this.#next.double() * (high - low));
    return out;
  }

  /**
   * The numbers 0 … n − 1 in random order (Fisher and Yates).
   *
   * @throws {RangeError} if `n` is not a whole number ≥ 0.
   */
  permutation(n: number): Int32Array {
    checkCount('Random.permutation', 'n', n, 0);
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor(this.#next.double() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }

  /** The state, the spare normal variate included. */
  stateDict(): RandomState {
    const { c, s0, s1, s2 } = this.#next.state();
    return { algorithm: 'alea', generator: { c, s0, s1, s2 }, spare: this.#spare };
  }

  /**
   * Continues exactly where `state` was saved.
   *
   * @throws {TypeError | RangeError} naming the entry that {@link Random.stateDict} cannot have returned; nothing has
   *   changed then.
   */
  loadStateDict(state: RandomState): void {
    const fn = 'Random.loadStateDict';
    checkEntries(fn, 'state', state, ['algorithm', 'generator', 'spare']);
    const { algorithm, generator, spare } = state;
    checkedIn(fn, 'algorithm', algorithm, oneOf('alea'));
    checkEntries(fn, 'generator', generator, ['c', 's0', 's1', 's2']);
    const { c, s0, s1, s2 } = generator;
    checkCount(fn, 'generator.c', c, 0, MULTIPLIER - 1);
    for (const [name, value] of Object.entries({ s0, s1, s2 })) checkedIn(fn, `generator.${name}`, value, WORD);
    checkedIn(fn, 'spare', spare, orNull(NORMAL));
    // All bits clear, or all set: the only states that do not change, and randn would wait for another number for ever.
    if (s0 === s1 && s1 === s2 && c === Math.floor(s0 * MULTIPLIER) && (s0 === 0 || s0 === 1 - 2 ** -32)) {
      const found = 'makes one number for ever';
      throw argumentError(RangeError, { fn, arg: 'generator', found, expected: 'a state of Random.stateDict()' });
    }
    this.#next = alea('', { state: { c, s0, s1, s2 } });
    this.#spare = spare;
  }

  /** {@link Random.stateDict}. */
  state(): RandomState {
    return this.stateDict();
  }

  /**
   * A generator that continues exactly where `state` was saved.
   *
   * @throws {TypeError} if `state` is not what {@link Random.state} returns.
   */
  static fromState(state: RandomState): Random {
    const random = new Random(0);
    try {
      random.loadStateDict(state);
    } catch {
      throw new TypeError('Random.fromState: expected an object that Random.state() returned');
    }
    return random;
  }

  #made(fn: string, shape: readonly number[], dtype: DType, fill: (room: Floats) => void): NDArray {
    checkSizes(fn, shape);
    checkDType(fn, dtype);
    const made = empty(shape, dtype);
    fill(hostRoom(made));
    return made;
  }

  /** By pairs: a number that is put aside is an object, and 300,000 of them are work for the garbage collector. */
  #fillNormal(room: Floats): void {
    const { length } = room;
    let i = 0;
    if (this.#spare !== null && length > 0) {
      room[i++] = this.#spare;
      this.#spare = null;
    }
    for (; i < length; i += 2) {
      let u: number;
      let v: number;
      let s: number;
      do {
        u = 2 * this.#next.double() - 1;
        v = 2 * this.#next.double() - 1;
        s = u * u + v * v;
      } while (s >= 1 || s === 0);
      const scale = Math.sqrt((-2 * Math.log(s)) / s);
      room[i] = u * scale;
      if (i + 1 < length) room[i + 1] = v * scale;
      else this.#spare = v * scale;
    }
  }
}

function isInt32(n: number): boolean {
  return (n | 0) === n;
}

/** A seed from the system. */
function entropy(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join(' ');
}
