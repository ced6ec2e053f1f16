import { type DType, dtypeOf, type Floats, hostValues, isFloat64, isFloats, type NDArray } from '../arrays/index.js';
import { BATCHES, type Size, Varying } from './merge.js';
import { type Attribute, type GraphContents, type GraphNode, type Initializer, typeOf } from './model-proto.js';
import { DATA_TYPE, OWN } from './schema.js';

/** A graph of ONNX's operators while it is made. Values are known by their names. */
export class GraphWriter {
  readonly #nodes: GraphNode[] = [];
  readonly #initializers: Initializer[] = [];
  readonly #names = new Set<string>();
  readonly #constants = new Map<string, string>();

  /**
   * @param input - The name of the graph's input.
   * @param output - The name that its output will have.
   * @param opset - The version of the operators.
   */
  constructor(
    readonly input: string,
    readonly output: string,
    readonly opset: number,
  ) {
    this.#names.add(input).add(output);
  }

  /** Adds a node. @returns The name of its output. */
  node(opType: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.nodes(opType, inputs, 1, attributes)[0];
  }

  /** Adds a node with `count` outputs. @returns Their names. */
  nodes(
    opType: string,
    inputs: readonly string[],
    count: number,
    attributes: Readonly<Record<string, Attribute>>,
  ): string[] {
    const name = `${opType}_${this.#nodes.length + 1}`;
    const outputs = Array.from({ length: count }, () => this.#unique(name));
    this.#nodes.push({ opType, inputs: [...inputs], outputs, attributes });
    return outputs;
  }

  /** A new tensor of the values of an array, in a number format. @returns Its name: the given one, or one like it. */
  array(name: string, values: NDArray, dtype: DType = dtypeOf(values)): string {
    return this.#initialize(name, values.shape, typeOf(dtype), inFormat(hostValues(values), dtype));
  }

  /** A number of a number format. */
  scalar(value: number, dtype: DType): string {
    return this.#constant(`${dtype} ${Object.is(value, -0) ? '-0' : value}`, (name) => {
      return this.#initialize(name, [], typeOf(dtype), inFormat([value], dtype));
    });
  }

  /** Numbers of a number format, in a shape. */
  floats(values: readonly number[], shape: readonly number[], dtype: DType): string {
    return this.#initialize(this.#nextConstant(), shape, typeOf(dtype), inFormat(values, dtype));
  }

  /** Whole numbers, int64, in a shape: by default a list. */
  ints(values: readonly (number | bigint)[], shape: readonly number[] = [values.length]): string {
    return this.#constant(`int64 (${shape}) ${values}`, (name) =>
      this.#initialize(name, shape, DATA_TYPE.int64, BigInt64Array.from(values, BigInt)),
    );
  }

  /** The batch size, int64 in a list of one: the size of the first axis of the input. */
  batch(): string {
    return this.#constant('batch', () =>
      this.node('Gather', [this.node('Shape', [this.input]), this.ints([0])], { axis: { int: 0 } }),
    );
  }

  /**
   * Sizes as a list, which is computed where one depends on the batch.
   *
   * @throws What `refused` makes, if one is no multiple of the batch's size.
   */
  sizes(sizes: readonly Size[], refused: (found: string) => Error): string {
    if (sizes.every((size) => !(size instanceof Varying))) return this.ints(sizes as number[]);
    const parts = sizes.map((size) => {
      if (!(size instanceof Varying)) return this.ints([size]);
      const factor = size.first / BATCHES[0];
      if (!Number.isInteger(factor) || size.second !== factor * BATCHES[1]) {
        throw refused(`has a size, ${size}, that is no multiple of the batch's`);
      }
      return factor === 1 ? this.batch() : this.node('Mul', [this.batch(), this.ints([factor])]);
    });
    return this.node('Concat', parts, { axis: { int: 0 } });
  }

  /** Values in a number format. */
  cast(x: string, dtype: DType): string {
    return this.node('Cast', [x], { to: { int: typeOf(dtype) } });
  }

  /** A new axis of size 1. */
  unsqueeze(x: string, axis: number): string {
    return this.node('Unsqueeze', [x, this.ints([axis])]);
  }

  /** A reduction over axes. Opset 18 made them an input, 13 already that of sums. */
  reduce(opType: string, x: string, axes: readonly number[], keepdims: boolean): string {
    if (axes.length === 0) return x;
    const keep = { keepdims: { int: keepdims ? 1 : 0 } };
    if (this.opset >= 18 || opType === 'ReduceSum') return this.node(opType, [x, this.ints(axes)], keep);
    return this.node(opType, [x], { axes: { ints: axes }, ...keep });
  }

  /** The graph whose output is the value of this name: what it does not need is left out. */
  finish(name: string): GraphContents {
    const made = this.#nodes.some(({ outputs }) => outputs.includes(name));
    const nodes = made ? this.#nodes : [...this.#nodes, nodeOf('Identity', name, this.output)];
    const called = (value: string): string => (made && value === name ? this.output : value);
    const wanted = new Set([this.output]);
    const kept = nodes.toReversed().flatMap((node): GraphNode[] => {
      const outputs = node.outputs.map(called);
      if (!outputs.some((output) => wanted.has(output))) return [];
      const inputs = node.inputs.map(called);
      for (const input of inputs) wanted.add(input);
      return [{ ...node, inputs, outputs }];
    });
    return { nodes: kept.reverse(), initializers: this.#initializers.filter((tensor) => wanted.has(tensor.name)) };
  }

  #constant(key: string, make: (name: string) => string): string {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const made = make(this.#nextConstant());
    this.#constants.set(key, made);
    return made;
  }

  #nextConstant(): string {
    return `${OWN.constant}_${this.#initializers.length + 1}`;
  }

  #initialize(
    name: string,
    dims: readonly number[],
    type: number,
    numbers: Float32Array | Float64Array | BigInt64Array,
  ): string {
    const unique = this.#unique(name);
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    this.#initializers.push({ name: unique, dims: [...dims], type, bytes });
    return unique;
  }

  /** `name`, or where something has it, that with a number. */
  #unique(name: string): string {
    let unique = name;
    for (let i = 2; this.#names.has(unique); i++) unique = `${name}_${i}`;
    this.#names.add(unique);
    return unique;
  }
}

/** Numbers of a number format: the given ones, where they have it. */
function inFormat(values: Floats | readonly number[], dtype: DType): Floats {
  if (isFloats(values) && isFloat64(values) === (dtype === 'float64')) return values;
  return dtype === 'float64' ? Float64Array.from(values) : Float32Array.from(values);
}

function nodeOf(opType: string, input: string, output: string): GraphNode {
  return { opType, inputs: [input], outputs: [output], attributes: {} };
}
