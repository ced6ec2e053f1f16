import {
  type Architecture,
  argumentError,
  array,
  checkedIn,
  checkFlag,
  checkSynchronous,
  DTYPE,
  type DType,
  describe,
  heap,
  type LoadedState,
  type LoadStateOptions,
  loadArrays,
  type NDArray,
  overwrite,
  plainOptions,
  withStorage,
} from '../arrays/index.js';
import { Tensor, type TensorLike } from '../autograd/index.js';
import { isKeepingNothing, resident } from '../kernels/index.js';
import { located } from './failure.js';
import { addHook, type ForwardHook, type ForwardPreHook, type FullBackwardHook, type HookHandle } from './hooks.js';
import { findMembers, joined, type Named, once, unambiguous } from './members.js';
import { type Buffer, isBuffer, isParameter } from './parameter.js';
import { type InputShapes, type ModuleSummary, summarize } from './summary.js';
import { trainOnce } from './train.js';

/** Weight and bias of a layer, of the shapes of its own. */
export interface Weights {
  readonly w: NDArray;
  readonly b: NDArray;
}

/** A module that can run with other weights than its own. */
export type Foldable = Module & Required<Pick<Module, 'forwardWith'>> & { weight?: unknown; bias?: unknown };

/** What Node prints an object as. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * A part of a network: a function of tensors, with the state that it needs. Subclasses say what it computes.
 *
 * Its parameters, buffers and submodules are found among its properties, in the order of their definition, also inside
 * lists, plain objects and Maps of them (`blocks.0.weight`). A parameter is an `nn.Parameter`, or any tensor made with
 * `requiresGrad`; private `#` properties are not looked at.
 *
 * @example
 * class Net extends nn.Module {
 *   readonly hidden = new nn.Linear(3072, 100);
 *   readonly scores = new nn.Linear(100, 10);
 *   forward(x: TensorLike): Tensor {
 *     return this.scores.forward(F.relu(this.hidden.forward(F.flatten(x))));
 *   }
 * }
 *
 * @typeParam Out - What `forward` returns: a tensor, or several in an object or a tuple.
 */
export abstract class Module<Out = Tensor> {
  /** Whether it runs as in training: dropout drops, batch normalization uses the batch. `train` and `eval` set it. */
  training = true;

  /** The output for an input: a tensor, or an array where it is the first module; its first axis is the batch. */
  abstract forward(...inputs: unknown[]): Out;

  /**
   * Optional: `forward`, then a ReLU, in one pass and with the same results. A `Sequential` calls it in the place of
   * `forward` if the next module is an `nn.ReLU`.
   *
   * This and the other optional methods belong to the `forward` that they stand for: where a subclass overrides
   * `forward` and not them, or somebody assigns another `forward` to the module, a `Sequential` does not call them.
   *
   * @example
   * class Scale extends nn.Module {
   *   readonly weight = new nn.Parameter(ones([1]));
   *   forward(x: TensorLike): Tensor {
   *     return F.mul(x, this.weight);
   *   }
   *   forwardRelu(x: TensorLike): Tensor {
   *     return mulRelu(x, this.weight); // an operation of your own, see op
   *   }
   * }
   */
  forwardRelu?(x: TensorLike): Tensor;

  /**
   * Optional: as {@link forwardRelu}, with an `nn.GELU` without approximation in the place of the ReLU. The results are
   * the same to rounding.
   */
  forwardGelu?(x: TensorLike): Tensor;

  /**
   * Optional, for a layer with an output channel for each row of its `weight`, (out, …), and of its `bias`: `forward`
   * with other weights in their place, then a ReLU if `relu` is true. No gradient goes to parameters. {@link foldInto}
   * says when a `Sequential` calls it.
   */
  forwardWith?(x: TensorLike, weights: Weights, relu: boolean): Tensor;

  /**
   * Optional, for a module that scales and shifts each channel: the weights with which `layer` alone computes from `x`
   * what `layer` and this module after it compute; null if there are none. Under `noGrad`, a `Sequential` asks a module
   * for them if the one before it has {@link forwardWith}, and runs that one with them in the place of both. Results
   * agree to rounding.
   */
  foldInto?(layer: Foldable, x: TensorLike): Weights | null;

  /** All parameters, each once: first its own, then those of each submodule. */
  parameters(): Tensor[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** All parameters with their names; one that has several comes with the first. */
  namedParameters(): Named<Tensor>[] {
    return once(this.#all(isParameter));
  }

  /** All buffers, each once. */
  buffers(): Tensor[] {
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  /** All buffers with their names. */
  namedBuffers(): Named<Tensor>[] {
    return once(this.#all(isBuffer));
  }

  /** The modules that this one is made of, each once. */
  children(): Module[] {
    return this.namedChildren().map(([, child]) => child);
  }

  /** The modules that this one is made of, with their names. */
  namedChildren(): Named<Module>[] {
    return once(this.#own(isModule));
  }

  /** This module and all modules in it, to any depth, each once. */
  modules(): Module[] {
    return this.namedModules().map(([, module]) => module);
  }

  /** This module, whose name is '', and all modules in it with their names. */
  namedModules(): Named<Module>[] {
    return once(this.#tree());
  }

  /**
   * Sets whether this module runs as in training, and calls `train` of its children: one that overrides it decides for
   * itself and for the modules inside it.
   *
   * @returns The module.
   *
   * @example
   * class Frozen extends nn.BatchNorm2d {
   *   override train(): this {
   *     return super.train(false);
   *   }
   * }
   */
  train(mode = true): this {
    checkFlag('train', 'mode', mode);
    trainOnce(this, mode);
    return this;
  }

  /** Sets this module and all in it to run as in use: `train(false)`. @returns The module. */
  eval(): this {
    return this.train(false);
  }

  /** Sets whether the parameters require a gradient: false freezes them. @returns The module. */
  requiresGrad_(requiresGrad = true): this {
    checkFlag('requiresGrad_', 'requiresGrad', requiresGrad);
    for (const parameter of this.parameters()) parameter.requiresGrad = requiresGrad;
    return this;
  }

  /**
   * Converts parameters, buffers and gradients to another number format, in place: the tensors stay the same, so that
   * optimizers go on to update them. An optimizer that has state of the old format refuses to step; make a new one.
   *
   * Graphs that have been recorded before end with gradients of the old format: run the forward pass again.
   *
   * @param dtype - `'float32'` trains, `'float64'` checks gradients.
   * @returns The module.
   * @throws {RangeError} if `dtype` is neither.
   */
  to(dtype: DType): this {
    checkedIn('to', 'dtype', dtype, DTYPE);
    for (const tensor of [...this.parameters(), ...this.buffers()]) convert(tensor, dtype);
    return this;
  }

  /** Converts parameters and buffers to float64: `to('float64')`. @returns The module. */
  double(): this {
    return this.to('float64');
  }

  /** Converts parameters and buffers to float32: `to('float32')`. @returns The module. */
  float(): this {
    return this.to('float32');
  }

  /** Forgets the gradients of all parameters: their `grad` is null. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.grad = null;
  }

  /**
   * Calls `fn` with every module in this one, each once and after those in it, and last with itself.
   *
   * @returns The module.
   *
   * @example
   * net.apply((module) => {
   *   if (module instanceof nn.Linear) nn.init.xavierUniform_(module.weight);
   * });
   */
  apply(fn: (module: Module) => void): this {
    if (typeof fn !== 'function') {
      throw argumentError(TypeError, { fn: 'apply', arg: 'fn', found: `is ${describe(fn)}`, expected: 'a function' });
    }
    this.#apply(fn, new Set());
    return this;
  }

  /**
   * Copies of all parameters and buffers, under PyTorch's names; what is shared by several modules, under each.
   *
   * @throws {RangeError} if two of them have one name: `'a.b'` and `b` in `a`.
   */
  stateDict(): Record<string, NDArray> {
    const state = unambiguous('stateDict', this.constructor.name, this.#all(isState));
    return withStorage(heap, () => Object.fromEntries(state.map(([name, { data }]) => [name, array(data)])));
  }

  /**
   * Takes over the values of a state dict, in place: the tensors stay the same.
   *
   * @param state - Arrays or tensors by name, as `load(file)` returns them.
   * @param options - `strict`: whether names that only one side has are an error, default true. `convert`: whether
   *   values of another dtype are converted, default false.
   * @returns The names that the state lacks, and those that the module does not have.
   * @throws {RangeError} that lists all missing and unexpected names, wrong shapes and wrong dtypes, a
   *   {@link ShapeError} if there is a wrong shape; or if two tensors of the module have one name. Nothing has changed
   *   then.
   * @throws {TypeError} if a value is no array.
   */
  loadStateDict(state: Readonly<Record<string, TensorLike>>, options: LoadStateOptions = {}): LoadedState {
    const title = this.constructor.name;
    const optional = new Set<Tensor>();
    for (const module of this.modules()) for (const tensor of module.optionalState()) optional.add(tensor);
    const targets = unambiguous('loadStateDict', title, this.#all(isState)).map(([name, tensor]) => ({
      name,
      shape: tensor.shape,
      dtype: tensor.dtype,
      isOptional: optional.has(tensor),
      array: tensor.data,
      take: (source: NDArray) => overwrite(tensor.data, source),
    }));
    return loadArrays(title, targets, state, options);
  }

  /**
   * What the module is made of, without its numbers: classes, options and names of the modules in it. `save` writes it
   * beside the numbers.
   */
  architecture(): Architecture {
    return this.#architecture([]);
  }

  /**
   * What the module is made of, layer by layer: output shapes, parameters, operations, memory. Prints as a table.
   *
   * Runs a forward pass of zeros, in evaluation mode; running statistics stay as they are.
   *
   * @param inputShape - Shape of one example, without the axis of the batch: `[3, 32, 32]`. Of a module with several
   *   inputs a list of shapes, or shapes by name where its `forward` takes an object.
   * @throws {ShapeError} if the module does not take such input.
   */
  summary(inputShape: InputShapes): ModuleSummary {
    return summarize(this, inputShape, Module.prototype.flops);
  }

  /**
   * Multiplications and additions of a forward pass for one example, of the given shape without the axis of the batch,
   * as `summary` counts them. Default 0; of a module that is made of others, the sum over these.
   *
   * @throws {ShapeError} if a module that is made of others does not take such input.
   */
  flops(inputShape: readonly number[]): number {
    return this.children().length === 0 ? 0 : this.summary(inputShape).totalFlops;
  }

  /**
   * Whether `forward` keeps no array but the one that it returns: whether `keepsNothing` was called with it. The arrays
   * between two such modules of a `Sequential` are released when the backward pass no longer needs them.
   */
  keepsNothing(): boolean {
    return isKeepingNothing(this.forward);
  }

  /**
   * Calls `hook(module, inputs)` before each `forward`; what it returns takes the place of the inputs: a list of them,
   * or the one input itself. Nothing returned leaves them as they are.
   *
   * A module with hooks runs by itself, not in one pass with its neighbours in a `Sequential`. What a hook sees stays
   * valid for the step; keep `resident(x.data)` beyond a workspace, such as that of `fit` and `predict`.
   *
   * @returns A handle whose `remove` takes the hook away.
   * @throws {TypeError} if `hook` is no function.
   */
  registerForwardPreHook(hook: ForwardPreHook<this>): HookHandle {
    return addHook(this, 'pre', hook);
  }

  /**
   * Calls `hook(module, inputs, output)` after each `forward`; a tensor that it returns takes the place of the output.
   * Else as {@link registerForwardPreHook}.
   *
   * @example
   * const seen = [];
   * const handle = net.hidden.registerForwardHook((module, inputs, output) => {
   *   seen.push(output.tolist());
   * });
   */
  registerForwardHook(hook: ForwardHook<this, Out>): HookHandle {
    return addHook(this, 'forward', hook);
  }

  /**
   * Calls `hook(module, gradInputs, gradOutputs)` in each backward pass, when the gradients with respect to the inputs
   * of a `forward` have been computed; what it returns takes their place. Null stands for an input that needs no
   * gradient, an array for one. If no input needs one, it is called when that of the output is known.
   *
   * Inputs that need a gradient must be of one dtype. Several of them are copied.
   *
   * @returns A handle whose `remove` takes the hook away.
   * @throws {TypeError} if `hook` is no function.
   */
  registerFullBackwardHook(hook: FullBackwardHook<this>): HookHandle {
    return addHook(this, 'backward', hook);
  }

  /** The structure, in PyTorch's form. */
  toString(): string {
    return this.#text([]);
  }

  /**
   * What Node prints.
   *
   * @hidden
   */
  [INSPECT](): string {
    return this.toString();
  }

  /** The text in the brackets after the class's name in `toString`: sizes and options. */
  protected extraRepr(): string {
    return '';
  }

  /** State that a state dict may lack, also with `strict`; it then stays unchanged. Default: none. */
  protected optionalState(): readonly Tensor[] {
    return [];
  }

  /** Names and values in which parameters, buffers and submodules are searched. Default: the properties. */
  protected members(): Named<unknown>[] {
    return Object.entries(this);
  }

  /**
   * Runs a submodule. Its errors begin with the path to the module at fault.
   *
   * @param name - What this module calls it.
   */
  protected runChild<R = Tensor>(name: string, module: Module<R>, ...inputs: unknown[]): R {
    return this.inChild(name, module, () => module.forward(...inputs));
  }

  /** Runs `fn`, whose errors come from the submodule `name`. */
  protected inChild<R>(name: string, module: Module<unknown>, fn: () => R): R {
    try {
      return fn();
    } catch (error) {
      throw located(error, this, name, module);
    }
  }

  #text(above: readonly Module<unknown>[]): string {
    const start = `${this.constructor.name}(${this.extraRepr()}`;
    const children = this.#below(above);
    if (children.length === 0) return `${start})`;
    const lines = children.map(([key, child]) => `(${key}): ${child.#text([...above, this])}`.replaceAll(/^/gm, '  '));
    return `${start}\n${lines.join('\n')}\n)`;
  }

  #architecture(above: readonly Module<unknown>[]): Architecture {
    const children = this.#below(above).map(([name, child]) => ({
      name,
      ...child.#architecture([...above, this]),
    }));
    const options = plainOptions(this.members().filter(([name]) => name !== 'training'));
    return { class: this.constructor.name, options, children };
  }

  #apply(fn: (module: Module) => void, before: Set<Module<unknown>>): void {
    if (before.has(this)) return;
    before.add(this);
    for (const child of this.children()) child.#apply(fn, before);
    checkSynchronous('apply', 'fn', fn(this as Module<unknown> as Module));
  }

  /** Its own members for which `is` returns true. */
  #own<T>(is: (value: unknown) => value is T): Named<T>[] {
    return findMembers(this.members(), is);
  }

  /** The members of all modules in it for which `is` returns true, under each of their names. */
  #all<T>(is: (value: unknown) => value is T): Named<T>[] {
    return this.#tree().flatMap(([outer, module]) =>
      module.#own(is).map(([name, value]): Named<T> => [joined(outer, name), value]),
    );
  }

  /** All modules under each of their names, this one first. */
  #tree(name = '', above: readonly Module<unknown>[] = []): Named<Module>[] {
    const below = this.#below(above).flatMap(([key, child]) => child.#tree(joined(name, key), [...above, this]));
    return [[name, this as Module<unknown> as Module], ...below];
  }

  /** Its members that are modules, except itself and the modules above it. */
  #below(above: readonly Module<unknown>[]): Named<Module>[] {
    return this.#own(isModule).filter(([, child]) => (child as Module<unknown>) !== this && !above.includes(child));
  }
}

/** Gives a tensor, and its gradient, another number format. */
function convert(tensor: Tensor, dtype: DType): void {
  if (tensor.dtype !== dtype) tensor.replaceData(resident(converted(tensor, dtype)));
  const gradient = tensor.lendGrad();
  if (gradient !== null && gradient.dtype !== dtype) tensor.grad = new Tensor(converted(gradient, dtype));
}

/** A copy on the heap. */
function converted({ data }: Tensor, dtype: DType): NDArray {
  return withStorage(heap, () => array(data, data.shape, dtype));
}

function isModule(value: unknown): value is Module {
  return value instanceof Module;
}

function isState(value: unknown): value is Tensor | Buffer {
  return isParameter(value) || isBuffer(value);
}
