import type { LayerStats, Statistics } from '../protocol.js';
import { decimal, percent } from './format.js';

/** From here on values are called exploding or vanishing: standard deviations. */
const LARGE_ACTIVATION = 1e4;
const SMALL_ACTIVATION = 1e-6;
const LARGE_GRADIENT = 1e2;
const SMALL_GRADIENT = 1e-9;
/** The share of zeros from which a layer is called nearly dead. */
const NEARLY_DEAD = 0.95;
/** Norm of a step over the norm of the parameter: 1e-3 is usual. */
const LARGE_STEP = 0.1;
const SMALL_STEP = 1e-6;

/** What is to be said about the numbers of a layer; empty where they are as usual. */
export function remarksOf({ activation, weight, gradient, updateRatio }: LayerStats): string[] {
  const remarks = [
    ofValues('activations', activation, SMALL_ACTIVATION, LARGE_ACTIVATION),
    ofValues('weights', weight, 0, LARGE_ACTIVATION),
    ofValues('gradient', gradient, SMALL_GRADIENT, LARGE_GRADIENT),
  ].flat();
  const zeros = activation?.zeros ?? 0;
  if (zeros >= 1) remarks.push('dead: all activations are zero');
  else if (zeros >= NEARLY_DEAD) remarks.push(`nearly dead: ${percent(zeros)} of the activations are zero`);
  if (updateRatio !== null && updateRatio > LARGE_STEP)
    remarks.push(`large steps: ${decimal(updateRatio)} of the weight`);
  if (updateRatio !== null && updateRatio > 0 && updateRatio < SMALL_STEP) {
    remarks.push(`tiny steps: ${decimal(updateRatio)} of the weight`);
  }
  return remarks;
}

function ofValues(name: string, values: Statistics | null, small: number, large: number): string[] {
  if (values === null) return [];
  const { mean, std } = values;
  if (mean === null || std === null) return [`${name} not finite`];
  if (std > large) return [`${name} exploding: standard deviation ${decimal(std)}`];
  const isAllZero = std === 0 && mean === 0;
  if (!isAllZero && Math.max(std, Math.abs(mean)) < small) {
    return [`${name} vanishing: standard deviation ${decimal(std)}`];
  }
  return isAllZero && name === 'gradient' ? ['gradient is zero'] : [];
}
