// Numbers as the reports print them.

/** A share as a percentage. */
export function percent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1)}%` : '–';
}

/** The difference of two shares, without its sign. */
export function points(difference: number): string {
  return `${(100 * Math.abs(difference)).toFixed(1)} percentage points`;
}

/** A loss, to three digits. */
export function loss(value: number): string {
  return value >= 1000 ? value.toExponential(1).replace('e+', 'e') : value.toPrecision(3);
}

/** The names in a sentence. */
export function list(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** `1 epoch`, `3 epochs`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** Numbers from 10^first to 10^last, evenly spaced on a logarithmic axis. */
export function logspace(first: number, last: number, n: number): number[] {
  return Array.from({ length: n }, (_, i) => Number((10 ** (first + ((last - first) * i) / (n - 1))).toPrecision(6)));
}

/** A scale or rate to two digits. */
export function scaleText(value: number): string {
  return Number(value.toPrecision(2)).toString();
}

/** How many scales or rates there are, with the first and the last. */
export function fromTo(values: readonly number[]): string {
  return `${values.length} from ${scaleText(values[0])} to ${scaleText(values.at(-1) as number)}`;
}

/** A ratio that may be of any size, to two digits. */
export function ratio(value: number): string {
  if (value >= 1e-3 || value === 0 || !Number.isFinite(value)) return Number(value.toPrecision(2)).toString();
  return value.toExponential(0).replace('e-', 'e−');
}
