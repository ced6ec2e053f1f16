import {
  argumentError,
  array,
  type DType,
  describe,
  dtypeOf,
  heap,
  isNDArray,
  type NDArray,
  printable,
  ShapeError,
  tuple,
  withStorage,
} from '../arrays/index.js';
import { arrayOf, F, Tensor, type TensorLike } from '../autograd/index.js';
import { keepsNothing } from '../kernels/index.js';
import * as nn from '../nn/index.js';
import type { Graph, GraphInput, GraphNode } from './graph-types.js';
import { Integers } from './integers.js';
import type { Value } from './operator.js';
import { arrayOfIntegers, sourceOf } from './values.js';

/** An input of a model. */
export interface OnnxInput {
  readonly name: string;
  /** Its sizes, or the names of those that are not fixed ('' if they have none); null where the file says nothing. */
  readonly shape: readonly (number | string)[] | null;
}

/** A node with the places of its inputs and outputs among the values of a run; -1 where it has none. */
interface Step {
  readonly node: GraphNode;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Values that nobody needs after it. */
  readonly done: readonly number[];
}

/**
 * A model from an ONNX file, as a module: it is scored, trained further and saved like any other.
 *
 * Its parameters are the file's float tensors, and its buffers the running statistics of batch normalizations, under
 * the file's names: PyTorch's names of the weights, where the file was exported by PyTorch with
 * `training=TrainingMode.PRESERVE` and `do_constant_folding=False`. It is in evaluation mode at first. In training mode
 * `BatchNormalization` normalizes by the batch and `Dropout` drops, as modules do.
 *
 * `importOnnx` and `decodeOnnx` make one.
 *
 * @typeParam Out - What `forward` returns: a tensor, or of several outputs an object of them by name.
 */
export class OnnxModel<Out = Tensor> extends nn.Module<Out> {
  /** What `forward` takes, in this order. */
  readonly inputs: readonly OnnxInput[];
  /** The names of what `forward` returns. */
  readonly outputs: readonly string[];
  /** The version of ONNX's operators that the file is written for. */
  readonly opset: number;
  readonly #state: nn.Named<Tensor>[] = [];
  readonly #steps: readonly Step[];
  /** The values that stand in the file, and null for those that a run computes. */
  #values: readonly (Value | null)[];
  readonly #inputs: readonly number[];
  readonly #outputs: readonly number[];
  /** The dtype of the floats in `#values` that are no state, which `to` does not convert. */
  #dtype: DType;

  /**
   * A module of a graph that was checked; `importOnnx` and `decodeOnnx` make it.
   *
   * @internal
   */
  constructor(graph: Graph, dtype: DType) {
    super();
    if (graph === undefined) throw new TypeError('OnnxModel: importOnnx(file) and decodeOnnx(bytes) make one');
    this.training = false;
    this.inputs = graph.inputs.map(({ name, shape }) => ({ name, shape }));
    this.outputs = graph.outputs;
    this.opset = graph.opset;
    this.#dtype = dtype;

    const places = new Map<string, number>();
    const placeOf = (name: string): number => {
      if (name === '') return -1;
      const place = places.get(name) ?? places.size;
      places.set(name, place);
      return place;
    };
    const values: (Value | null)[] = [];
    for (const { names, role, tensor } of graph.constants) {
      const value = withStorage(heap, () => this.#made(names[0], role, tensor.values(), dtype));
      for (const name of names) values[placeOf(name)] = value;
    }
    this.#inputs = graph.inputs.map(({ name }) => placeOf(name));
    const numbered = graph.nodes.map((node) => ({
      node,
      inputs: node.inputs.map(placeOf),
      outputs: node.outputs.map(placeOf),
    }));
    this.#outputs = graph.outputs.map(placeOf);
    this.#values = Array.from({ length: places.size }, (_, place) => values[place] ?? null);
    this.#steps = withLastUses(numbered, this.#outputs);
  }

  /**
   * The outputs for the inputs, which are in the order of `inputs`.
   *
   * @returns A tensor; of several outputs an object of tensors by name. Whole numbers are float64.
   * @throws {TypeError} if an input is no tensor or array, or not of the model's dtype.
   * @throws {ShapeError} if an input has another shape than the file says.
   * @throws {RangeError | ShapeError | TypeError} naming the node whose operator does not take its inputs.
   */
  override forward(...inputs: readonly unknown[]): Out {
    const fn = 'OnnxModel';
    if (inputs.length !== this.inputs.length) {
      const names = this.inputs.map(({ name }) => `'${printable(name)}'`).join(', ');
      const expected = `${this.inputs.length}: ${names}`;
      throw argumentError(TypeError, { fn, arg: 'forward', found: `has ${inputs.length} inputs`, expected });
    }
    const dtype = this.#state.length > 0 ? this.#state[0][1].dtype : this.#dtype;
    if (dtype !== this.#dtype) this.#convertConstants(dtype);
    const values = [...this.#values];
    const sizes = new Map<string, number>();
    for (const [i, input] of inputs.entries()) {
      values[this.#inputs[i]] = checkedInput(fn, this.inputs[i], input, dtype, sizes);
    }
    const run = { training: this.training, opset: this.opset, dtype };
    for (const step of this.#steps) runStep(fn, step, values, run);
    const outputs = this.#outputs.map((place) => {
      const value = values[place] as Value;
      return value instanceof Integers ? (sourceOf(value) ?? new Tensor(arrayOfIntegers(value))) : value;
    });
    if (outputs.length === 1) return outputs[0] as Out;
    return Object.fromEntries(outputs.map((value, i) => [this.outputs[i], value])) as Out;
  }

  /** Parameters and buffers under the file's names. */
  protected override members(): nn.Named<unknown>[] {
    return [...this.#state];
  }

  protected override extraRepr(): string {
    const inputs = this.inputs.map(({ name, shape }) => {
      const sizes = shape === null ? '' : `: ${tuple(shape.map((size) => (size === '' ? '?' : size)))}`;
      return printable(name) + sizes;
    });
    return `${inputs.join(', ')}; ${this.#steps.length} nodes, opset ${this.opset}`;
  }

  /** Converts the floats that are no state, after `to` has converted the state. */
  #convertConstants(dtype: DType): void {
    this.#dtype = dtype;
    this.#values = withStorage(heap, () =>
      this.#values.map((value) => (value instanceof Tensor && value.dtype !== dtype ? F.to(value, dtype) : value)),
    );
  }

  /** A value of the file; a parameter or a buffer becomes part of the state. */
  #made(name: string, role: string, value: NDArray | Integers, dtype: DType): Value {
    if (value instanceof Integers) return value;
    const values = dtypeOf(value) === dtype ? value : array(value, value.shape, dtype);
    if (role === 'constant') return new Tensor(values);
    const made = role === 'parameter' ? new nn.Parameter(values) : new nn.Buffer(values);
    this.#state.push([name, made]);
    return made;
  }
}

keepsNothing(OnnxModel.prototype.forward);

/** Steps with the values that are needed last by each, but for the outputs. */
function withLastUses(steps: readonly Omit<Step, 'done'>[], outputs: readonly number[]): readonly Step[] {
  const seen = new Set<number>(outputs);
  const last = [...steps].reverse().map((step): Step => {
    const done = [...new Set([...step.inputs, ...step.outputs])].filter((place) => place >= 0 && !seen.has(place));
    for (const place of done) seen.add(place);
    return { ...step, done };
  });
  return last.reverse();
}

function runStep(
  fn: string,
  { node, inputs, outputs, done }: Step,
  values: (Value | null)[],
  run: { training: boolean; opset: number; dtype: DType },
): void {
  const { operator, attributes, title } = node;
  try {
    const taken = inputs.map((place) => (place < 0 ? null : values[place]));
    const made = operator.run(taken, attributes as never, run, outputs.length);
    for (const [i, value] of (Array.isArray(made) ? made : [made]).entries()) {
      if (outputs[i] >= 0) values[outputs[i]] = value;
    }
  } catch (error) {
    throw inNode(fn, title, error);
  }
  for (const place of done) values[place] = null;
}

/** The error of a node, under its name. */
function inNode(fn: string, title: string, error: unknown): unknown {
  const Kind = [ShapeError, RangeError, TypeError].find((kind) => (error as Error | null)?.constructor === kind);
  return Kind === undefined ? error : new Kind(`${fn}: ${title}: ${(error as Error).message}`, { cause: error });
}

/** An input as a tensor. @param sizes - The sizes that names of axes stand for in this run. */
function checkedInput(
  fn: string,
  { name, shape }: GraphInput,
  input: unknown,
  dtype: DType,
  sizes: Map<string, number>,
): Tensor {
  const arg = `input '${printable(name)}'`;
  if (!(input instanceof Tensor || isNDArray(input))) {
    throw argumentError(TypeError, { fn, arg, found: `is ${describe(input)}`, expected: 'a tensor or an array' });
  }
  const given = (input as TensorLike).shape;
  const fits = (size: number | string, axis: number): boolean => {
    if (typeof size === 'number') return given[axis] === size;
    if (size === '') return true;
    const known = sizes.get(size) ?? given[axis];
    sizes.set(size, known);
    return known === given[axis];
  };
  if (shape !== null && !(shape.length === given.length && shape.every(fits))) {
    const expected = tuple(
      shape.map((size, axis) => (typeof size === 'number' ? size : sizeName(size, sizes, given[axis]))),
    );
    const isBatch = shape.length === given.length && shape.every((size, axis) => axis === 0 || fits(size, axis));
    throw argumentError(ShapeError, {
      fn,
      arg,
      found: `has shape ${tuple(given)}`,
      expected,
      wayOut: isBatch ? `export it with dynamic_axes={'${printable(name)}': {0: 'N'}} for other batches` : undefined,
    });
  }
  const found = dtypeOf(arrayOf(input as TensorLike));
  if (found !== dtype) {
    const wayOut = `read the file with { dtype: '${found}' }, or convert the input`;
    throw argumentError(TypeError, { fn, arg, found: `has dtype ${found}`, expected: dtype, wayOut });
  }
  return input instanceof Tensor ? input : new Tensor(input as NDArray);
}

/** The name of a size, and its value where another input has it. */
function sizeName(size: string, sizes: ReadonlyMap<string, number>, given: number | undefined): string {
  if (size === '') return '?';
  const known = sizes.get(size);
  return known === undefined || known === given ? printable(size) : `${printable(size)}=${known}`;
}
