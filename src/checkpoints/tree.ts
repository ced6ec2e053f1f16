import {
  argumentError,
  describe,
  dtypeOf,
  type Floats,
  hostValues,
  isNDArray,
  isPlainObject,
  type NDArray,
  type Saved,
} from '../arrays/index.js';
import { formatError, type Source } from '../formats/index.js';

// A tree of state as JSON, in which arrays and long lists of numbers are the names of tensors. An object of one entry
// whose name begins with one `$` stands for something else than an object:
//
//   { "$tensor": name }   an array
//   { "$numbers": name }  a list of numbers; of a tensor with two axes, a list of lists of numbers
//   { "$number": text }   a number that JSON does not have: NaN, Infinity, -Infinity, -0
//
// Names of entries that begin with `$` get another one in front.

/** How many numbers a list has at least that becomes a tensor. */
const LONG = 64;

/** How many objects and lists may be in each other: more than any state has, and safe for recursion. */
const DEPTH = 64;

/** The numbers that JSON does not have. */
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
]);

/** A tensor to write. */
export interface Entry {
  readonly name: string;
  readonly dtype: 'F32' | 'F64';
  readonly shape: readonly number[];
  /** Its values, in row-major order; a list of lists is flattened when it is written. */
  readonly values: Floats | readonly number[] | readonly (readonly number[])[];
}

/** Takes trees apart: their JSON is returned, and their tensors are collected. */
export class TreeWriter {
  readonly #fn: string;
  readonly #entries = new Map<string, Entry>();

  /** @param fn - The function to name in errors. */
  constructor(fn: string) {
    this.#fn = fn;
  }

  /** The tensors so far. */
  get entries(): Entry[] {
    return [...this.#entries.values()];
  }

  /**
   * The JSON of a tree.
   *
   * @param name - What the names of its tensors begin with: `state`, for `state.model.weight`.
   * @throws {TypeError} naming what no state may hold: undefined, functions, typed arrays, instances of classes.
   * @throws {RangeError} if it contains itself, or is more than 64 objects and lists deep.
   */
  write(name: string, tree: unknown): string {
    return JSON.stringify(this.#written(name, tree, 0));
  }

  #written(path: string, value: unknown, depth: number): unknown {
    if (typeof value === 'number') return writtenNumber(value);
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
    if (depth === DEPTH) {
      const found = `is ${DEPTH} objects and lists deep`;
      throw argumentError(RangeError, { fn: this.#fn, arg: path, found, expected: 'a tree of fewer' });
    }
    if (isNDArray(value)) return { $tensor: this.#add(path, arrayEntry(value)) };
    if (Array.isArray(value)) {
      const numbers = numbersEntry(value);
      if (numbers !== null) return { $numbers: this.#add(path, numbers) };
      return Array.from(value, (entry, i) => this.#written(`${path}.${i}`, entry, depth + 1));
    }
    if (typeof value === 'object' && isPlainObject(value)) {
      const entries = Object.entries(value).map(([key, entry]) => {
        return [key.startsWith('$') ? `$${key}` : key, this.#written(`${path}.${key}`, entry, depth + 1)] as const;
      });
      return Object.fromEntries(entries);
    }
    const expected = 'a number, a string, true, false, null, an array, or a list or plain object of these';
    throw argumentError(TypeError, { fn: this.#fn, arg: path, found: `is ${describe(value)}`, expected });
  }

  /** Two paths may read alike, since names of entries may contain dots: the second gets a number. */
  #add(path: string, entry: Omit<Entry, 'name'>): string {
    // Readers of other languages refuse names that are no Unicode.
    const wanted = path.replace(/\p{Surrogate}/gu, '\ufffd');
    let name = wanted;
    for (let i = 2; this.#entries.has(name); i++) name = `${wanted}#${i}`;
    this.#entries.set(name, { name, ...entry });
    return name;
  }
}

function writtenNumber(value: number): unknown {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value;
  return { $number: Object.is(value, -0) ? '-0' : String(value) };
}

function arrayEntry(a: NDArray): Omit<Entry, 'name'> {
  return { dtype: dtypeOf(a) === 'float64' ? 'F64' : 'F32', shape: [...a.shape], values: hostValues(a) };
}

/** A long list of numbers, or of lists of equally many numbers, as a tensor; null if the list is none. */
function numbersEntry(list: readonly unknown[]): Omit<Entry, 'name'> | null {
  if (isNumbers(list)) return list.length < LONG ? null : { dtype: 'F64', shape: [list.length], values: list };
  const width = Array.isArray(list[0]) ? list[0].length : 0;
  if (width === 0 || list.length * width < LONG) return null;
  for (const row of list) if (!Array.isArray(row) || row.length !== width || !isNumbers(row)) return null;
  return { dtype: 'F64', shape: [list.length, width], values: list as readonly (readonly number[])[] };
}

function isNumbers(list: readonly unknown[]): list is readonly number[] {
  // Of a list with holes `every` sees only what is there.
  for (let i = 0; i < list.length; i++) if (typeof list[i] !== 'number') return false;
  return true;
}

/** Puts trees together again. */
export class TreeReader {
  readonly #source: Source;
  readonly #tensors: Map<string, NDArray>;

  /** @param tensors - Those of the file, by name. Each has one place in the trees. */
  constructor(source: Source, tensors: Readonly<Record<string, NDArray>>) {
    this.#source = source;
    this.#tensors = new Map(Object.entries(tensors));
  }

  /** The names of the tensors that no tree has had so far. */
  get left(): string[] {
    return [...this.#tensors.keys()];
  }

  /** @throws {FormatError} naming the place in the tree that is none. */
  read(name: string, json: string): Saved {
    let tree: unknown;
    try {
      tree = JSON.parse(json);
    } catch (error) {
      throw formatError(this.#source, { place: name, found: 'is no JSON' }, { cause: error });
    }
    return this.#made(name, tree, 0);
  }

  #made(path: string, value: unknown, depth: number): Saved {
    if (typeof value !== 'object' || value === null) return value as Saved;
    if (depth === DEPTH) throw this.#error(path, `is ${DEPTH} objects and lists deep`);
    if (Array.isArray(value)) return value.map((entry, i) => this.#made(`${path}.${i}`, entry, depth + 1));
    const entries = Object.entries(value);
    const [key, said] = entries.length === 1 ? entries[0] : ['', null];
    if (key.startsWith('$') && !key.startsWith('$$')) return this.#special(path, key, said);
    return Object.fromEntries(
      entries.map(([name, entry]) => {
        if (name.startsWith('$') && !name.startsWith('$$')) throw this.#error(path, `has an entry ${describe(name)}`);
        const own = name.startsWith('$') ? name.slice(1) : name;
        return [own, this.#made(`${path}.${own}`, entry, depth + 1)];
      }),
    );
  }

  #special(path: string, key: string, said: unknown): Saved {
    const text = typeof said === 'string' ? said : '';
    const number = SPECIAL.get(text);
    if (key === '$number' && number !== undefined) return number;
    if (key !== '$tensor' && key !== '$numbers') throw this.#error(path, `is a ${key} of ${describe(said)}`);
    const tensor = this.#tensors.get(text);
    if (tensor === undefined)
      throw this.#error(path, `is the tensor ${describe(said)}, which there is not, or not twice`);
    this.#tensors.delete(text);
    if (key === '$tensor') return tensor;
    const [length, width] = tensor.shape;
    const values = hostValues(tensor);
    if (tensor.shape.length === 1) return Array.from(values);
    if (tensor.shape.length !== 2 || width === 0) throw this.#error(path, `is a list of ${describe(tensor)}`);
    return Array.from({ length }, (_, row) => Array.from(values.subarray(row * width, (row + 1) * width)));
  }

  #error(place: string, found: string): Error {
    return formatError(this.#source, { place, found, wayOut: 'no checkpoint of this version has that' });
  }
}
