import {
  adopted,
  argumentError,
  describe,
  type Floats,
  isDense,
  type NDArray,
  ndarray,
  type OptionsOf,
  option,
  orNull,
  printable,
  settingsOf,
  sizeOf,
  TEXT,
  wrap,
} from '../arrays/index.js';
import { ByteReader, checkBytes, formatError, type Source } from './bytes.js';
import { ELEMENT_SIZES, type ElementType, elementsOf } from './elements.js';
import { refuseForeign } from './foreign.js';
import { unpickle } from './pickle.js';
import { PickledDict } from './pickle-values.js';
import { TensorNames } from './pytorch-names.js';
import { globalsOf, STATE_DICT, type StorageRef, storageOf, type TensorRef, wayOutOf } from './pytorch-pickle.js';
import { emptyState } from './state.js';
import { unzip } from './zip.js';
import { type ZipEntry, zipEntries } from './zip-directory.js';

const OPTIONS = {
  /**
   * The entry of the file's dictionary that is read: `'state_dict'`, `'model'`; or what the names to read begin with,
   * such as DataParallel's `'module'`. Default null: all of them.
   */
  key: option<string | null>(null, orNull(TEXT)),
};

/** Options of {@link decodePytorch}. */
export interface PytorchOptions extends OptionsOf<typeof OPTIONS> {}

const AGAIN = 'write it again with PyTorch 1.6 or later: torch.save(torch.load(file), file)';

/** The beginning of a legacy file: a pickle of one large number. */
const LEGACY = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

/** A pickle may have this many operations, and as many more as the file has bytes, divided by four. */
const OPERATIONS = 1e6;
/** A pickle that is deflated may have as many bytes more than the file. */
const MORE_BYTES = 16 * 2 ** 20;
/**
 * The tensors in the bytes of a `.pt` or `.pth` file, as `torch.save` of PyTorch 1.6 and later writes a state dict or a
 * dictionary that contains some, by their names.
 *
 * The name of a tensor in dictionaries or lists within each other is the keys on the way to it, joined by dots:
 * `model.0.weight` in a checkpoint `{ 'model': model.state_dict(), 'epoch': 3 }`. What is no tensor is left out. With
 * `key`, the names below one entry, or below a name with dots, are read without it: `{ key: 'model' }` gives
 * `0.weight`.
 *
 * A file is data here: nothing in it is executed. It may ask for what tensors in dictionaries are made of, and anything
 * else is refused by its name.
 *
 * @returns float32 for float32, float16, bfloat16 and float8, float64 for float64, integers and booleans. Tensors that
 *   share memory in PyTorch share it here; a transposed one is a view. The object has no prototype, so that any name is
 *   an entry.
 * @throws {FormatError} if it is no such file, or damaged (sizes and checksums are verified); it holds a whole model,
 *   TorchScript, no tensor, or tensors of another kind (complex, sparse, quantized); an integer is beyond ±(2^53 - 1).
 * @throws {TypeError | RangeError} naming an option that is unknown or of another type.
 *
 * @example
 * // In Python: torch.save(model.state_dict(), 'model.pt')
 * model.loadStateDict(decodePytorch(readFileSync('model.pt')));
 */
export function decodePytorch(bytes: Uint8Array, options: PytorchOptions = {}): Record<string, NDArray> {
  const source = { fn: 'decodePytorch', file: 'bytes' };
  checkBytes(source, bytes);
  return readPytorch(source, bytes, options);
}

/** What {@link decodePytorch} does, for a function or file whose errors have other names. */
export function readPytorch(source: Source, bytes: Uint8Array, options: PytorchOptions): Record<string, NDArray> {
  const { key } = settingsOf(source.fn, OPTIONS, options);
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) {
    refuseForeign(source, bytes, 'a file of torch.save');
    const legacy = LEGACY.every((byte, i) => bytes[i] === byte);
    const other = bytes[0] === 0x80 ? 'is a bare pickle' : bytes.length === 0 ? 'is empty' : 'is no zip file';
    const found = legacy ? 'is of PyTorch before 1.6' : other;
    throw formatError(source, {
      place: 'file',
      found,
      expected: 'a file of torch.save',
      wayOut: legacy ? AGAIN : undefined,
    });
  }
  const archive = new Archive(source, bytes);
  const root = archive.contents();
  const named = new TensorNames(source, archive.pickleLength);
  named.collect(key === null ? root : entryOf(source, root, key), '', 0);
  if (named.tensors.size === 0 && named.others > 0) {
    throw formatError(source, {
      place: key === null ? 'file' : `the entry ${quoted(key)}`,
      found: 'contains no tensor',
      expected: 'a state dict',
      wayOut: key === null ? STATE_DICT : `the keys are ${keysOf(root)}`,
    });
  }
  const state = emptyState<NDArray>();
  for (const [name, tensor] of named.tensors) state[name] = archive.arrayOf(tensor);
  return state;
}

/** What a dictionary has under a key, or below a name with dots. */
function entryOf(source: Source, root: unknown, key: string): unknown {
  const value = below(root, key);
  if (value !== undefined) return value;
  const there = keysOf(root);
  const [found, expected] = [`is ${describe(key)}`, there === null ? 'no key: the file has none' : `one of ${there}`];
  throw argumentError(RangeError, { fn: source.fn, arg: 'key', found, expected });
}

/** The first keys of a dictionary that are texts, for errors; null where there are none. */
function keysOf(root: unknown): string | null {
  const entries = root instanceof PickledDict ? [...root.entries.keys()] : [];
  const there = entries.filter((name) => typeof name === 'string').slice(0, 8);
  return there.length === 0 ? null : there.map(describe).join(', ');
}

/**
 * The entry of that name, or those whose names begin with it and a dot, as DataParallel's with `module.`; also of
 * dictionaries within each other.
 */
function below(value: unknown, key: string): unknown {
  if (!(value instanceof PickledDict)) return undefined;
  if (value.entries.has(key)) return value.entries.get(key);
  const part = new PickledDict();
  for (const [name, item] of value.entries) {
    if (typeof name !== 'string') continue;
    if (name.startsWith(`${key}.`)) part.set(name.slice(key.length + 1), item);
    const inner = key.startsWith(`${name}.`) ? below(item, key.slice(name.length + 1)) : undefined;
    if (inner !== undefined) return inner;
  }
  return part.entries.size > 0 ? part : undefined;
}

/** The zip file that torch.save writes: a pickle, and the memory of the tensors in files of their own. */
class Archive {
  readonly pickleLength: number;
  readonly #source: Source;
  readonly #bytes: Uint8Array;
  readonly #entries: ReadonlyMap<string, ZipEntry>;
  /** The folder of everything. */
  readonly #folder: string;
  readonly #bigEndian: boolean;
  readonly #storages = new Map<string, { type: ElementType; values: Floats }>();

  constructor(source: Source, bytes: Uint8Array) {
    this.#source = source;
    this.#bytes = bytes;
    this.#entries = zipEntries(source, bytes);
    const folders = [...this.#entries.keys()].flatMap((name) => /^([^/]+)\/data\.pkl$/.exec(name)?.[1] ?? []);
    if (folders.length !== 1) {
      const found = `has ${folders.length === 0 ? 'no' : folders.length} data.pkl`;
      const ofNumpy = folders.length === 0 && [...this.#entries.keys()].some((name) => name.endsWith('.npy'));
      const wayOut = ofNumpy ? 'it is one of np.savez: decodeNpz reads its bytes' : undefined;
      throw formatError(source, { place: 'file', found, expected: 'one, as torch.save writes it', wayOut });
    }
    this.#folder = folders[0];
    for (const name of this.#entries.keys()) {
      if (!name.startsWith(`${this.#folder}/code/`) && name !== `${this.#folder}/constants.pkl`) continue;
      throw formatError(source, {
        place: 'file',
        found: 'is TorchScript',
        expected: 'a state dict',
        wayOut: STATE_DICT,
      });
    }
    this.#bigEndian = this.#readByteOrder();
    this.pickleLength = this.#entry('data.pkl').size;
  }

  /** The value of the pickle, with references in the place of tensors. */
  contents(): unknown {
    const entry = this.#entry('data.pkl');
    const most = this.#bytes.length + MORE_BYTES;
    const source = { ...this.#source, file: `${this.#source.file}: ${quoted(entry.name)}` };
    if (entry.size > most) {
      throw formatError(source, { place: 'pickle', found: `has ${entry.size} bytes`, expected: `at most ${most}` });
    }
    return unpickle(new ByteReader(source, unzip(this.#source, entry, this.#bytes.length)), {
      globals: globalsOf(source),
      wayOut: wayOutOf,
      persistent: (id) => storageOf(source, id),
      most: OPERATIONS + Math.floor(this.#bytes.length / 4),
    });
  }

  /** A view of the storage's numbers, which are read when they are needed for the first time. */
  arrayOf({ storage, type, offset, shape, stride }: TensorRef): NDArray {
    const values = this.#valuesOf(storage, type);
    const size = sizeOf(shape);
    if (size === 0) return wrap(values.subarray(0, 0), shape);
    const view = ndarray(values, [...shape], [...stride], offset) as NDArray;
    return isDense(view) ? wrap(values.subarray(offset, offset + size), shape) : adopted(view);
  }

  #valuesOf({ key, bytes }: StorageRef, type: ElementType): Floats {
    const place = `storage ${quoted(key)}`;
    const entry = this.#entry(`data/${key}`);
    if (entry.size !== bytes) {
      const expected = `the ${bytes} that its tensors say`;
      throw formatError(this.#source, { place, found: `has ${entry.size} bytes`, expected });
    }
    const known = this.#storages.get(key);
    if (known?.type === type) return known.values;
    if (known !== undefined) {
      throw formatError(this.#source, {
        place,
        found: `has numbers of ${known.type} and ${type}`,
        expected: 'one dtype',
      });
    }
    const content = unzip(this.#source, entry, this.#bytes.length);
    const whole = content.subarray(0, content.length - (content.length % ELEMENT_SIZES[type]));
    const values = elementsOf(this.#source, place, whole, type, this.#bigEndian);
    this.#storages.set(key, { type, values });
    return values;
  }

  #readByteOrder(): boolean {
    const entry = this.#entries.get(`${this.#folder}/byteorder`);
    if (entry === undefined) return false;
    const source = this.#source;
    const order = String.fromCharCode(...unzip(source, entry, this.#bytes.length).subarray(0, 8));
    if (order === 'little' || order === 'big') return order === 'big';
    const [found, expected] = [`is '${printable(order)}'`, "'little' or 'big'"];
    throw formatError(source, { place: 'byte order', found, expected });
  }

  #entry(name: string): ZipEntry {
    const entry = this.#entries.get(`${this.#folder}/${name}`);
    if (entry !== undefined) return entry;
    throw formatError(this.#source, { place: 'file', found: `has no entry ${quoted(`${this.#folder}/${name}`)}` });
  }
}

function quoted(name: string): string {
  return `'${printable(name)}'`;
}
