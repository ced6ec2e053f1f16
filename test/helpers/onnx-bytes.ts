import {
  ATTRIBUTE,
  ATTRIBUTE_TYPE,
  DATA_TYPE,
  DIMENSION,
  GRAPH,
  MODEL,
  NODE,
  OPERATOR_SET,
  TENSOR,
  TENSOR_SHAPE,
  TENSOR_TYPE,
  TYPE,
  VALUE_INFO,
} from '../../src/onnx/schema.js';

/** A number in as many groups of seven bits as it needs; a negative one in ten. */
export function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

/** A field of bytes: a message, a text, packed numbers. */
export function block(field: number, content: string | Iterable<number>): number[] {
  const bytes = typeof content === 'string' ? [...new TextEncoder().encode(content)] : [...content];
  return [...varint(field * 8 + 2), ...varint(bytes.length), ...bytes];
}

/** A field of a whole number. */
export function int(field: number, value: number | bigint): number[] {
  return [...varint(field * 8), ...varint(value)];
}

/** A field of a float32. */
export function float(field: number, value: number): number[] {
  return [...varint(field * 8 + 5), ...new Uint8Array(Float32Array.of(value).buffer)];
}

/** A tensor, its values in `raw_data`. */
export function tensorBytes(
  name: string,
  shape: readonly number[],
  values: readonly number[],
  dataType: number,
): number[] {
  const raw = dataType === DATA_TYPE.int64 ? BigInt64Array.from(values, BigInt) : Float32Array.from(values);
  return [
    ...shape.flatMap((size) => int(TENSOR.dims, size)),
    ...int(TENSOR.dataType, dataType),
    ...block(TENSOR.name, name),
    ...block(TENSOR.rawData, new Uint8Array(raw.buffer)),
  ];
}

/** A tensor of float32, or with `ints` of int64. */
export interface TestTensor {
  readonly shape: readonly number[];
  readonly values: readonly number[];
  readonly ints?: boolean;
}

type TestAttribute = number | string | readonly number[] | { readonly float: number } | TestTensor;

export interface TestNode {
  readonly op: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly name?: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, TestAttribute>>;
}

export interface TestModel {
  readonly nodes?: readonly TestNode[];
  readonly tensors?: Readonly<Record<string, TestTensor>>;
  readonly inputs?: Readonly<Record<string, readonly (number | string)[] | null>>;
  readonly outputs?: readonly string[];
  readonly opset?: number;
  readonly dataType?: number;
  readonly producer?: string;
  /** More bytes at the end of the graph. */
  readonly rest?: ArrayLike<number>;
}

function attributeBytes(name: string, value: TestAttribute): number[] {
  const start = block(ATTRIBUTE.name, name);
  const type = (kind: number): number[] => int(ATTRIBUTE.type, kind);
  if (typeof value === 'number') return [...start, ...int(ATTRIBUTE.i, value), ...type(ATTRIBUTE_TYPE.int)];
  if (typeof value === 'string') return [...start, ...block(ATTRIBUTE.s, value), ...type(ATTRIBUTE_TYPE.string)];
  if ('float' in value) return [...start, ...float(ATTRIBUTE.f, value.float), ...type(ATTRIBUTE_TYPE.float)];
  if ('shape' in value) {
    const tensor = tensorBytes('', value.shape, value.values, value.ints ? DATA_TYPE.int64 : DATA_TYPE.float);
    return [...start, ...block(ATTRIBUTE.t, tensor), ...type(ATTRIBUTE_TYPE.tensor)];
  }
  return [...start, ...value.flatMap((n) => int(ATTRIBUTE.ints, n)), ...type(ATTRIBUTE_TYPE.ints)];
}

export function nodeBytes({
  op,
  inputs = ['x'],
  outputs = ['y'],
  name = '',
  domain = '',
  attributes = {},
}: TestNode): number[] {
  return [
    ...inputs.flatMap((input) => block(NODE.input, input)),
    ...outputs.flatMap((output) => block(NODE.output, output)),
    ...block(NODE.name, name),
    ...block(NODE.opType, op),
    ...block(NODE.domain, domain),
    ...Object.entries(attributes).flatMap(([key, value]) => block(NODE.attribute, attributeBytes(key, value))),
  ];
}

function valueBytes(name: string, shape: readonly (number | string)[] | null, dataType: number): number[] {
  const sizes = (shape ?? []).flatMap((size) => {
    const dimension = typeof size === 'number' ? int(DIMENSION.value, size) : block(DIMENSION.param, size);
    return block(TENSOR_SHAPE.dim, dimension);
  });
  const tensor = [...int(TENSOR_TYPE.elemType, dataType), ...(shape === null ? [] : block(TENSOR_TYPE.shape, sizes))];
  return [...block(VALUE_INFO.name, name), ...block(VALUE_INFO.type, block(TYPE.tensorType, tensor))];
}

/** The bytes of a model: `x` to `y` by default, of any shape, with opset 17. */
export function modelBytes(model: TestModel): Uint8Array {
  const {
    nodes = [],
    tensors = {},
    inputs = { x: null },
    outputs = ['y'],
    opset = 17,
    producer = '',
    rest = [],
  } = model;
  const { dataType = DATA_TYPE.float } = model;
  const graph = [
    ...nodes.flatMap((node) => block(GRAPH.node, nodeBytes(node))),
    ...Object.entries(tensors).flatMap(([name, { shape, values, ints }]) =>
      block(GRAPH.initializer, tensorBytes(name, shape, values, ints ? DATA_TYPE.int64 : DATA_TYPE.float)),
    ),
    ...Object.entries(inputs).flatMap(([name, shape]) => block(GRAPH.input, valueBytes(name, shape, dataType))),
    ...outputs.flatMap((name) => block(GRAPH.output, valueBytes(name, null, dataType))),
  ];
  const start = [...int(MODEL.irVersion, 8), ...block(MODEL.producerName, producer)];
  // `rest` may be millions of bytes: they are copied, and not spread.
  const parts = [
    [...start, ...varint(MODEL.graph * 8 + 2), ...varint(graph.length + rest.length), ...graph],
    rest,
    block(MODEL.opsetImport, [...block(OPERATOR_SET.domain, ''), ...int(OPERATOR_SET.version, opset)]),
  ];
  return Uint8Array.from(Buffer.concat(parts.map((part) => Uint8Array.from(part))));
}
