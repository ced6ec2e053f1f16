// Numbers as commands print them.

/** Stands for what is not known. */
export const UNKNOWN = '–';

/** A share in [0, 1] as `52.31 %`. */
export function percent(share: number | null, digits = 2): string {
  return share === null || !Number.isFinite(share) ? UNKNOWN : `${(100 * share).toFixed(digits)} %`;
}

/** Any number with four digits that count; whole ones with commas. */
export function plain(value: number | null): string {
  if (value === null || Number.isNaN(value)) return UNKNOWN;
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  const size = Math.abs(value);
  return size >= 1e6 || size < 1e-3 ? value.toExponential(3) : String(Number(value.toPrecision(4)));
}

/** A number of bytes: `12.4 MB`. */
export function bytes(count: number): string {
  if (count < 1000) return `${count} bytes`;
  return count < 1e6 ? `${(count / 1e3).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}
