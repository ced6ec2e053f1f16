import { sizeOf, wrap } from '../arrays/index.js';
import type { Constant, GraphNode, Role } from './graph-types.js';
import { Integers } from './integers.js';
import type { Attribute, NodeMessage } from './messages.js';
import { DATA_TYPE, OWN } from './schema.js';
import type { TensorMessage } from './tensor-message.js';

/** Whether a tensor is a number in a formula of a file that `exportOnnx` wrote. */
export function isOwnConstant(producer: string, name: string): boolean {
  return producer === OWN.producer && name.startsWith(OWN.constant);
}

/** Whether a node stands for a tensor of the file; it is then one of `tensors`, and a Constant's of `literals`. */
export function isConstant(
  message: NodeMessage,
  tensors: Map<string, TensorMessage>,
  literals: Set<TensorMessage>,
): boolean {
  const { opType, domain, inputs, outputs, attributes } = message;
  if (domain !== '' || outputs.length !== 1 || outputs[0] === '') return false;
  const tensor =
    opType === 'Constant' ? constantOf(outputs[0], attributes) : opType === 'Identity' ? tensors.get(inputs[0]) : null;
  if (tensor === null || tensor === undefined) return false;
  tensors.set(outputs[0], tensor);
  if (opType === 'Constant') literals.add(tensor);
  return true;
}

/** The value of a Constant. */
function constantOf(name: string, attributes: ReadonlyMap<string, Attribute>): TensorMessage | null {
  if (attributes.size !== 1) return null;
  const [[key, { kind, value }]] = [...attributes];
  if (key === 'value' && kind === 'tensor') return value;
  const isList = (key === 'value_floats' && kind === 'floats') || (key === 'value_ints' && kind === 'ints');
  const isOne = (key === 'value_float' && kind === 'float') || (key === 'value_int' && kind === 'int');
  if (!isList && !isOne) return null;
  const numbers = isList ? (value as readonly number[]) : [value as number];
  const shape = isList ? [numbers.length] : [];
  return numbersTensor(name, shape, numbers, key.startsWith('value_float'));
}

/**
 * The most values of tensors that are copied. PyTorch writes tensors of equal values once, and the others as Identity
 * of that one, under their names: new weights and running statistics among them, which are to be trained apart.
 */
const MOST_COPIED = 2 ** 22;

/** The tensors that nodes use, each with its role. */
export function constantsOf(
  nodes: readonly GraphNode[],
  outputs: readonly string[],
  tensors: ReadonlyMap<string, TensorMessage>,
  literals: ReadonlySet<TensorMessage>,
): Constant[] {
  const roles = new Map<string, Role>();
  const order: Readonly<Record<Role, number>> = { constant: 0, statistic: 1, parameter: 2 };
  const use = (name: string, role: Role): void => {
    const before = roles.get(name);
    if (tensors.has(name) && (before === undefined || order[role] > order[before])) roles.set(name, role);
  };
  for (const { inputs, operator } of nodes) {
    for (const [i, name] of inputs.entries()) {
      if (operator.statistics?.includes(i)) use(name, 'statistic');
      else use(name, operator.settings?.includes(i) ? 'constant' : 'parameter');
    }
  }
  for (const name of outputs) use(name, 'constant');
  const constants = new Map<TensorMessage, Constant>();
  const list: Constant[] = [];
  let copied = 0;
  for (const [name, tensor] of tensors) {
    const role = roles.get(name);
    if (role === undefined) continue;
    const first = constants.get(tensor);
    const size = sizeOf(tensor.shape);
    if (first !== undefined && copied + size > MOST_COPIED) {
      (first.names as string[]).push(name);
      continue;
    }
    if (first !== undefined) copied += size;
    const constant = { names: [name], role: literals.has(tensor) ? 'constant' : role, tensor };
    if (first === undefined) constants.set(tensor, constant);
    list.push(constant);
  }
  return list;
}

/** A tensor of these numbers. */
function numbersTensor(
  name: string,
  shape: readonly number[],
  numbers: readonly number[],
  areFloats: boolean,
): TensorMessage {
  return {
    name,
    dataType: areFloats ? DATA_TYPE.float : DATA_TYPE.int64,
    shape,
    unsupported: null,
    values: () => {
      const values = Float64Array.from(numbers);
      return areFloats ? wrap(Float32Array.from(values), [...shape]) : new Integers(shape, values);
    },
  };
}
