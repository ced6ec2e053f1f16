import type { DType, NDArray } from '../../arrays/index.js';
import type { GraphWriter } from '../graph-writer.js';
import { type Size, Varying } from '../merge.js';

/** An array among the arguments of an operation. */
export class Operand {
  readonly #name: () => string;

  /**
   * @param shape - Its sizes.
   * @param dtype - Its number format in the graph.
   * @param constant - Its values, if it is neither computed nor a parameter.
   * @param name - Makes its name in the graph, and what has it.
   */
  constructor(
    readonly shape: readonly Size[],
    readonly dtype: DType,
    readonly constant: NDArray | null,
    name: () => string,
  ) {
    this.#name = name;
  }

  /** Its name in the graph, which has it from now on. */
  get name(): string {
    return this.#name();
  }

  /** The number of axes. */
  get rank(): number {
    return this.shape.length;
  }
}

/** An operation of `F` that is to be written in operators of ONNX. */
export interface Operation {
  /** What it is called in `F`. */
  readonly name: string;
  /** Operands, and all other arguments as they were given. */
  readonly args: readonly unknown[];
  /** The shape of its result. */
  readonly shape: readonly Size[];
  /** The number format of its result. */
  readonly dtype: DType;
  /** The error for what cannot be written. */
  refused(found: string, wayOut?: string): Error;
}

/** Writes an operation. @returns The name of its result. */
export type Emit = (graph: GraphWriter, operation: Operation) => string;

/** The operands of an operation from its first argument on. */
export function operandsOf({ args }: Operation): Operand[] {
  return args.filter((arg): arg is Operand => arg instanceof Operand);
}

/** A size that does not depend on the batch. @throws {RangeError} if it does. */
export function fixed(operation: Operation, what: string, size: Size): number {
  if (!(size instanceof Varying)) return size;
  throw operation.refused(`has ${what} that depends on the size of the batch`, 'keep the batch in an axis of its own');
}

/** Places of axes from 0 on; negative ones count from the end. All of them where none is given. */
export function axesOf(axis: unknown, rank: number): number[] {
  const axes = axis === undefined || axis === null ? Array.from({ length: rank }, (_, i) => i) : [axis].flat();
  return (axes as number[]).map((n) => (n < 0 ? n + rank : n));
}
