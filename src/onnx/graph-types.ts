import type { DType } from '../arrays/index.js';
import type { Operator } from './operator.js';
import type { TensorMessage } from './tensor-message.js';

/** A graph that was checked: each value is defined once and before it is used, and each node can be run. */
export interface Graph {
  readonly opset: number;
  /** That of the inputs: float64 if all of them are doubles. */
  readonly dtype: DType;
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly string[];
  /** In the order in which they run. */
  readonly nodes: readonly GraphNode[];
  /** Values that stand in the file, and are used. */
  readonly constants: readonly Constant[];
}

export interface GraphInput {
  readonly name: string;
  /** Null where the file does not say. */
  readonly shape: readonly (number | string)[] | null;
}

export interface GraphNode {
  /** `node 'conv1' (Conv)`. */
  readonly title: string;
  readonly operator: Operator;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** What a value of the file is for. */
export type Role = 'parameter' | 'statistic' | 'constant';

export interface Constant {
  /** The first is its name in the model's state. */
  readonly names: readonly string[];
  readonly role: Role;
  readonly tensor: TensorMessage;
}
