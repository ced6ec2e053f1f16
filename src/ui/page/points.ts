/** Bytes of a point: iteration, loss and learning rate. */
const BYTES = 24;

/** The points of a run, as columns that grow. */
export class Points {
  length = 0;
  /** How many losses are not finite. */
  notFinite = 0;
  #columns = [new Float64Array(1024), new Float64Array(1024), new Float64Array(1024)] as const;

  get iteration(): Float64Array {
    return this.#columns[0].subarray(0, this.length);
  }

  get loss(): Float64Array {
    return this.#columns[1].subarray(0, this.length);
  }

  get learningRate(): Float64Array {
    return this.#columns[2].subarray(0, this.length);
  }

  /**
   * Adds points behind those that are there.
   *
   * @param bytes - Column after column, of little-endian Float64.
   * @returns How many they are.
   * @throws {RangeError} if the bytes are no whole number of points.
   */
  append(bytes: ArrayBuffer): number {
    const added = bytes.byteLength / BYTES;
    if (!Number.isInteger(added)) throw new RangeError(`points have ${bytes.byteLength} bytes, ${BYTES} a point`);
    const end = this.length + added;
    if (end > this.#columns[0].length) {
      const room = 2 ** Math.ceil(Math.log2(end));
      const [iteration, loss, learningRate] = this.#columns.map((column) => {
        const larger = new Float64Array(room);
        larger.set(column);
        return larger;
      });
      this.#columns = [iteration!, loss!, learningRate!];
    }
    this.#columns.forEach((column, i) => {
      column.set(columnOf(bytes, i * added * 8, added), this.length);
    });
    for (let i = this.length; i < end; i++) if (!Number.isFinite(this.#columns[1][i])) this.notFinite++;
    this.length = end;
    return added;
  }

  clear(): void {
    this.length = 0;
    this.notFinite = 0;
  }
}

function columnOf(bytes: ArrayBuffer, at: number, length: number): Float64Array {
  const view = new DataView(bytes);
  return Float64Array.from({ length }, (_, i) => view.getFloat64(at + 8 * i, true));
}

/** The bytes of a text in base64. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/**
 * A running average of a column that grows: each value weighs 1/n, those before 1 − 1/n of what they did, and the
 * weights are divided by their sum, so that the first values are not drawn towards 0.
 */
export class Smoothed {
  readonly n: number;
  #values = new Float64Array(1024);
  #done = 0;
  #sum = 0;
  #weights = 0;

  /** @param n - Over about how many values, at least 1. */
  constructor(n: number) {
    this.n = n;
  }

  /** The averages of a column whose values so far were these. What is not finite is left out, and stays. */
  of(column: Float64Array): Float64Array {
    if (this.n <= 1) return column;
    if (column.length < this.#done) this.#done = this.#sum = this.#weights = 0;
    if (column.length > this.#values.length) {
      const larger = new Float64Array(2 * column.length);
      larger.set(this.#values);
      this.#values = larger;
    }
    const share = 1 / this.n;
    for (; this.#done < column.length; this.#done++) {
      const value = column[this.#done]!;
      if (Number.isFinite(value)) {
        this.#sum += share * (value - this.#sum);
        this.#weights += share * (1 - this.#weights);
      }
      this.#values[this.#done] = Number.isFinite(value) ? this.#sum / this.#weights : value;
    }
    return this.#values.subarray(0, column.length);
  }
}
