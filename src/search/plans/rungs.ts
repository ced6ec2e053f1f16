import type { StrategySettings } from '../strategies.js';

/** The settings of both kinds of successive halving. */
export type Rungs = Extract<StrategySettings, { readonly name: 'halving' | 'asha' }>;

/** Up to which epoch each rung goes: `minEpochs`, then `eta` times as far each, and at last `epochs`. */
export function epochsOfRungs({ minEpochs, epochs, eta }: Rungs): number[] {
  const rungs: number[] = [];
  for (let reach = minEpochs; reach < epochs; reach *= eta) rungs.push(reach);
  return [...rungs, epochs];
}
