import { printable } from '../arrays/index.js';
import { formatError, type Source } from './bytes.js';
import { PickledDict, PickledTuple } from './pickle-values.js';
import { STATE_DICT, TensorRef } from './pytorch-pickle.js';

/** Dictionaries and lists in each other. */
const MOST_DEPTH = 64;
/** Characters of all names together, beside four for each byte of the pickle: names repeat those above them. */
const NAME_CHARACTERS = 2 ** 20;

/** Collects tensors and their names. What a dictionary contains twice is visited twice, so all is counted. */
export class TensorNames {
  readonly tensors = new Map<string, TensorRef>();
  /** Values that are no tensors. */
  others = 0;
  readonly #source: Source;
  #visits: number;
  #characters: number;

  constructor(source: Source, pickleLength: number) {
    this.#source = source;
    this.#visits = pickleLength;
    this.#characters = NAME_CHARACTERS + 4 * pickleLength;
  }

  collect(value: unknown, name: string, depth: number): void {
    if (value instanceof TensorRef) {
      const refuse = (found: string, expected: string): Error =>
        formatError(this.#source, { place: depth === 0 ? 'file' : quoted(name), found, expected });
      if (depth === 0)
        throw refuse('contains a tensor without a name', "a dictionary: torch.save({'x': tensor}, file)");
      if (this.tensors.has(name)) throw refuse('is there twice', 'one tensor of a name');
      this.#characters -= name.length;
      this.#check(this.#characters, 'has names that are too long', 'those of modules in modules');
      this.tensors.set(name, value);
    } else if (value instanceof PickledDict) {
      for (const [key, item] of value.entries) this.#below(item, name, key, depth);
    } else if (Array.isArray(value) || value instanceof PickledTuple) {
      const items = Array.isArray(value) ? value : value.items;
      for (let i = 0; i < items.length; i++) this.#below(items[i], name, i, depth);
    } else {
      this.others++;
    }
  }

  #below(item: unknown, above: string, key: unknown, depth: number): void {
    this.#check(--this.#visits, 'repeats its dictionaries without end', 'a state dict');
    this.#check(MOST_DEPTH - depth, `has more than ${MOST_DEPTH} dictionaries in each other`, 'a state dict');
    if (typeof key !== 'string' && typeof key !== 'number') {
      if (item instanceof TensorRef || item instanceof PickledDict) {
        const place = depth === 0 ? 'a key' : `a key in ${quoted(above)}`;
        throw formatError(this.#source, { place, found: 'is neither text nor a number', expected: 'a name' });
      }
      this.others++;
      return;
    }
    this.collect(item, depth === 0 ? `${key}` : `${above}.${key}`, depth + 1);
  }

  #check(left: number, found: string, expected: string): void {
    if (left < 0) throw formatError(this.#source, { place: 'file', found, expected, wayOut: STATE_DICT });
  }
}

function quoted(name: string): string {
  return `'${printable(name)}'`;
}
