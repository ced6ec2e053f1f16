import {
  argumentError,
  checkSynchronous,
  describe,
  isNDArray,
  isRecording,
  type NDArray,
  sizeOf,
} from '../arrays/index.js';
import { arrayOf, F, op, Tensor } from '../autograd/index.js';

/** What undoes the registration of a hook. */
export interface HookHandle {
  /** Removes the hook; a second call does nothing. */
  remove(): void;
}

/** A hook on the inputs of a module: it may return others, one as it is or several as a list. */
export type ForwardPreHook<M> = (module: M, inputs: readonly unknown[]) => unknown;

/** A hook on the output of a module: it may return another one, a tensor. */
export type ForwardHook<M, Out = Tensor> = (module: M, inputs: readonly unknown[], output: Out) => unknown;

/**
 * A hook on the gradients of a module: those with respect to its inputs and its output, null where an input needs none.
 * It may return others for the inputs, one as it is or several as a list.
 */
export type FullBackwardHook<M> = (
  module: M,
  gradInputs: readonly (Tensor | null)[],
  gradOutputs: readonly (Tensor | null)[],
) => unknown;

/** A module as far as hooks need it. */
interface Hooked {
  forward(...inputs: unknown[]): unknown;
}

type Kind = 'pre' | 'forward' | 'backward';
type Hook = (...args: readonly unknown[]) => unknown;

/** The hooks of one module, and the `forward` that runs them. */
interface Hooks {
  readonly lists: Readonly<Record<Kind, Set<{ readonly hook: Hook }>>>;
  /** The `forward` that somebody had assigned to the module before. */
  readonly before: PropertyDescriptor | undefined;
  readonly run: (...inputs: unknown[]) => unknown;
}

const installed = new WeakMap<Hooked, Hooks>();

const METHODS: Readonly<Record<Kind, string>> = {
  pre: 'registerForwardPreHook',
  forward: 'registerForwardHook',
  backward: 'registerFullBackwardHook',
};

/**
 * Adds a hook. As long as a module has hooks, it has a `forward` of its own that runs them, so that a call without
 * hooks costs nothing, and a container neither runs the module in one pass with another nor releases what a hook has
 * seen.
 *
 * @throws {TypeError} if `hook` is no function.
 */
export function addHook(module: Hooked, kind: Kind, hook: unknown): HookHandle {
  if (typeof hook !== 'function') {
    const found = `is ${describe(hook)}`;
    throw argumentError(TypeError, { fn: METHODS[kind], arg: 'hook', found, expected: 'a function' });
  }
  const hooks = hooksOf(module);
  const entry = { hook: hook as Hook };
  hooks.lists[kind].add(entry);
  return {
    remove() {
      hooks.lists[kind].delete(entry);
      if (Object.values(hooks.lists).every(({ size }) => size === 0)) uninstall(module, hooks);
    },
  };
}

function hooksOf(module: Hooked): Hooks {
  const known = installed.get(module);
  if (known !== undefined && module.forward === known.run) return known;
  const before = Object.getOwnPropertyDescriptor(module, 'forward');
  const { forward } = module;
  const lists = { pre: new Set<never>(), forward: new Set<never>(), backward: new Set<never>() } as Hooks['lists'];
  const run = (...inputs: unknown[]): unknown => runHooks(module, forward, lists, inputs);
  const hooks = { lists, before, run };
  installed.set(module, hooks);
  Object.defineProperty(module, 'forward', { value: run, configurable: true, writable: true, enumerable: false });
  return hooks;
}

/** Takes the hooks' `forward` away, unless somebody has put another in its place. */
function uninstall(module: Hooked, { before, run }: Hooks): void {
  if (installed.get(module)?.run === run) installed.delete(module);
  if (Object.getOwnPropertyDescriptor(module, 'forward')?.value !== run) return;
  if (before === undefined) Reflect.deleteProperty(module, 'forward');
  else Object.defineProperty(module, 'forward', before);
}

function runHooks(module: Hooked, forward: Hooked['forward'], lists: Hooks['lists'], given: unknown[]): unknown {
  let inputs = given;
  for (const { hook } of [...lists.pre]) {
    const returned = checked('pre', hook(module, inputs));
    if (returned !== undefined && returned !== null) inputs = Array.isArray(returned) ? returned : [returned];
  }
  const backward = lists.backward.size > 0 && isRecording() ? new BackwardHooks(module, [...lists.backward]) : null;
  if (backward !== null) inputs = backward.watchInputs(inputs);
  let output = forward.apply(module, inputs);
  for (const { hook } of [...lists.forward]) {
    const returned = checked('forward', hook(module, inputs, output));
    if (returned === undefined || returned === null) continue;
    if (!(returned instanceof Tensor)) {
      const found = `returned ${describe(returned)}`;
      throw argumentError(TypeError, { fn: METHODS.forward, arg: 'hook', found, expected: 'a tensor, or nothing' });
    }
    output = returned;
  }
  return backward === null ? output : backward.watchOutput(output);
}

/** What a hook returned. @throws {TypeError} if it is a promise. */
function checked(kind: Kind, returned: unknown): unknown {
  checkSynchronous(METHODS[kind], 'hook', returned);
  return returned;
}

/** The backward hooks in one run of a module: operations around its inputs and behind its output see the gradients. */
class BackwardHooks {
  readonly #module: Hooked;
  readonly #hooks: readonly { readonly hook: Hook }[];
  /** Of each input, its place among those that need a gradient; null for one that needs none. */
  #places: readonly (number | null)[] = [];
  #gradOutput: Tensor | null = null;

  constructor(module: Hooked, hooks: readonly { readonly hook: Hook }[]) {
    this.#module = module;
    this.#hooks = hooks;
  }

  /** The inputs behind one operation, whose backward pass calls the hooks. */
  watchInputs(inputs: readonly unknown[]): unknown[] {
    let count = 0;
    this.#places = inputs.map((input) => (input instanceof Tensor && input.requiresGrad ? count++ : null));
    const watched = inputs.filter((_, i) => this.#places[i] !== null) as Tensor[];
    if (count === 0) return [...inputs];
    // An operation has one output. Of several inputs it is all of them behind each other, in a copy.
    const behind =
      count === 1
        ? [op(same, (dout) => this.#called([dout])[0], NAMED)(watched[0])]
        : split(op(joinedBehind, (dout) => this.#calledFor(dout, watched), NAMED)(...watched), watched);
    return inputs.map((input, i) => (this.#places[i] === null ? input : behind[this.#places[i]]));
  }

  /** The output behind an operation that takes its gradient down; if no input needs one, it calls the hooks. */
  watchOutput(output: unknown): unknown {
    const seen = (dout: NDArray): NDArray => {
      this.#gradOutput = new Tensor(dout);
      if (this.#places.every((place) => place === null)) this.#called([]);
      return dout;
    };
    return output instanceof Tensor && output.requiresGrad ? op(same, seen, NAMED)(output) : output;
  }

  /** Calls the hooks with these gradients of the inputs that need one. @returns Them, or what hooks return instead. */
  #called(gradients: readonly NDArray[]): NDArray[] {
    const places = this.#places;
    let gradInputs = places.map((place) => (place === null ? null : new Tensor(gradients[place])));
    for (const { hook } of this.#hooks) {
      const returned = checked('backward', hook(this.#module, gradInputs, [this.#gradOutput]));
      if (returned === undefined || returned === null) continue;
      gradInputs = replaced(gradInputs, Array.isArray(returned) ? returned : [returned]);
    }
    return gradInputs.filter((gradient) => gradient !== null).map(({ data }) => data);
  }

  #calledFor(dout: NDArray, inputs: readonly Tensor[]): NDArray[] {
    return this.#called(split(new Tensor(dout), inputs).map(({ data }) => data));
  }
}

const NAMED = { name: 'registerFullBackwardHook', keepsNothing: false };

function same(x: NDArray): [out: NDArray, cache: null] {
  return [F.reshape(x, x.shape).data, null];
}

function joinedBehind(...inputs: readonly NDArray[]): [out: NDArray, cache: null] {
  return [F.concat(inputs.map((x) => F.reshape(x, [-1]))).data, null];
}

/** Parts of a tensor of one axis, of the shapes of these tensors. */
function split(flat: Tensor, like: readonly Tensor[]): Tensor[] {
  let from = 0;
  return like.map(({ shape }) => {
    const to = from + sizeOf(shape);
    const part = F.slice(flat, [[from, to]]);
    from = to;
    return F.reshape(part, shape);
  });
}

/** The gradients that a hook returned in the place of others. */
function replaced(before: readonly (Tensor | null)[], returned: readonly unknown[]): (Tensor | null)[] {
  if (returned.length !== before.length) {
    throw argumentError(TypeError, {
      fn: METHODS.backward,
      arg: 'hook',
      found: `returned ${returned.length} gradients`,
      expected: `${before.length}, one for each input (null where none is needed)`,
    });
  }
  return before.map((gradient, i) => {
    if (gradient === null) return null;
    const other = returned[i];
    if (other instanceof Tensor || isNDArray(other)) return new Tensor(arrayOf(other));
    const found = `returned ${describe(other)} for input ${i}`;
    throw argumentError(TypeError, { fn: METHODS.backward, arg: 'hook', found, expected: 'a tensor' });
  });
}
