import type { DType } from '../arrays/index.js';
import type { Tensor } from '../autograd/index.js';
import type { Integers } from './integers.js';
import type { Attribute } from './messages.js';
import type { TensorMessage } from './tensor-message.js';

/** A value while a graph runs: floats, or whole numbers on the host. */
export type Value = Tensor | Integers;

/** How a model runs. */
export interface Run {
  /** Whether it runs as in training. */
  readonly training: boolean;
  /** The version of ONNX's operators that the file is written for. */
  readonly opset: number;
  /** The dtype of all floats. */
  readonly dtype: DType;
}

/** The declaration of an attribute. */
export interface AttributeOf<T> {
  readonly kind: Attribute['kind'];
  readonly byDefault: T;
  /** Whether it has to be there. */
  readonly required?: boolean;
  /** The values that are supported. Default: all of the kind. */
  allows?(value: T): boolean;
}

/** The declarations of an operator's attributes. */
export type AttributeTable = Readonly<Record<string, AttributeOf<unknown>>>;

/** The attributes of a node, defaults filled in. */
export type AttributesOf<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends AttributeOf<infer T> ? T : never;
};

/** What is known of a node when a file is read. */
export interface NodeFacts {
  readonly opset: number;
  /** Which of its outputs somebody uses, or all if not even the first. */
  readonly outputs: readonly boolean[];
  /** The values of an input that stands in the file; null where it is computed. */
  readonly constant: (input: number) => TensorMessage | null;
}

/** An operator of ONNX, as functions of `F`. */
export interface Operator<Table extends AttributeTable = AttributeTable> {
  readonly attributes: Table;
  /** The least and the most number of inputs. */
  readonly inputs: readonly [least: number, most: number];
  /** The most outputs that somebody may use. Default 1. */
  readonly outputs?: number;
  /** The first opset that has it. Default: the first that is read. */
  readonly since?: number;
  /** Inputs that say how it computes (bounds, exponents): floats among them are no parameters. */
  readonly settings?: readonly number[];
  /** Inputs that are running statistics. */
  readonly statistics?: readonly number[];
  /** What of a node is not supported, `axis 2`; null if all is. */
  refuses?(attributes: AttributesOf<Table>, facts: NodeFacts): string | null;
  /**
   * @param inputs - Null for an optional one that is left out.
   * @param outputs - The number of outputs that the node names.
   */
  run(
    inputs: readonly (Value | null)[],
    attributes: AttributesOf<Table>,
    run: Run,
    outputs: number,
  ): Value | readonly Value[];
}

/** An operator, whose attributes have the types that its table says. */
export function operator<const Table extends AttributeTable>(declaration: Operator<Table>): Operator {
  return declaration as unknown as Operator;
}

export function int(byDefault: number, allows?: (value: number) => boolean): AttributeOf<number> {
  const isWhole = Number.isSafeInteger;
  return { kind: 'int', byDefault, allows: (value) => isWhole(value) && (allows === undefined || allows(value)) };
}

/** An int that may be left out: null then. */
export function optionalInt(): AttributeOf<number | null> {
  return { kind: 'int', byDefault: null, allows: Number.isSafeInteger };
}

export function float(byDefault: number): AttributeOf<number> {
  return { kind: 'float', byDefault };
}

/** A list of ints that may be left out: null then. */
export function ints(least = Number.NEGATIVE_INFINITY): AttributeOf<readonly number[] | null> {
  return { kind: 'ints', byDefault: null, allows: (values) => values === null || values.every((n) => n >= least) };
}

export function floats(): AttributeOf<readonly number[] | null> {
  return { kind: 'floats', byDefault: null };
}

/** A text, one of some. */
export function text(byDefault: string, ...others: readonly string[]): AttributeOf<string> {
  return { kind: 'string', byDefault, allows: (value) => value === byDefault || others.includes(value) };
}

/** A tensor that may be left out: null then. */
export function tensorAttribute(): AttributeOf<TensorMessage | null> {
  return { kind: 'tensor', byDefault: null };
}

export function requiredInt(): AttributeOf<number> {
  return { ...int(0), required: true };
}

/** An int that is 1 or 0. */
export function flag(byDefault: 0 | 1): AttributeOf<number> {
  return int(byDefault, (value) => value === 0 || value === 1);
}
