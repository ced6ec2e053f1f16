import type { Schedule, Stepper } from './fit-options.js';

/**
 * Sets the learning rate of an optimizer's first group; those of the others, and what a schedule computes rates from,
 * are scaled likewise. From a rate of 0, or almost 0, there is nothing to scale by: then all groups get the new one,
 * until the schedule sets another.
 *
 * @returns Whether the optimizer has a rate to set.
 */
export function setLearningRate(optimizer: Stepper, schedule: Schedule | undefined, rate: number): boolean {
  const groups = (optimizer.paramGroups ?? []) as { lr?: number; initialLr?: number }[];
  const before = groups[0]?.lr;
  if (before === undefined) return false;
  const factor = Number.isFinite(rate / before) ? rate / before : null;
  for (const [g, group] of groups.entries()) {
    group.lr = g === 0 || factor === null || group.lr === undefined ? rate : group.lr * factor;
    if (factor !== null && group.initialLr !== undefined) group.initialLr *= factor;
  }
  if (factor !== null) schedule?.scaleRates?.(factor);
  return true;
}
