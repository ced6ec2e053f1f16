import type { Floats } from '../../../arrays/index.js';
import type { ElementwiseLossKernels, ElementwiseLossOperands } from '../../types.js';
import { type Call, chunks } from '../call.js';
import { Kernel } from '../kernel.generated.js';

export function bindElementwiseLosses(call: Call): ElementwiseLossKernels {
  const run = (
    kernel: Kernel,
    { x, y, weight, values, dx, dy, scale }: ElementwiseLossOperands,
    numbers: readonly number[] = [],
    positive: Floats | null = null,
  ): number => {
    const items = chunks(x.length);
    const sums = call.partialSums(items);
    const places = [
      call.read(x),
      call.read(y),
      weight === null ? 0 : call.read(weight),
      values === null ? 0 : call.written(values),
      call.written(dx),
      dy === null ? 0 : call.written(dy),
      sums,
      x.length,
      positive === null ? 0 : call.read(positive),
    ];
    return call.sum(kernel, x, items, places, sums, items, [scale, ...numbers]);
  };
  return {
    squaredLoss: (operands) => run(Kernel.SquaredLoss, operands),
    absoluteLoss: (operands) => run(Kernel.AbsoluteLoss, operands),
    huberLoss: (operands) => run(Kernel.HuberLoss, operands, [operands.threshold, operands.curvature, operands.slope]),
    bceLoss: (operands) => run(Kernel.BceLoss, operands),
    bceWithLogitsLoss: (operands) => run(Kernel.BceWithLogitsLoss, operands, [], operands.positive),
    klLoss: (operands) => run(Kernel.KlLoss, operands),
    klLogLoss: (operands) => run(Kernel.KlLogLoss, operands),
  };
}
