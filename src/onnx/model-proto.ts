import type { DType } from '../arrays/index.js';
import { ProtoWriter } from './proto-writer.js';
import {
  ATTRIBUTE,
  ATTRIBUTE_TYPE,
  DATA_TYPE,
  DIMENSION,
  GRAPH,
  MODEL,
  NODE,
  OPERATOR_SET,
  OWN,
  STRING_ENTRY,
  TENSOR,
  TENSOR_SHAPE,
  TENSOR_TYPE,
  TYPE,
  VALUE_INFO,
} from './schema.js';

/** An attribute of a node, by the kind of its value. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly ints: readonly number[] };

/** A call of one of ONNX's operators. */
export interface GraphNode {
  readonly opType: string;
  /** Names of values; '' stands for one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface Initializer {
  readonly name: string;
  readonly dims: readonly number[];
  readonly type: number;
  /** Little-endian. */
  readonly bytes: Uint8Array;
}

/** The nodes of a graph, in an order in which they can run, and its tensors. */
export interface GraphContents {
  readonly nodes: readonly GraphNode[];
  readonly initializers: readonly Initializer[];
}

/** An input or output: a size that is a text differs from run to run, one that is null is not known. */
export interface Port {
  readonly name: string;
  readonly dims: readonly (number | string | null)[];
  readonly dtype: DType;
}

/** What a file says of itself. */
export interface Description {
  readonly name: string;
  readonly opset: number;
  /** Of this library. */
  readonly version: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The version of the format that came with a version of the operators. */
const IR_VERSIONS: Readonly<Record<number, number>> = {
  13: 7,
  14: 7,
  15: 8,
  16: 8,
  17: 8,
  18: 8,
  19: 9,
  20: 9,
  21: 10,
};

/** The versions of ONNX's operators that graphs are written in. */
export const WRITTEN_OPSETS: readonly number[] = Object.keys(IR_VERSIONS).map(Number);

/** ONNX's number of a number format. */
export function typeOf(dtype: DType): number {
  return dtype === 'float64' ? DATA_TYPE.double : DATA_TYPE.float;
}

/** The bytes of a file with a graph. */
export function encodeModel(
  { nodes, initializers }: GraphContents,
  input: Port,
  output: Port,
  { name, opset, version, metadata }: Description,
): Uint8Array {
  const graph = new ProtoWriter();
  for (const node of nodes) graph.message(GRAPH.node, encodeNode(node));
  graph.text(GRAPH.name, name);
  for (const tensor of initializers) graph.message(GRAPH.initializer, encodeTensor(tensor));
  graph.message(GRAPH.input, encodePort(input));
  graph.message(GRAPH.output, encodePort(output));
  const model = new ProtoWriter()
    .int(MODEL.irVersion, IR_VERSIONS[opset])
    .text(MODEL.producerName, OWN.producer)
    .text(MODEL.producerVersion, version)
    .message(MODEL.graph, graph)
    .message(MODEL.opsetImport, new ProtoWriter().text(OPERATOR_SET.domain, '').int(OPERATOR_SET.version, opset));
  for (const [key, value] of Object.entries(metadata)) {
    model.message(MODEL.metadataProps, new ProtoWriter().text(STRING_ENTRY.key, key).text(STRING_ENTRY.value, value));
  }
  return model.finish();
}

function encodeNode({ opType, inputs, outputs, attributes }: GraphNode): ProtoWriter {
  const node = new ProtoWriter();
  for (const input of inputs) node.text(NODE.input, input);
  for (const output of outputs) node.text(NODE.output, output);
  node.text(NODE.name, outputs[0]).text(NODE.opType, opType);
  for (const [name, value] of Object.entries(attributes)) node.message(NODE.attribute, encodeAttribute(name, value));
  return node;
}

function encodeAttribute(name: string, value: Attribute): ProtoWriter {
  const attribute = new ProtoWriter().text(ATTRIBUTE.name, name);
  if ('int' in value) return attribute.int(ATTRIBUTE.i, value.int).int(ATTRIBUTE.type, ATTRIBUTE_TYPE.int);
  if ('float' in value) return attribute.float(ATTRIBUTE.f, value.float).int(ATTRIBUTE.type, ATTRIBUTE_TYPE.float);
  if ('text' in value) return attribute.text(ATTRIBUTE.s, value.text).int(ATTRIBUTE.type, ATTRIBUTE_TYPE.string);
  return attribute.ints(ATTRIBUTE.ints, value.ints).int(ATTRIBUTE.type, ATTRIBUTE_TYPE.ints);
}

function encodeTensor({ name, dims, type, bytes }: Initializer): ProtoWriter {
  const tensor = new ProtoWriter().ints(TENSOR.dims, dims).int(TENSOR.dataType, type);
  return tensor.text(TENSOR.name, name).bytes(TENSOR.rawData, bytes);
}

function encodePort({ name, dims, dtype }: Port): ProtoWriter {
  const shape = new ProtoWriter();
  for (const size of dims) {
    const dim = new ProtoWriter();
    if (typeof size === 'number') dim.int(DIMENSION.value, size);
    else if (size !== null) dim.text(DIMENSION.param, size);
    shape.message(TENSOR_SHAPE.dim, dim);
  }
  const tensor = new ProtoWriter().int(TENSOR_TYPE.elemType, typeOf(dtype)).message(TENSOR_TYPE.shape, shape);
  const form = new ProtoWriter().message(TYPE.tensorType, tensor);
  return new ProtoWriter().text(VALUE_INFO.name, name).message(VALUE_INFO.type, form);
}
