import {
  argumentError,
  array,
  checkSynchronous,
  type Floats,
  type NDArray,
  withoutRecording,
} from '../arrays/index.js';
import { tidied } from '../kernels/index.js';
import { addForward } from '../layers/index.js';
import { ownable } from './leaf-gradient.js';
import { PendingMemory } from './pending.js';
import type { Check } from './saved.js';

/**
 * Carries a gradient through one operation, from its output to its inputs.
 *
 * @param dout - The gradient with respect to the output.
 * @param needs - Which inputs need theirs.
 * @returns The gradient with respect to each input, in order; what stands for one that is not needed does not matter.
 */
export type Backward = (dout: NDArray, needs: readonly boolean[]) => readonly (NDArray | null | undefined)[];

/** A tensor that collects its gradient: an end of the graph. */
export interface Leaf {
  /**
   * @param gradient - The gradient of one backward pass with respect to this tensor.
   * @param shared - Whether anything else refers to the same array.
   * @returns Whether the leaf keeps `gradient` itself.
   */
  collect(gradient: NDArray, shared: boolean): boolean;
}

/** The receiver of the gradient with respect to an input: the operation that made it, a leaf, or none. */
export type Target = Node | Leaf | null;

/**
 * Runs `fn` without recording: what it computes needs no gradient, and nothing is kept for a backward pass. For
 * scoring, and for changing parameters by hand.
 *
 * @param fn - Synchronous.
 * @returns What `fn` returns.
 * @throws {TypeError} if `fn` returns a promise or an iterator: what it computes later is recorded.
 */
export function noGrad<R>(fn: () => R): R {
  const result = withoutRecording(fn);
  checkSynchronous('noGrad', 'fn', result);
  return result;
}

let operations = 0;

/** What an operation keeps for a backward pass. */
interface Held {
  readonly targets: readonly Target[];
  readonly backward: Backward;
  /** Whether `backward` keeps only those of its arrays that it returns. */
  readonly keepsNothing: boolean;
  /** Whether the output has memory of its own, not that of an input. */
  readonly isFresh: boolean;
  /** Throws if a value that `backward` reads has been changed since; null if it reads none but its `dout`. */
  readonly check: Check | null;
}

/** One operation of a graph: what a backward pass needs of it. */
export class Node {
  /** Grows with every operation: an operation comes after those that made its inputs. */
  readonly order = ++operations;
  readonly operation: string;
  /** Null after a backward pass, which frees it, unless it saved no values. */
  #held: Held | null;
  /** The output, if only the graph refers to it. */
  #output: NDArray | null = null;

  constructor(operation: string, held: Held) {
    this.operation = operation;
    this.#held = held;
  }

  /** @throws {Error} if the gradient cannot go through any more. */
  check(): void {
    this.#alive().check?.();
  }

  get targets(): readonly Target[] {
    return this.#alive().targets;
  }

  get keepsNothing(): boolean {
    return this.#alive().keepsNothing;
  }

  /** @param targets - Those of the node, with null for inputs whose gradient is not needed. */
  backward(dout: NDArray, targets: readonly Target[]): readonly (NDArray | null | undefined)[] {
    const { backward, keepsNothing } = this.#alive();
    const needs = targets.map((target) => target !== null);
    return keepsNothing ? tidied(() => backward(dout, needs)) : backward(dout, needs);
  }

  /** Declares that only the graph refers to `output`. An output in the memory of an input is not released here. */
  own(output: NDArray): void {
    if (this.#alive().isFresh) this.#output = output;
  }

  /**
   * Drops the values that were saved for the backward pass. An operation without any is as good as before.
   *
   * @returns The output, if only the graph refers to it.
   */
  free(): NDArray | null {
    const output = this.#output;
    if (this.#alive().check !== null) this.#held = null;
    this.#output = null;
    return output;
  }

  #alive(): Held {
    if (this.#held !== null) return this.#held;
    throw argumentError(Error, {
      fn: 'backward',
      arg: this.operation,
      found: 'has been freed by an earlier backward through it',
      wayOut: 'run the forward pass again, or give the earlier call { retainGraph: true }',
    });
  }
}

/** A gradient on its way, and whether anything else refers to the same array. */
interface Pending {
  readonly value: NDArray;
  readonly shared: boolean;
}

/**
 * Carries `seed` from `root` to all leaves under it, each operation once, after all those that use its output. The
 * leaves get their gradients at the end, so an error on the way changes none of them.
 *
 * @throws {Error} before anything has changed, if an operation has been freed or a value it needs has changed.
 */
export function carryBack(root: Node, seed: NDArray, retainGraph: boolean): void {
  const nodes = operationsUnder([root]);
  for (const node of nodes) node.check();

  const memory = new PendingMemory();
  memory.keep(seed);
  const pending = new Map<Node | Leaf, Pending>([[root, { value: seed, shared: true }]]);
  const leaves = carryThrough(nodes, pending, memory, retainGraph, null);
  for (const leaf of leaves) {
    const { value, shared } = pending.get(leaf) as Pending;
    const isAlone = memory.isAlone(value) ?? !shared;
    if (!leaf.collect(value, !isAlone)) memory.drop(value);
  }
}

/**
 * Carries gradients from `seeds` to `inputs`, operations and leaves, and to nothing else: only operations on a way
 * between the two run their backward passes, and are freed.
 *
 * @param unused - Called before anything changes with the place of an input that no seed depends on.
 * @returns The gradient with respect to each input, in memory that nothing else refers to; null for an unused one.
 * @throws {Error} before anything has changed, if an operation has been freed or a value it needs has changed.
 */
export function gradientsAt(
  seeds: ReadonlyMap<Node | Leaf, NDArray>,
  inputs: readonly (Node | Leaf)[],
  retainGraph: boolean,
  unused: (input: number) => void,
): (NDArray | null)[] {
  const all = operationsUnder([...seeds.keys()].filter((root) => root instanceof Node));
  const reached = new Set<Target>(seeds.keys());
  for (const { targets } of all) for (const target of targets) reached.add(target);
  inputs.forEach((input, i) => {
    if (!reached.has(input)) unused(i);
  });
  const aims = new Aims(all, inputs);
  for (const node of aims.nodes) node.check();

  const memory = new PendingMemory();
  const pending = new Map<Node | Leaf, Pending>();
  for (const [root, seed] of seeds) {
    memory.keep(seed);
    pending.set(root, { value: seed, shared: true });
  }
  carryThrough(aims.nodes, pending, memory, retainGraph, aims);
  return inputs.map((input) => {
    const passed = aims.passed.get(input);
    if (passed !== undefined) return passed;
    const end = pending.get(input);
    if (end === undefined) return null;
    const isAlone = memory.isAlone(end.value) ?? !end.shared;
    return ownable(end.value, !isAlone);
  });
}

/** Where the gradients of a backward pass are to go, if not to all leaves. */
class Aims {
  /** The operations under which there is an input: the gradient has to go through them. The latest first. */
  readonly nodes: readonly Node[];
  /** The gradients of those inputs that gradients of other inputs go through. */
  readonly passed = new Map<Node | Leaf, NDArray>();
  readonly #inputs: ReadonlySet<Node | Leaf>;
  readonly #leading = new Set<Node | Leaf>();

  /** @param nodes - The latest first. */
  constructor(nodes: readonly Node[], inputs: readonly (Node | Leaf)[]) {
    this.#inputs = new Set(inputs);
    for (let i = nodes.length - 1; i >= 0; i--) {
      if (nodes[i].targets.some((target) => this.#leads(target))) this.#leading.add(nodes[i]);
    }
    this.nodes = nodes.filter((node) => this.#leading.has(node));
  }

  /** The targets of a node, but for those that lead to no input. */
  targetsOf(node: Node): readonly Target[] {
    return node.targets.map((target) => (this.#leads(target) ? target : null));
  }

  /** Notes the gradient of an operation that it has arrived at, if that is an input. */
  pass(node: Node, gradient: NDArray): void {
    if (this.#inputs.has(node)) this.passed.set(node, array(gradient));
  }

  #leads(target: Target): boolean {
    return target !== null && (this.#inputs.has(target) || this.#leading.has(target));
  }
}

/**
 * Carries the gradients in `pending` through `nodes`, which are in the order of a backward pass; those that go to
 * nothing in `nodes` are in `pending` at the end.
 *
 * @returns The leaves among these.
 */
function carryThrough(
  nodes: readonly Node[],
  pending: Map<Node | Leaf, Pending>,
  memory: PendingMemory,
  retainGraph: boolean,
  aims: Aims | null,
): Leaf[] {
  const leaves: Leaf[] = [];
  for (const node of nodes) {
    const arrived = pending.get(node);
    pending.delete(node);
    if (arrived !== undefined) {
      const { keepsNothing } = node;
      const targets = aims === null ? node.targets : aims.targetsOf(node);
      aims?.pass(node, arrived.value);
      const gradients = node.backward(arrived.value, targets);
      const note = keepsNothing ? 'hold' : 'keep';
      if (!keepsNothing) memory.keep(arrived.value);
      for (const gradient of gradients) if (isArray(gradient)) memory[note](gradient);
      const isRepeated = repeatedOf(gradients);
      for (let i = 0; i < targets.length; i++) {
        const target = targets[i];
        const value = gradients[i];
        if (!isArray(value)) continue;
        if (target === null) {
          memory.drop(value);
          continue;
        }
        const before = pending.get(target);
        if (before === undefined) {
          // An operation may pass its upstream gradient on as it is, and the same array to several inputs.
          if (!(target instanceof Node)) leaves.push(target);
          pending.set(target, { value, shared: value.data === arrived.value.data || isRepeated(value) });
        } else {
          const both = sum(before.value, value);
          memory.hold(both);
          pending.set(target, { value: both, shared: false });
          memory.drop(before.value);
          memory.drop(value);
        }
      }
      memory.drop(arrived.value);
    }
    if (retainGraph) continue;
    // All operations on the output have run their backward passes, so it is not needed any more.
    const output = node.free();
    if (output !== null) memory.end(output);
  }
  return leaves;
}

function isArray(gradient: NDArray | null | undefined): gradient is NDArray {
  return gradient !== null && gradient !== undefined;
}

/** Tells whether another of the gradients is over the same memory. */
function repeatedOf(gradients: readonly (NDArray | null | undefined)[]): (gradient: NDArray) => boolean {
  if (gradients.length < 8) return ({ data }) => gradients.filter((other) => other?.data === data).length > 1;
  const counts = new Map<Floats | undefined, number>();
  for (const gradient of gradients) counts.set(gradient?.data, (counts.get(gradient?.data) ?? 0) + 1);
  return ({ data }) => (counts.get(data) as number) > 1;
}

/** All operations that `roots` depend on, themselves included, the latest first. */
function operationsUnder(roots: readonly Node[]): Node[] {
  const found = new Set(roots);
  // The loop over a set also visits elements that are added during the loop.
  for (const node of found) for (const target of node.targets) if (target instanceof Node) found.add(target);
  return [...found].sort((a, b) => b.order - a.order);
}

function sum(a: NDArray, b: NDArray): NDArray {
  return addForward(a, b)[0];
}
