import { printable, sizeOf } from '../arrays/index.js';
import { formatError, type Source } from '../formats/index.js';
import { constantsOf, isConstant, isOwnConstant } from './graph-constants.js';
import type { Graph, GraphInput, GraphNode } from './graph-types.js';
import type { Attribute, ModelMessage, NodeMessage, ValueMessage } from './messages.js';
import type { AttributeTable, NodeFacts } from './operator.js';
import { OPERATORS } from './operators/index.js';
import { DATA_TYPE, OPSETS } from './schema.js';
import { dataTypeName, floatsOf, type TensorMessage } from './tensor-message.js';

/** The most whole numbers in a file's tensors together: 32 MB in memory. They may be one byte each in the file. */
const MOST_INTEGERS = 2 ** 22;

/** The most that is listed in an error. */
const MOST_LISTED = 20;

/**
 * Checks all of a model but the values of its tensors.
 *
 * @throws {FormatError} if the graph is none, or if something in it is not supported: everything that is not, at once.
 */
export function checkedGraph(source: Source, { graph, opsets, producer }: ModelMessage): Graph {
  const refuse = (place: string, found: string, expected?: string, wayOut?: string): Error =>
    formatError(source, { place, found, expected, wayOut });

  if (graph === null) throw refuse('the model', 'has no graph', 'an ONNX model');
  const opset = opsets.get('');
  if (opset === undefined) throw refuse('the model', 'names no version of the operators', 'opset_import of ai.onnx');
  if (!(opset >= OPSETS.least && opset <= OPSETS.most)) {
    const expected = `${OPSETS.least} to ${OPSETS.most}`;
    throw refuse('the opset', `is ${opset}`, expected, 'export the model again with opset_version=17');
  }
  if (graph.sparse > 0) throw refuse('the graph', `has ${graph.sparse} sparse initializers`, 'dense ones');

  const tensors = namedTensors(graph.initializers, refuse);
  const inputs = graph.inputs.filter(({ name }) => !tensors.has(name)).map((input) => checkedInput(input, refuse));
  const defined = new Set<string>(tensors.keys());
  const define = (name: string, place: string): void => {
    if (defined.has(name)) throw refuse(place, `defines '${printable(name)}'`, 'a name that is not taken');
    defined.add(name);
  };
  for (const { name } of inputs) define(name, 'an input');
  for (const [i, node] of graph.nodes.entries()) checkNames(node, titleOf(node, i), defined, define, refuse);
  const outputs = graph.outputs.map(({ name }) => name);
  if (inputs.length === 0) throw refuse('the graph', 'has no inputs', 'at least one');
  if (outputs.length === 0) throw refuse('the graph', 'has no outputs', 'at least one');
  for (const name of outputs) {
    if (!defined.has(name)) throw refuse('an output', `is '${printable(name)}'`, 'a value of the graph');
  }

  const used = new Set([...graph.nodes.flatMap((node) => node.inputs), ...outputs]);
  const problems: string[] = [];
  const nodes: GraphNode[] = [];
  const literals = new Set<TensorMessage>();
  for (const [i, message] of graph.nodes.entries()) {
    const title = titleOf(message, i);
    if (isConstant(message, tensors, literals)) continue;
    const facts: NodeFacts = {
      opset,
      outputs: message.outputs.map((name) => name !== '' && used.has(name)),
      constant: (input) => tensors.get(message.inputs[input]) ?? null,
    };
    const node = supported(message, title, facts);
    if (typeof node === 'string') problems.push(`${kindOf(message)}${node} (${labelOf(message, i)})`);
    else nodes.push(node);
  }
  for (const [name, tensor] of tensors) if (isOwnConstant(producer, name)) literals.add(tensor);
  const constants = constantsOf(nodes, outputs, tensors, literals);
  for (const { names, tensor } of constants) {
    if (tensor.unsupported !== null) problems.push(`tensor '${printable(names[0])}', which ${tensor.unsupported}`);
  }
  const integers = constants.reduce((sum, { tensor }) => sum + integersIn(tensor), 0);
  if (integers > MOST_INTEGERS) problems.push(`${integers} integers, more than ${MOST_INTEGERS}`);
  if (problems.length > 0) {
    const more = problems.length > MOST_LISTED ? `; and ${problems.length - MOST_LISTED} more` : '';
    const found = `has what is not supported: ${problems.slice(0, MOST_LISTED).join('; ')}${more}`;
    throw refuse('the graph', found);
  }
  const areDoubles = inputs.every(({ dataType }) => dataType === DATA_TYPE.double);
  return { opset, dtype: areDoubles ? 'float64' : 'float32', inputs, outputs, nodes, constants };
}

function integersIn({ dataType, shape }: TensorMessage): number {
  return floatsOf(dataType) === null ? sizeOf(shape) : 0;
}

type Refuse = (place: string, found: string, expected?: string, wayOut?: string) => Error;

function namedTensors(initializers: readonly TensorMessage[], refuse: Refuse): Map<string, TensorMessage> {
  const tensors = new Map<string, TensorMessage>();
  for (const tensor of initializers) {
    const { name } = tensor;
    if (name === '') throw refuse('an initializer', 'has no name', 'a name');
    if (tensors.has(name)) throw refuse('an initializer', `defines '${printable(name)}'`, 'a name that is not taken');
    tensors.set(name, tensor);
  }
  return tensors;
}

function checkedInput({ name, dataType, shape }: ValueMessage, refuse: Refuse): GraphInput & { dataType: number } {
  const place = `input '${printable(name)}'`;
  if (name === '') throw refuse('an input', 'has no name', 'a name');
  if (dataType === null) throw refuse(place, 'is no tensor', 'a tensor of floats');
  if (floatsOf(dataType) === null) throw refuse(place, `is a tensor of type ${dataTypeName(dataType)}`, 'of floats');
  if (shape?.some((size) => typeof size === 'number' && !Number.isSafeInteger(size))) {
    throw refuse(place, `has shape (${shape.join(', ')})`, 'sizes that are whole numbers');
  }
  return { name, shape, dataType };
}

/** `Conv`, `com.microsoft.FusedConv`. */
function kindOf({ opType, domain }: NodeMessage): string {
  return printable(domain === '' ? opType : `${domain}.${opType}`, 60);
}

/** `node 'conv1'`; by its number where it has no name. */
function labelOf({ name }: NodeMessage, i: number): string {
  return `node ${name === '' ? i : `'${printable(name, 60)}'`}`;
}

/** `node 'conv1' (Conv)`. */
function titleOf(message: NodeMessage, i: number): string {
  return `${labelOf(message, i)} (${kindOf(message)})`;
}

/** Checks that a node takes what is defined before it, and defines what is not. */
function checkNames(
  { inputs, outputs, opType }: NodeMessage,
  title: string,
  defined: ReadonlySet<string>,
  define: (name: string, place: string) => void,
  refuse: Refuse,
): void {
  if (opType === '') throw refuse(title, 'has no operator', 'one');
  for (const name of inputs) {
    if (name === '' || defined.has(name)) continue;
    throw refuse(title, `takes '${printable(name)}'`, 'a value that is defined before it');
  }
  for (const name of outputs) if (name !== '') define(name, title);
}

/** A node that can be run, or what of it is not supported. */
function supported(message: NodeMessage, title: string, facts: NodeFacts): GraphNode | string {
  const { opType, domain, inputs, outputs } = message;
  const found = domain === '' ? OPERATORS.get(opType) : undefined;
  if (found === undefined) return '';
  if (facts.opset < (found.since ?? 0)) return ` before opset ${found.since}`;
  const [least, most] = found.inputs;
  if (inputs.length < least || inputs.length > most) return ` of ${inputs.length} inputs`;
  const leftOut = inputs.slice(0, least).indexOf('');
  if (leftOut >= 0) return ` without input ${leftOut}`;
  const extra = facts.outputs.findIndex((isUsed, i) => isUsed && i >= (found.outputs ?? 1));
  if (extra >= 0) return ` with output ${extra}`;
  const attributes = attributesOf(found.attributes, message.attributes);
  if (typeof attributes === 'string') return attributes;
  const refused = found.refuses?.(attributes as never, facts) ?? null;
  if (refused !== null) return ` with ${refused}`;
  return { title, operator: found, attributes, inputs, outputs };
}

/** The attributes with defaults filled in, or what of them is not supported. */
function attributesOf(
  table: AttributeTable,
  given: ReadonlyMap<string, Attribute>,
): Readonly<Record<string, unknown>> | string {
  for (const [name, { kind, value }] of given) {
    if (!Object.hasOwn(table, name)) return ` with attribute ${printable(name)}`;
    const entry = table[name];
    if (kind !== entry.kind) return ` with attribute ${name} of type ${kind}`;
    if (entry.allows?.(value) === false) return ` with ${name}=${printable(String(value), 60)}`;
  }
  const attributes: Record<string, unknown> = {};
  for (const [name, { byDefault, required }] of Object.entries(table)) {
    if (required === true && !given.has(name)) return ` without attribute ${name}`;
    attributes[name] = given.has(name) ? given.get(name)?.value : byDefault;
  }
  return attributes;
}
