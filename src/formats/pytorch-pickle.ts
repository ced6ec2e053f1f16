import { printable, tuple } from '../arrays/index.js';
import { formatError, type Source } from './bytes.js';
import { ELEMENT_SIZES, type ElementType } from './elements.js';
import { PICKLED_BYTES, PickledDict, PickledGlobal, PickledTuple } from './pickle-values.js';
import { countOf } from './state.js';

/** The memory of tensors, which stands in a file of its own. */
export class StorageRef {
  /** The name of the file in `data/`. */
  readonly key: string;
  readonly bytes: number;
  /** The format of its numbers; undefined where the tensors say it. */
  readonly type: ElementType | undefined;

  constructor(key: string, bytes: number, type: ElementType | undefined) {
    this.key = key;
    this.bytes = bytes;
    this.type = type;
  }
}

/** A tensor: a strided view of a storage. All of it lies in the storage. */
export class TensorRef {
  readonly storage: StorageRef;
  readonly type: ElementType;
  /** In numbers, as the strides. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];

  constructor(
    storage: StorageRef,
    type: ElementType,
    offset: number,
    shape: readonly number[],
    stride: readonly number[],
  ) {
    this.storage = storage;
    this.type = type;
    this.offset = offset;
    this.shape = shape;
    this.stride = stride;
  }
}

/** Classes of storages: since PyTorch 1.12 they only say the format. */
const STORAGES: Readonly<Record<string, ElementType>> = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
};

const DTYPES: Readonly<Record<string, ElementType>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  float8_e4m3fn: 'F8_E4M3',
  float8_e5m2: 'F8_E5M2',
  float8_e8m0fnu: 'F8_E8M0',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint64: 'U64',
  uint32: 'U32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
};

/** Storages of every format, of which the tensors say it. */
const UNTYPED = 'torch.storage.UntypedStorage';

/** The way out where a file holds something else. */
export const STATE_DICT = 'save it with torch.save(model.state_dict(), file)';

/** What to do about what is refused, by its name. */
const WAYS_OUT: readonly [names: RegExp, wayOut: string][] = [
  [/^torch\.(cuda\.)?Complex/, 'save torch.view_as_real(x) in the place of complex numbers'],
  [/^torch\._utils\._rebuild_sparse/, 'save x.to_dense() in the place of a sparse tensor'],
  [/^torch\._utils\._rebuild_qtensor/, 'save x.dequantize() in the place of a quantized tensor'],
  [/^torch\._utils\._rebuild_meta/, 'a tensor on the device meta has no numbers'],
  [/^torch\.nn\./, STATE_DICT],
  [/^numpy\./, "save a tensor, or a number of Python, in the place of NumPy's: torch.from_numpy(x), float(x)"],
];

/** What to do about a name that is refused. */
export function wayOutOf(name: string): string {
  const known = WAYS_OUT.find(([names]) => names.test(name));
  return known?.[1] ?? `save the file without it; ${STATE_DICT.replace('save it with ', '')} saves tensors alone`;
}

/** What a dictionary of tensors may ask for; errors name `source`. */
export function globalsOf(source: Source): ReadonlyMap<string, PickledGlobal> {
  const wrong = (what: string): Error =>
    formatError(source, { place: 'pickle', found: `makes ${what} of other arguments` });
  const functions: Record<string, (args: readonly unknown[]) => unknown> = {
    'collections.OrderedDict': (args) => {
      if (args.length > 0) throw wrong('an OrderedDict');
      return new PickledDict();
    },
    'torch.Size': ([sizes]) => {
      if (!(sizes instanceof PickledTuple)) throw wrong('a Size');
      return sizes;
    },
    'torch.device': () => null,
    // Of a schedule: MultiStepLR counts its milestones.
    'collections.Counter': ([counts]) => {
      if (!(counts instanceof PickledDict)) throw wrong('a Counter');
      return counts;
    },
    // How protocol 2 says bytes.
    '_codecs.encode': () => PICKLED_BYTES,
    'torch._utils._rebuild_tensor_v2': (args) => {
      const [storage, offset, shape, stride, , , metadata] = args;
      if (!isEmpty(metadata)) throw wrong('a tensor');
      return tensorOf(source, storage, storage instanceof StorageRef ? storage.type : undefined, offset, shape, stride);
    },
    'torch._utils._rebuild_tensor_v3': (args) => {
      const [storage, offset, shape, stride, , , dtype, metadata] = args;
      if (!isEmpty(metadata) || !(dtype instanceof PickledGlobal)) throw wrong('a tensor');
      return tensorOf(source, storage, DTYPES[dtype.name.slice('torch.'.length)], offset, shape, stride);
    },
    'torch._utils._rebuild_parameter': ([tensor]) => {
      if (!(tensor instanceof TensorRef)) throw wrong('a Parameter');
      return tensor;
    },
  };
  const globals = Object.entries(functions).map(([name, call]) => new PickledGlobal(name, call));
  const names = [
    UNTYPED,
    ...Object.keys(STORAGES).flatMap((name) => [`torch.${name}`, `torch.cuda.${name}`]),
    ...Object.keys(DTYPES).map((name) => `torch.${name}`),
  ];
  return new Map([...globals, ...names.map((name) => new PickledGlobal(name))].map((global) => [global.name, global]));
}

/** What a persistent identifier names: `('storage', class, key, device, number of numbers)`. */
export function storageOf(source: Source, id: unknown): StorageRef {
  const [kind, type, key, , size] = id instanceof PickledTuple ? id.items : [];
  const named = type instanceof PickledGlobal ? type.name : '';
  const short = named.slice(named.lastIndexOf('.') + 1);
  const known = named === UNTYPED || Object.hasOwn(STORAGES, short);
  if (kind !== 'storage' || !known || typeof key !== 'string' || !isCount(size)) {
    throw formatError(source, { place: 'pickle', found: 'asks for something that is no storage' });
  }
  if (named === UNTYPED) return new StorageRef(key, size, undefined);
  return new StorageRef(key, size * ELEMENT_SIZES[STORAGES[short]], STORAGES[short]);
}

function tensorOf(
  source: Source,
  storage: unknown,
  type: ElementType | undefined,
  offset: unknown,
  sizes: unknown,
  strides: unknown,
): TensorRef {
  const place = storage instanceof StorageRef ? `a tensor in storage '${printable(storage.key)}'` : 'a tensor';
  const refuse = (found: string, expected: string, wayOut?: string): Error =>
    formatError(source, { place, found, expected, wayOut });
  if (!(storage instanceof StorageRef) || type === undefined) throw refuse('has no storage', 'one, and its dtype');
  const [shape, stride] = [countsOf(sizes), countsOf(strides)];
  if (!isCount(offset) || shape === null || stride === null || shape.length !== stride.length) {
    throw refuse('has other arguments', 'an offset, sizes and as many strides, whole numbers ≥ 0');
  }
  const count = countOf(source, place, shape);
  const there = Math.floor(storage.bytes / ELEMENT_SIZES[type]);
  const last = shape.reduce((at, length, axis) => at + (length - 1) * stride[axis], offset);
  if (count > there) {
    // Elements share numbers, as those of expand() and unfold() do, if none is beyond the storage.
    const wayOut = last < there ? 'make an expanded tensor with clone() before it is saved' : undefined;
    throw refuse(`has ${count} numbers, shape ${tuple(shape)}`, `at most the ${there} of its storage`, wayOut);
  }
  if (count > 0 && last >= there) throw refuse(`ends at number ${last}`, `less than ${there}, the size of its storage`);
  return new TensorRef(storage, type, offset, shape, stride);
}

/** Whether this says that nothing is special about a tensor. */
function isEmpty(metadata: unknown): boolean {
  return (
    metadata === undefined || metadata === null || (metadata instanceof PickledDict && metadata.entries.size === 0)
  );
}

function countsOf(value: unknown): readonly number[] | null {
  return value instanceof PickledTuple && value.items.every(isCount) ? value.items : null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
