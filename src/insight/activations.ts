import { hostValues, type NDArray } from '../arrays/index.js';
import { defaultGenerator, noGrad, Tensor } from '../autograd/index.js';
import { workspace } from '../kernels/index.js';
import { type HookHandle, Module } from '../nn/index.js';
import { type Distribution, distributionOf } from './distribution.js';
import { isLayered } from './layers.js';
import type { Inspected } from './parameters.js';

/** The outputs of a layer for a batch. */
export interface ActivationStatistics {
  /** As in `layerTable`. */
  readonly name: string;
  readonly type: string;
  /** With the axis of the batch. */
  readonly shape: readonly number[];
  readonly values: Distribution;
  /**
   * Share of the units (channels of a convolution) that are zero for every example, in [0, 1]: behind a ReLU those are
   * dead, if the batch is not too small.
   */
  readonly dead: number;
}

/**
 * How the outputs of each layer are distributed for a batch, in evaluation mode.
 *
 * Nothing of the model changes: running statistics stay, modes are restored, no random number is drawn of
 * `defaultGenerator`. 32 small images suffice.
 *
 * @param X - Inputs, shape (N, …), as the model is trained with.
 * @returns A row for each run of a layer, in their order; null for a model that does not tell.
 * @throws {ShapeError} if the model does not take such input.
 */
export function activationStatistics(model: Inspected, X: NDArray): ActivationStatistics[] | null {
  if (model instanceof Module) return statisticsOfModule(model, X);
  if (!isLayered(model)) return null;
  return workspace(() => {
    const outputs = model.activations(X);
    return model.layers().map(({ name }, i) => statisticsOf(String(i + 1), name, outputs[i]));
  });
}

function statisticsOfModule(model: Module<unknown>, X: NDArray): ActivationStatistics[] {
  const rows: ActivationStatistics[] = [];
  const named = model.namedModules();
  const modes = named.map(([, module]) => module.training);
  const generator = defaultGenerator();
  const state = generator.stateDict();
  const handles: HookHandle[] = [];
  try {
    for (const [name, module] of named) {
      module.training = false;
      if (module.children().length > 0) continue;
      const handle = module.registerForwardHook((_, __, output: unknown) => {
        if (output instanceof Tensor) rows.push(statisticsOf(name, module.constructor.name, output.data));
      });
      handles.push(handle);
    }
    workspace(() => noGrad(() => void model.forward(X)));
  } finally {
    for (const handle of handles) handle.remove();
    named.forEach(([, module], i) => {
      module.training = modes[i];
    });
    generator.loadStateDict(state);
  }
  return rows;
}

function statisticsOf(name: string, type: string, output: NDArray): ActivationStatistics {
  return { name, type, shape: output.shape, values: distributionOf(output), dead: deadShare(output) };
}

/** The share of units, the second axis, that are zero everywhere. */
function deadShare(output: NDArray): number {
  const [N, C = 1, ...places] = output.shape;
  const values = hostValues(output);
  const inner = places.reduce((size, length) => size * length, 1);
  let dead = 0;
  // A living unit shows it soon, so that little is read.
  for (let c = 0; c < C; c++) if (isZero(values, N, C * inner, c * inner, inner)) dead++;
  return N === 0 || C === 0 ? 0 : dead / C;
}

/** Whether `inner` values from `start`, and those `stride` behind them, `N` times, are all zero. */
function isZero(values: ArrayLike<number>, N: number, stride: number, start: number, inner: number): boolean {
  for (let n = 0; n < N; n++) {
    const from = n * stride + start;
    for (let i = from; i < from + inner; i++) if (values[i] !== 0) return false;
  }
  return true;
}
