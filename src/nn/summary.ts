import {
  argumentError,
  checkSizes,
  type DType,
  describe,
  isNDArray,
  isPlainObject,
  tuple,
  zeros,
} from '../arrays/index.js';
import { noGrad, Tensor } from '../autograd/index.js';
import { count, memory, table } from '../table.js';
import type { Named } from './members.js';

/** A layer of a {@link ModuleSummary}. */
export interface SummaryRow {
  /** Its name in the model: `2.body.0`; '' for the model itself. */
  readonly name: string;
  /** Its class. */
  readonly type: string;
  /** Of one example, without the axis of the batch; null if the layer did not run. */
  readonly outputShape: readonly number[] | null;
  /** Values that are trained; 0 where they were counted with an earlier layer. */
  readonly parameters: number;
  /** Multiplications and additions for one example. Those of products only: other layers count as 0. */
  readonly flops: number;
  /** Memory of the output for one example, in bytes. */
  readonly outputBytes: number;
  /** Memory of the parameters, in bytes. */
  readonly parameterBytes: number;
}

/** The layers of a model. `toString` prints them as a table. */
export interface ModuleSummary {
  /** Layers in the order in which they run, one for each run. */
  readonly rows: readonly SummaryRow[];
  readonly totalParameters: number;
  /** Of them, those that require their gradient. */
  readonly trainableParameters: number;
  readonly totalFlops: number;
  readonly outputBytes: number;
  readonly parameterBytes: number;
  /** The table: a line for each module, and the sums. */
  toString(): string;
}

/**
 * Shapes of the inputs of a module for one example, without the axis of the batch: the shape of the only one, a number
 * where it has one axis; a list of shapes of several arguments of `forward`; shapes by name where it takes an object.
 */
export type InputShapes =
  | number
  | readonly number[]
  | readonly (readonly number[])[]
  | { readonly [input: string]: readonly number[] };

/** A module as far as a summary needs it. */
interface Summarized {
  training: boolean;
  forward(...inputs: unknown[]): unknown;
  flops(inputShape: readonly number[]): number;
  children(): Summarized[];
  namedModules(): Named<Summarized>[];
  namedParameters(): Named<Tensor>[];
  parameters(): Tensor[];
  buffers(): Tensor[];
}

/** A run of a module's forward: shapes of input and output, without the axis of the batch. */
interface Run {
  readonly name: string;
  readonly module: Summarized;
  readonly inputShape: readonly number[];
  /** Null: it has not run. */
  outputShape: readonly number[] | null;
  outputBytes: number;
}

/**
 * Runs `model` on zeros and lists its layers: the modules without children, and those with parameters of their own.
 *
 * @param byDefault - The `flops` of modules that have none of their own: those with children are not asked.
 */
export function summarize(model: Summarized, inputShape: InputShapes, byDefault: Summarized['flops']): ModuleSummary {
  const inputs = namedShapes(inputShape);
  for (const [, shape] of inputs) checkSizes('summary', shape);
  const [first] = [...model.parameters(), ...model.buffers()];
  const runs = watchedRuns(model, zerosOf(inputs, first?.dtype ?? 'float32'));
  const ran = new Set(runs.map(({ module }) => module));
  const idle = model
    .namedModules()
    .filter(([, module]) => !ran.has(module))
    .map(([name, module]): Run => ({ name, module, inputShape: [], outputShape: null, outputBytes: 0 }));

  const counted = new Set<Tensor>();
  const rows: SummaryRow[] = [];
  for (const { name, module, inputShape: input, outputShape, outputBytes } of [...runs, ...idle]) {
    const own = ownParameters(module).filter((parameter) => !counted.has(parameter));
    for (const parameter of own) counted.add(parameter);
    const isLayer = module.children().length === 0;
    if (own.length === 0 && (!isLayer || outputShape === null)) continue;
    rows.push({
      name,
      type: module.constructor.name,
      outputShape,
      parameters: sum(own, ({ size }) => size),
      flops: outputShape === null || (!isLayer && module.flops === byDefault) ? 0 : module.flops(input),
      outputBytes: isLayer ? outputBytes : 0,
      parameterBytes: sum(own, bytesOf),
    });
  }
  const trainable = model.parameters().filter(({ requiresGrad }) => requiresGrad);
  const summary = {
    rows,
    totalParameters: sum(rows, (row) => row.parameters),
    trainableParameters: sum(trainable, ({ size }) => size),
    totalFlops: sum(rows, (row) => row.flops),
    outputBytes: sum(rows, (row) => row.outputBytes),
    parameterBytes: sum(rows, (row) => row.parameterBytes),
  };
  const shapes = inputs.map(([name, shape]) => (name === null ? tuple(shape) : `${name} ${tuple(shape)}`)).join(', ');
  return { ...summary, toString: () => print(`${model.constructor.name}, input ${shapes}`, rows) };
}

/** The shapes of the inputs, with their names where `forward` takes an object. */
function namedShapes(given: InputShapes): (readonly [name: string | null, shape: readonly number[]])[] {
  if (typeof given === 'object' && isPlainObject(given)) {
    return Object.entries(given as Readonly<Record<string, readonly number[]>>);
  }
  const isList = Array.isArray(given) && given.some((entry) => Array.isArray(entry));
  const shapes = isList ? given : [typeof given === 'number' ? [given] : given];
  return shapes.map((shape) => [null, shape as readonly number[]]);
}

/** The arguments of `forward`: tensors of zeros, or one object of them. */
function zerosOf(inputs: ReturnType<typeof namedShapes>, dtype: DType): unknown[] {
  const tensors = inputs.map(([name, shape]) => [name, new Tensor(zeros([BATCH, ...shape], dtype))] as const);
  const isNamed = inputs.length > 0 && inputs[0][0] !== null;
  return isNamed ? [Object.fromEntries(tensors)] : tensors.map(([, tensor]) => tensor);
}

/** Two examples, since a batch normalization without running statistics takes no single one. */
const BATCH = 2;

/** All runs of modules in a forward pass of zeros, in the order in which they begin. */
function watchedRuns(model: Summarized, inputs: readonly unknown[]): Run[] {
  const runs: Run[] = [];
  const modules = model.namedModules();
  const before = modules.map(([, module]) => ({
    training: module.training,
    own: Object.getOwnPropertyDescriptor(module, 'forward'),
  }));
  try {
    for (const [name, module] of modules) {
      module.training = false;
      const { forward } = module;
      const watched = (...inputs: unknown[]): Tensor => {
        const [x] = inputs;
        const inputShape = x instanceof Tensor || isNDArray(x) ? x.shape.slice(1) : [];
        const run: Run = { name, module, inputShape, outputShape: null, outputBytes: 0 };
        runs.push(run);
        const output = forward.apply(module, inputs);
        if (!(output instanceof Tensor)) {
          const [fn, found] = [module.constructor.name, `returned ${describe(output)}`];
          throw argumentError(TypeError, { fn, arg: 'forward', found, expected: 'a tensor' });
        }
        run.outputShape = output.shape.slice(1);
        run.outputBytes = bytesOf(output) / BATCH;
        return output;
      };
      Object.defineProperty(module, 'forward', { value: watched, configurable: true, writable: true });
    }
    noGrad(() => model.forward(...inputs));
  } finally {
    modules.forEach(([, module], i) => {
      const { training, own } = before[i];
      module.training = training;
      if (own === undefined) Reflect.deleteProperty(module, 'forward');
      else Object.defineProperty(module, 'forward', own);
    });
  }
  return runs;
}

/** The parameters of `module` that belong to no module inside it. */
function ownParameters(module: Summarized): Tensor[] {
  const inside = new Set(module.children().flatMap((child) => child.parameters()));
  return module.parameters().filter((parameter) => !inside.has(parameter));
}

function bytesOf({ size, data }: Tensor): number {
  return size * data.data.BYTES_PER_ELEMENT;
}

function sum<T>(list: readonly T[], value: (entry: T) => number): number {
  return list.reduce((total, entry) => total + value(entry), 0);
}

function print(title: string, rows: readonly SummaryRow[]): string {
  const header = ['layer', 'output', 'parameters', 'FLOPs', 'output memory', 'parameter memory'];
  const lines = rows.map((row) => ({
    cells: [
      row.name === '' ? row.type : `${row.name} (${row.type})`,
      row.outputShape === null ? 'not run' : tuple(row.outputShape),
    ],
    numbers: [row.parameters, row.flops, row.outputBytes, row.parameterBytes],
  }));
  return table(title, header, lines, [count, count, memory, memory]);
}
