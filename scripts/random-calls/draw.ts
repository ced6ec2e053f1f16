import { type DType, type Floats, Random } from '../../src/arrays/index.js';
import { engineMemory, type Kernels } from '../../src/kernels/index.js';

/** A kernel with its sizes, options and operands chosen. */
export type Prepared = (k: Kernels) => unknown;

/** Chooses sizes, options and operands of a kernel. */
export type Prepare = (draw: Draw) => Prepared;

/** Values of operands are read from here, from any place on. */
const VALUES = new Random('random calls').randn([9973], 'float64').data;

/** What every eighth operand has some of. */
const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 1e-40, -1e30, 3, -3, 20];

/** Chooses at random, the same for the same seed. It knows all arrays that it has made. */
export class Draw {
  readonly arrays: Floats[] = [];
  readonly dtype: DType;
  readonly #random: Random;

  constructor(seed: string) {
    this.#random = new Random(seed);
    this.dtype = this.flag() ? 'float32' : 'float64';
  }

  flag(): boolean {
    return this.whole(0, 1) === 1;
  }

  /** A whole number of low … high. */
  whole(low: number, high: number): number {
    return this.#random.randint(low, high + 1, 1)[0];
  }

  /** `n` whole numbers of low … high. */
  integers(n: number, low: number, high: number): Int32Array {
    return this.#random.randint(low, high + 1, n);
  }

  /** A number of 1 … most, small ones as likely as large ones. */
  size(most: number): number {
    return Math.floor(Math.exp(this.number() * Math.log(most + 0.99)));
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.whole(0, choices.length - 1)];
  }

  /** A number in [0, 1). */
  number(): number {
    return this.#random.rand([1], 'float64').data[0];
  }

  /** An operand: normal numbers, and in every eighth array zeros, infinities, NaN and others. */
  values(length: number): Floats {
    const made = this.room(length);
    const from = this.whole(0, VALUES.length - 1);
    for (let i = 0; i < length; i++) made[i] = VALUES[(from + i) % VALUES.length];
    if (this.whole(1, 8) === 1) {
      for (const i of this.integers(this.size(9), 0, length - 1)) made[i] = this.of(SPECIAL);
    }
    return made;
  }

  /** An operand of numbers in [0, 1]. */
  probabilities(length: number): Floats {
    const made = this.values(length);
    for (let i = 0; i < length; i++) made[i] = 1 / (1 + Math.exp(made[i]));
    return made;
  }

  /** An operand of numbers that are not negative. */
  squares(length: number): Floats {
    const made = this.values(length);
    for (let i = 0; i < length; i++) made[i] *= made[i];
    return made;
  }

  /** The operand, or null. */
  perhaps(make: () => Floats): Floats | null {
    return this.flag() ? make() : null;
  }

  /** Where a kernel writes: on the heap or in WebAssembly memory, from the first element of a block or another one. */
  room(length: number): Floats {
    const start = this.of([0, 0, 1, 2, 3, 5]);
    const memory = this.flag() ? engineMemory() : null;
    const block =
      memory?.resident(start + length, this.dtype) ??
      (this.dtype === 'float64' ? new Float64Array(start + length) : new Float32Array(start + length));
    const made = block.subarray(start).fill(-77);
    this.arrays.push(made);
    return made;
  }
}
