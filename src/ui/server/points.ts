import { POINT_COLUMNS } from '../protocol.js';

const COLUMNS = POINT_COLUMNS.length;

/** The points of a run, as they come: columns that grow. */
export class Points {
  #columns = POINT_COLUMNS.map(() => new Float64Array(1024));
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Adds points, given column after column. */
  append(values: Float64Array): void {
    const count = values.length / COLUMNS;
    const end = this.#length + count;
    if (end > this.#columns[0].length) {
      const capacity = Math.max(end, 2 * this.#columns[0].length);
      this.#columns = this.#columns.map((column) => {
        const wider = new Float64Array(capacity);
        wider.set(column.subarray(0, this.#length));
        return wider;
      });
    }
    for (const [i, column] of this.#columns.entries()) {
      column.set(values.subarray(i * count, (i + 1) * count), this.#length);
    }
    this.#length = end;
  }

  /** The points from number `from` on, as `protocol.ts` says. */
  bytes(from: number): Uint8Array {
    return pointBytes(
      this.#columns.map((column) => column.subarray(0, this.#length)),
      from,
    );
  }
}

/** The points from number `from` on, one column after the other. */
export function pointBytes(columns: readonly Float64Array[], from: number): Uint8Array {
  const rest = columns.map((column) => column.subarray(from));
  const values = new Float64Array(rest.length * rest[0].length);
  for (const [i, column] of rest.entries()) values.set(column, i * column.length);
  return new Uint8Array(values.buffer);
}
