import { printable } from '../arrays/index.js';
import type { ProtoReader } from './proto-reader.js';
import {
  ATTRIBUTE,
  ATTRIBUTE_TYPE,
  DIMENSION,
  GRAPH,
  MODEL,
  NODE,
  OPERATOR_SET,
  TENSOR_SHAPE,
  TENSOR_TYPE,
  TYPE,
  VALUE_INFO,
} from './schema.js';
import { readTensor, type TensorMessage } from './tensor-message.js';

/** What a file holds, as far as it is needed to run it. */
export interface ModelMessage {
  readonly graph: GraphMessage | null;
  /** Versions of the sets of operators by domain; ONNX's own has the domain ''. */
  readonly opsets: ReadonlyMap<string, number>;
  /** The name of the program that wrote it. */
  readonly producer: string;
}

export interface GraphMessage {
  readonly name: string;
  readonly nodes: readonly NodeMessage[];
  readonly initializers: readonly TensorMessage[];
  readonly inputs: readonly ValueMessage[];
  readonly outputs: readonly ValueMessage[];
  /** The number of initializers in a sparse format. */
  readonly sparse: number;
}

export interface NodeMessage {
  readonly opType: string;
  readonly domain: string;
  readonly name: string;
  /** Names of values; '' for an optional one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** The value of an attribute; of those that no operator here has, the kind only. */
export type Attribute =
  | { readonly kind: 'int' | 'float'; readonly value: number }
  | { readonly kind: 'ints' | 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'tensor'; readonly value: TensorMessage }
  | { readonly kind: 'graph' | 'list' | 'sparse' | 'reference' | 'type'; readonly value: null };

/** An input or output of the graph. */
export interface ValueMessage {
  readonly name: string;
  /** Number format of its values, of `DATA_TYPE`; null if it is no tensor. */
  readonly dataType: number | null;
  /** Its sizes: numbers, or the names of those that are not fixed ('' if they have none); null if nothing is said. */
  readonly shape: readonly (number | string)[] | null;
}

/**
 * The most entries of a list, and of numbers in all attributes together: objects in memory are larger than the few
 * bytes that stand for them in a file.
 */
const MOST = { nodes: 50_000, initializers: 50_000, values: 10_000, attributes: 100, names: 10_000, numbers: 2 ** 20 };

const NO_ATTRIBUTES: NodeMessage['attributes'] = new Map();

/** @throws {FormatError} if the bytes are no such message. */
export function readModel(reader: ProtoReader): ModelMessage {
  let graph: GraphMessage | null = null;
  const opsets = new Map<string, number>();
  let producer = '';
  while (reader.next()) {
    if (reader.field === MODEL.graph) {
      if (graph !== null) throw reader.error('is a second graph', 'one');
      graph = readGraph(reader.message('graph'));
    } else if (reader.field === MODEL.opsetImport) {
      readOperatorSet(reader.message('operator set'), opsets);
      atMost(reader, opsets.size, MOST.values);
    } else if (reader.field === MODEL.producerName) producer = reader.text();
    else reader.skip();
  }
  return { graph, opsets, producer };
}

function readOperatorSet(reader: ProtoReader, opsets: Map<string, number>): void {
  let domain = '';
  let version = 0;
  while (reader.next()) {
    if (reader.field === OPERATOR_SET.domain) domain = reader.text();
    else if (reader.field === OPERATOR_SET.version) version = reader.int();
    else reader.skip();
  }
  opsets.set(plainDomain(domain), version);
}

/** ONNX's own domain has two names. */
function plainDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

function readGraph(reader: ProtoReader): GraphMessage {
  let name = '';
  let sparse = 0;
  let numbers = 0;
  const nodes: NodeMessage[] = [];
  const initializers: TensorMessage[] = [];
  const inputs: ValueMessage[] = [];
  const outputs: ValueMessage[] = [];
  while (reader.next()) {
    if (reader.field === GRAPH.node) {
      atMost(reader, nodes.length + 1, MOST.nodes);
      const node = readNode(reader.message(`node ${nodes.length}`), MOST.numbers - numbers);
      for (const { value } of node.attributes.values()) if (Array.isArray(value)) numbers += value.length;
      nodes.push(node);
    } else if (reader.field === GRAPH.initializer) {
      atMost(reader, initializers.length + 1, MOST.initializers);
      initializers.push(readTensor(reader.message(`initializer ${initializers.length}`)));
    } else if (reader.field === GRAPH.input) {
      // Up to IR version 3 the initializers are inputs too.
      atMost(reader, inputs.length + 1, MOST.initializers);
      inputs.push(readValue(reader.message(`input ${inputs.length}`)));
    } else if (reader.field === GRAPH.output) {
      atMost(reader, outputs.length + 1, MOST.values);
      outputs.push(readValue(reader.message(`output ${outputs.length}`)));
    } else if (reader.field === GRAPH.sparseInitializer) {
      sparse++;
      reader.skip();
    } else if (reader.field === GRAPH.name) name = reader.text();
    else reader.skip();
  }
  return { name, nodes, initializers, inputs, outputs, sparse };
}

function readNode(reader: ProtoReader, mostNumbers: number): NodeMessage {
  const node = { opType: '', domain: '', name: '' };
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Attribute>();
  while (reader.next()) {
    if (reader.field === NODE.input) inputs.push(nameIn(reader, inputs.length));
    else if (reader.field === NODE.output) outputs.push(nameIn(reader, outputs.length));
    else if (reader.field === NODE.name) node.name = reader.text();
    else if (reader.field === NODE.opType) node.opType = reader.text();
    else if (reader.field === NODE.domain) node.domain = plainDomain(reader.text());
    else if (reader.field === NODE.attribute) {
      atMost(reader, attributes.size + 1, MOST.attributes);
      const [name, attribute] = readAttribute(reader.message(`attribute of node ${describeNode(node)}`), mostNumbers);
      if (attributes.has(name)) throw reader.error(`is a second attribute '${printable(name)}'`, 'one');
      attributes.set(name, attribute);
    } else reader.skip();
  }
  return { ...node, inputs, outputs, attributes: attributes.size === 0 ? NO_ATTRIBUTES : attributes };
}

function nameIn(reader: ProtoReader, length: number): string {
  atMost(reader, length + 1, MOST.names);
  return reader.text();
}

function describeNode({ name, opType }: { name: string; opType: string }): string {
  return `'${printable(name === '' ? opType : name, 60)}'`;
}

const KINDS: Readonly<Record<number, Attribute['kind']>> = {
  [ATTRIBUTE_TYPE.float]: 'float',
  [ATTRIBUTE_TYPE.int]: 'int',
  [ATTRIBUTE_TYPE.string]: 'string',
  [ATTRIBUTE_TYPE.tensor]: 'tensor',
  [ATTRIBUTE_TYPE.graph]: 'graph',
  [ATTRIBUTE_TYPE.floats]: 'floats',
  [ATTRIBUTE_TYPE.ints]: 'ints',
  [ATTRIBUTE_TYPE.strings]: 'list',
  [ATTRIBUTE_TYPE.tensors]: 'list',
  [ATTRIBUTE_TYPE.graphs]: 'graph',
  [ATTRIBUTE_TYPE.sparseTensor]: 'sparse',
  [ATTRIBUTE_TYPE.sparseTensors]: 'sparse',
  [ATTRIBUTE_TYPE.typeProto]: 'type',
  [ATTRIBUTE_TYPE.typeProtos]: 'type',
};

/** The field that holds the value of each kind, for files without the field `type`. */
const FIELD_KINDS: Readonly<Record<number, Attribute['kind']>> = {
  [ATTRIBUTE.f]: 'float',
  [ATTRIBUTE.i]: 'int',
  [ATTRIBUTE.s]: 'string',
  [ATTRIBUTE.t]: 'tensor',
  [ATTRIBUTE.g]: 'graph',
  [ATTRIBUTE.floats]: 'floats',
  [ATTRIBUTE.ints]: 'ints',
  [ATTRIBUTE.strings]: 'list',
  [ATTRIBUTE.tensors]: 'list',
  [ATTRIBUTE.graphs]: 'graph',
  [ATTRIBUTE.sparseTensor]: 'sparse',
  [ATTRIBUTE.sparseTensors]: 'sparse',
  [ATTRIBUTE.typeProto]: 'type',
  [ATTRIBUTE.typeProtos]: 'type',
  [ATTRIBUTE.refAttrName]: 'reference',
};

function readAttribute(reader: ProtoReader, mostNumbers: number): [name: string, attribute: Attribute] {
  let name = '';
  let kind: Attribute['kind'] | undefined;
  let seen: Attribute['kind'] | undefined;
  // A writer may leave out a value that is 0 or empty, and give the type only.
  const value = { int: 0, float: 0, string: '', tensor: null as TensorMessage | null };
  const numbers: number[] = [];
  while (reader.next()) {
    const { field } = reader;
    seen ??= FIELD_KINDS[field];
    if (field === ATTRIBUTE.name) name = reader.text();
    else if (field === ATTRIBUTE.type) {
      const type = reader.int();
      kind = KINDS[type];
      if (kind === undefined && type !== ATTRIBUTE_TYPE.undefined) throw reader.error(`is ${type}`, 'a type, 1 to 14');
    } else if (field === ATTRIBUTE.f) value.float = reader.float();
    else if (field === ATTRIBUTE.i) value.int = reader.int();
    else if (field === ATTRIBUTE.s) value.string = reader.text();
    else if (field === ATTRIBUTE.t) value.tensor = readTensor(reader.message('tensor of an attribute'));
    else if (field === ATTRIBUTE.floats || field === ATTRIBUTE.ints) {
      const push = (number: number): void => {
        numbers.push(number);
        atMost(reader, numbers.length, mostNumbers);
      };
      if (field === ATTRIBUTE.floats) reader.floats(push);
      else reader.ints(push);
    } else reader.skip();
  }
  if (name === '') throw reader.error('is the last, and none is a name', 'an attribute with a name');
  const is = kind ?? seen ?? 'list';
  if (kind !== undefined && seen !== undefined && kind !== seen) {
    throw reader.error(`ends the attribute '${printable(name)}' of a ${seen}`, `its type's: a ${kind}`);
  }
  if (is === 'tensor') {
    if (value.tensor === null) throw reader.error(`ends the attribute '${printable(name)}'`, 'a tensor in it');
    return [name, { kind: is, value: value.tensor }];
  }
  if (is === 'ints' || is === 'floats') return [name, { kind: is, value: numbers }];
  if (is === 'int' || is === 'float') return [name, { kind: is, value: value[is] }];
  if (is === 'string') return [name, { kind: is, value: value.string }];
  return [name, { kind: is, value: null }];
}

function readValue(reader: ProtoReader): ValueMessage {
  let name = '';
  let type: Omit<ValueMessage, 'name'> = { dataType: null, shape: null };
  while (reader.next()) {
    if (reader.field === VALUE_INFO.name) name = reader.text();
    else if (reader.field === VALUE_INFO.type) type = readType(reader.message('type'));
    else reader.skip();
  }
  return { name, ...type };
}

function readType(reader: ProtoReader): Omit<ValueMessage, 'name'> {
  let dataType: number | null = null;
  let shape: (number | string)[] | null = null;
  while (reader.next()) {
    if (reader.field !== TYPE.tensorType) {
      reader.skip();
      continue;
    }
    const tensor = reader.message('type of a tensor');
    dataType = 0;
    while (tensor.next()) {
      if (tensor.field === TENSOR_TYPE.elemType) dataType = tensor.int();
      else if (tensor.field === TENSOR_TYPE.shape) shape = readShape(tensor.message('shape'));
      else tensor.skip();
    }
  }
  return { dataType, shape };
}

function readShape(reader: ProtoReader): (number | string)[] {
  const shape: (number | string)[] = [];
  while (reader.next()) {
    if (reader.field !== TENSOR_SHAPE.dim) {
      reader.skip();
      continue;
    }
    atMost(reader, shape.length + 1, 32);
    const dimension = reader.message('size');
    let size: number | string = '';
    while (dimension.next()) {
      if (dimension.field === DIMENSION.value) size = dimension.int();
      else if (dimension.field === DIMENSION.param) size = dimension.text();
      else dimension.skip();
    }
    // Older exporters say -1 or 0 of a size that is not fixed.
    shape.push(typeof size === 'number' && size <= 0 ? '' : size);
  }
  return shape;
}

function atMost(reader: ProtoReader, length: number, most: number): void {
  if (length > most) throw reader.error(`is entry ${length} of its list`, `at most ${most}`);
}
