import {
  argumentError,
  describe,
  FLAG,
  isNDArray,
  type NDArray,
  type Option,
  type OptionsOf,
  option,
  orNull,
  type Range,
  settingsOf,
  zeros,
} from '../arrays/index.js';
import { addForward } from '../layers/index.js';
import type { TensorLike } from './op.js';
import { gradientsAt, type Leaf, type Node } from './tape.js';
import { Tensor } from './tensor.js';

const GRAD_OUTPUTS: Range = {
  allows: (value) =>
    isGradient(value) || (Array.isArray(value) && value.every((each) => each === null || isGradient(each))),
  expected: 'an array or a tensor, or a list with one or null for each output',
  Kind: TypeError,
};

const GRAD_OPTIONS = {
  /**
   * The gradients with respect to the outputs, each of the shape and dtype of its output: one, or a list. Null or
   * nothing stands for 1, for an output of one value. Default null.
   */
  gradOutputs: option(null, orNull(GRAD_OUTPUTS)) as Option<TensorLike | readonly (TensorLike | null)[] | null>,
  /** Whether to keep the operations for another backward pass. Default false. */
  retainGraph: option<boolean>(false, FLAG),
  /** Whether an input may have nothing to do with the outputs: its gradient is null then. Default false. */
  allowUnused: option<boolean>(false, FLAG),
};

/** Options of `autograd.grad`. */
export interface GradOptions extends OptionsOf<typeof GRAD_OPTIONS> {}

/**
 * The gradients of `outputs`, added up, with respect to each of `inputs`: as PyTorch's `torch.autograd.grad`.
 *
 * No `grad` changes. An input may be the result of an operation, such as an activation. Only the operations between the
 * two run their backward passes, and only these are freed, unless they are retained. The gradients belong to the
 * caller; those made in a workspace end with it, unless they are returned.
 *
 * @param outputs - A tensor that needs its gradient, or a list of such.
 * @param inputs - A tensor that needs its gradient, or a list of such.
 * @returns A gradient for each input, of its shape and dtype, in their order.
 * @throws {RangeError} if an output has several values and no gradient is given for it.
 * @throws {ShapeError} if a gradient has another shape than its output.
 * @throws {Error} if an output or input needs no gradient, no output depends on an input (unless `allowUnused`), an
 *   operation in between has been freed, or a value that it needs has been changed. Nothing has changed then.
 *
 * @example
 * // A saliency map: how much each pixel matters to the score of the right class.
 * const x = tensor(images, { requiresGrad: true });
 * const [dx] = autograd.grad(model.forward(x).gather(1, y.unsqueeze(1)).sum(), x);
 * const saliency = dx.abs().amax(1);
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions & { allowUnused: true },
): (Tensor | null)[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options?: GradOptions,
): Tensor[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions = {},
): (Tensor | null)[] {
  const { gradOutputs, retainGraph, allowUnused } = settingsOf(FN, GRAD_OPTIONS, options);
  const [from, to] = [listOf('outputs', outputs), listOf('inputs', inputs)];
  const ends = to.map((input, i) => targetOf(`inputs${place(inputs, i)}`, input));
  const seeds = seedsOf(from, outputs, gradOutputs);
  const gradients = gradientsAt(seeds, ends, retainGraph, (unused) => {
    if (allowUnused) return;
    throw argumentError(Error, {
      fn: FN,
      arg: `inputs${place(inputs, unused)}`,
      found: 'has nothing to do with the outputs',
      wayOut: 'set allowUnused to get null for it',
    });
  });
  return gradients.map((gradient, i) => {
    if (gradient === null && allowUnused) return null;
    // An operation may return no gradient for an input that it depends on by steps.
    return new Tensor(gradient ?? zeros(to[i].shape, to[i].dtype));
  });
}

const FN = 'autograd.grad';

/** Gradients of the outputs, added where an output comes twice. */
function seedsOf(
  from: readonly Tensor[],
  outputs: Tensor | readonly Tensor[],
  gradOutputs: TensorLike | readonly (TensorLike | null)[] | null,
): Map<Node | Leaf, NDArray> {
  const given = Array.isArray(gradOutputs) ? gradOutputs : from.map(() => null);
  if (gradOutputs !== null && !Array.isArray(gradOutputs)) given[0] = gradOutputs as TensorLike;
  if (given.length !== from.length || (gradOutputs !== null && !Array.isArray(gradOutputs) && from.length !== 1)) {
    const found = Array.isArray(gradOutputs) ? `are ${given.length}` : 'is one';
    const expected = `${from.length}, one for each output`;
    throw argumentError(RangeError, { fn: FN, arg: 'gradOutputs', found, expected });
  }
  const seeds = new Map<Node | Leaf, NDArray>();
  from.forEach((output, i) => {
    const at = place(outputs, i);
    const target = targetOf(`outputs${at}`, output);
    const seed = output.seed(FN, `outputs${at}`, `gradOutputs${at}`, given[i]);
    const before = seeds.get(target);
    seeds.set(target, before === undefined ? seed : addForward(before, seed)[0]);
  });
  return seeds;
}

function listOf(arg: string, tensors: Tensor | readonly Tensor[]): readonly Tensor[] {
  const list = tensors instanceof Tensor ? [tensors] : tensors;
  if (Array.isArray(list) && list.length > 0 && list.every((each) => each instanceof Tensor)) return list;
  const expected = 'a tensor, or a list of one tensor or more';
  throw argumentError(TypeError, { fn: FN, arg, found: `is ${describe(tensors)}`, expected });
}

/** The place in a list of arguments, for an error; nothing where there is no list. */
function place(given: unknown, i: number): string {
  return Array.isArray(given) ? `[${i}]` : '';
}

function targetOf(arg: string, tensor: Tensor): Node | Leaf {
  if (tensor.target !== null) return tensor.target;
  throw argumentError(Error, {
    fn: FN,
    arg,
    found: 'needs no gradient',
    wayOut: 'make it with { requiresGrad: true }, or of such, outside of noGrad and without detach',
  });
}

function isGradient(value: unknown): boolean {
  return value instanceof Tensor || isNDArray(value);
}
