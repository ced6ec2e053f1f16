import { extentOf } from './checks.js';

/** The powers of ten from one number to another, both > 0. */
export function powersIn(low: number, high: number): number[] {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(`1e${first + i}`));
}

/** Ticks at the powers of ten, if there are at least three: labels between them would overlap. */
export function logTicks(low: number, high: number): { values?: number[]; format: string } {
  const powers = powersIn(low, high);
  return { ...(powers.length >= 3 ? { values: powers } : {}), format: '~g' };
}

/** Scale and ticks of numbers. */
export function spacing(type: 'linear' | 'log', values: readonly number[]) {
  if (type === 'linear') return { scale: { type, zero: false, nice: true }, axis: { tickCount: 5 } };
  const ticks = values.length === 0 ? {} : logTicks(...extentOf(values));
  return { scale: { type, nice: false }, axis: { tickCount: 5, ...ticks } };
}
