import {
  type Architecture,
  argumentError,
  array,
  checkPath,
  DTYPE,
  type DType,
  describe,
  dtypeOf,
  heap,
  type NDArray,
  type OptionsOf,
  option,
  orNull,
  type StateLike,
  settingsOf,
  TEXT,
  withStorage,
} from '../arrays/index.js';
import { type Model, stateDictOf } from '../classifiers/index.js';
import { readBytes, statOf, writeAtomically } from '../files/index.js';
import { builtin } from '../node.js';
import type { Source } from './bytes.js';
import { readJson, writeJson } from './json.js';
import { readNpz, writeNpz } from './npz.js';
import { readPytorch } from './pytorch.js';
import { readSafetensors, writeSafetensors } from './safetensors.js';
import { emptyState, namedBelow } from './state.js';
import { TEXTS } from './texts.js';

/** Longer files do not go into one piece of memory everywhere. */
const MAX_BYTES = 2 ** 32 - 1;

type Texts = Readonly<Record<string, string>>;

/** What is done with files of one ending. */
interface Format {
  /** Null where files of this kind are read only. */
  readonly write: ((fn: string, state: StateLike, metadata: Texts) => Uint8Array) | null;
  readonly read: (source: Source, bytes: Uint8Array, key: string | null) => Record<string, NDArray>;
  /** Whether the format has a place for texts. */
  readonly hasMetadata: boolean;
}

/** What torch.save writes. */
const PYTORCH: Format = {
  write: null,
  read: (source, bytes, key) => readPytorch(source, bytes, { key }),
  hasMetadata: false,
};

const FORMATS = new Map<string, Format>([
  [
    '.safetensors',
    {
      write: (fn, state, metadata) => writeSafetensors(fn, state, { metadata }),
      read: (source, bytes) => readSafetensors(source, bytes).tensors,
      hasMetadata: true,
    },
  ],
  ['.npz', { write: (fn, state) => writeNpz(fn, state), read: readNpz, hasMetadata: false }],
  ['.json', { write: (fn, state, metadata) => writeJson(fn, state, { metadata }), read: readJson, hasMetadata: true }],
  ['.pt', PYTORCH],
  ['.pth', PYTORCH],
]);

const ANY_NAME = 'decodePytorch(readFileSync(file)) reads what torch.save wrote under any name';

/** Other endings: what reads such a file, and what writes it. */
const ELSEWHERE = new Map<string, readonly [read: string, write?: string]>([
  ['.npy', ['decodeNpy(readFileSync(file)) reads one array', 'writeFileSync(file, encodeNpy(a)) writes one array']],
  ['.onnx', ['importOnnx(file) reads networks', 'exportOnnx(model, file, { inputShape }) writes networks']],
  ['.csv', ['csv(file) reads tables']],
  ...['.bin', '.ckpt', '.pkl', '.tar', '.model'].map((ending) => [ending, [ANY_NAME]] as const),
]);

const SAVE_OPTIONS = {
  /** Texts by name for the file to keep, where it ends in `.safetensors` or `.json`. Default none. */
  metadata: option<Texts | null>(null, TEXTS),
};

/** Options of {@link save}. */
export interface SaveOptions extends OptionsOf<typeof SAVE_OPTIONS> {}

const LOAD_OPTIONS = {
  /** The dtype that all arrays get. Default null: each that of the file. */
  dtype: option<DType | null>(null, orNull(DTYPE)),
  /**
   * What the names to read begin with, which they then lose: with `'model'`, `model.0.weight` is `0.weight`. In a file
   * of PyTorch also the entry that is read. Default null: all of them.
   */
  key: option<string | null>(null, orNull(TEXT)),
};

/** Options of {@link load}. */
export interface LoadOptions extends OptionsOf<typeof LOAD_OPTIONS> {}

/** What {@link save} takes: a module, a classifier, any model with `params`, or arrays or tensors by name. */
export type Saveable = Pick<Model, 'params' | 'bnParams' | 'loss'> | WithStateDict | StateLike;

/** Anything that returns its arrays by name. */
export interface WithStateDict {
  /** Arrays or tensors by name. */
  stateDict(): StateLike;
}

/**
 * Writes the parameters of a model to a file: of a module its state dict, of a model for a Solver its parameters and
 * running statistics. The file's ending says the format: `.safetensors`, `.npz` (NumPy's), or `.json` for small
 * networks. In Node only.
 *
 * The file is written in one piece: it has the old contents or the new ones, also after a power failure. Of a module or
 * a classifier, a safetensors or JSON file also keeps what it is made of, as the text `layerwise` of its metadata.
 *
 * @param model - A module, a classifier, any model with `params`, or arrays or tensors by name.
 * @throws {RangeError} if the ending is unknown, or one of files that are read only.
 * @throws {TypeError} if `model` is none of these, or an option is unknown.
 * @throws {Error} naming the file and the reason if it cannot be written.
 *
 * @example
 * save('model.safetensors', model);
 * model.loadStateDict(load('model.safetensors'));
 */
export function save(file: string, model: Saveable, options: SaveOptions = {}): void {
  const fn = 'save';
  const { write, hasMetadata } = formatOf(fn, file, (format) => format.write !== null);
  const { metadata } = settingsOf(fn, SAVE_OPTIONS, options);
  if (metadata !== null && !hasMetadata) {
    const expected = 'none: only .safetensors and .json keep it';
    throw argumentError(RangeError, { fn, arg: 'metadata', found: `is ${describe(metadata)}`, expected });
  }
  const { state, texts } = contentsOf(fn, model);
  // `formatOf` has refused the formats without a writer.
  const bytes = write?.(fn, state, { ...texts, ...metadata }) ?? new Uint8Array();
  writeAtomically(fn, file, bytes, true);
}

/**
 * Reads the arrays of a file: `.safetensors`, `.npz`, `.json` as {@link save} writes it, or `.pt` and `.pth`, in which
 * PyTorch keeps state dicts ({@link decodePytorch} says how they are read). In Node only.
 *
 * @returns Arrays by name, for `model.loadStateDict`; an object without a prototype, so that any name is an entry.
 *   float64 for float64, integers and booleans of the file, float32 for float32 and shorter floats, unless
 *   `options.dtype` says otherwise.
 * @throws {RangeError} if the ending is unknown.
 * @throws {FormatError} naming file, place, what was found and what was expected, if the file is damaged.
 * @throws {Error} naming the file and the reason if it cannot be read.
 *
 * @example
 * const { W1, b1 } = load('model.npz', { dtype: 'float32' });
 */
export function load(file: string, options: LoadOptions = {}): Record<string, NDArray> {
  const fn = 'load';
  const format = formatOf(fn, file, () => true);
  const { dtype, key } = settingsOf(fn, LOAD_OPTIONS, options);
  const bytes = readBytes(fn, file, MAX_BYTES, 'name a file of arrays');
  const all = format.read({ fn, file }, bytes, key);
  const state = key === null || format === PYTORCH ? all : namedBelow(fn, all, key);
  return dtype === null ? state : converted(state, dtype);
}

function formatOf(fn: string, file: string, does: (format: Format) => boolean): Format {
  checkPath(fn, 'file', file);
  if (builtin('node:fs') === null) {
    const bytes =
      fn === 'save' ? 'encodeSafetensors(state) makes bytes' : 'decodeSafetensors(bytes).tensors reads bytes';
    throw new Error(`${fn}: needs Node 20.19 or later (node:fs); in a browser ${bytes}`);
  }
  const ending = /\.[^./\\]*$/.exec(file)?.[0].toLowerCase() ?? '';
  const format = FORMATS.get(ending);
  if (format !== undefined && does(format)) return format;
  const endings = [...FORMATS].filter(([, other]) => does(other)).map(([name]) => name);
  const expected = `a name that ends in ${endings.slice(0, -1).join(', ')} or ${endings.at(-1)}`;
  const wayOut =
    format === undefined
      ? otherWay(fn, file, ending)
      : `${ending} is read only; Python reads a safetensors file, see docs/pytorch.md`;
  throw argumentError(RangeError, { fn, arg: 'file', found: `is ${describe(file)}`, expected, wayOut });
}

/** What takes the files whose endings `save` and `load` do not know; undefined where nothing does. */
function otherWay(fn: string, file: string, ending: string): string | undefined {
  const isFolder = fn === 'load' && statOf(fn, file)?.isDirectory() === true;
  return isFolder ? 'loadCheckpoint reads the folder of a run' : ELSEWHERE.get(ending)?.[fn === 'save' ? 1 : 0];
}

/** The arrays of a model, and texts that say what it is. */
function contentsOf(fn: string, model: Saveable): { state: StateLike; texts: Texts } {
  if (typeof model !== 'object' || model === null) {
    const expected = 'a module, a classifier, a model with params, or arrays by name';
    throw argumentError(TypeError, { fn, arg: 'model', found: `is ${describe(model)}`, expected });
  }
  const { params, loss, stateDict, forward } = model as Readonly<Record<string, unknown>>;
  const isModule = typeof forward === 'function' && typeof stateDict === 'function';
  const texts: Record<string, string> = {};
  // PyTorch's own names and layouts.
  if (isModule) texts.format = 'pt';
  const { architecture } = model as { readonly architecture?: unknown };
  if (typeof architecture === 'function') {
    texts.layerwise = JSON.stringify({ version: 1, model: architecture.call(model) as Architecture });
  }
  if (!isModule && typeof loss === 'function' && typeof params === 'object' && params !== null) {
    return { state: stateDictOf(model as Model), texts };
  }
  if (typeof stateDict === 'function') return { state: (model as WithStateDict).stateDict(), texts };
  return { state: model as StateLike, texts };
}

function converted(state: Readonly<Record<string, NDArray>>, dtype: DType): Record<string, NDArray> {
  const out = emptyState<NDArray>();
  for (const name of Object.keys(state)) {
    const a = state[name];
    out[name] = dtypeOf(a) === dtype ? a : withStorage(heap, () => array(a, a.shape, dtype));
  }
  return out;
}
