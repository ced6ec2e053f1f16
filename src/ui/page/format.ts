/** What stands for a value that is not known. */
export const UNKNOWN = '–';

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** A whole number, as `12,345`. */
export function integer(value: number | null): string {
  return value === null || !Number.isFinite(value) ? UNKNOWN : whole.format(value);
}

/** A number by four digits, as `0.01234`, `1.2e-7` or `12,350`. */
export function decimal(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return UNKNOWN;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) {
    return value
      .toExponential(2)
      .replace(/\.?0+e/, 'e')
      .replace('e+', 'e');
  }
  if (size >= 1000) return whole.format(value);
  return `${Number(value.toPrecision(4))}`;
}

/** A share in [0, 1], as `45.3 %`. */
export function percent(value: number | null): string {
  return value === null || !Number.isFinite(value) ? UNKNOWN : `${(100 * value).toFixed(1)} %`;
}

/** A time of so many seconds, by its two largest units, as `2 h 5 min`. */
export function duration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return UNKNOWN;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  const m = Math.round(s / 60);
  if (m < 1440) return `${Math.floor(m / 60)} h ${m % 60} min`;
  const h = Math.round(m / 60);
  return `${Math.floor(h / 24)} d ${h % 24} h`;
}

/** A moment in milliseconds since 1970, as `2025-01-31 14:05`, in the time of the reader. */
export function moment(time: number | null): string {
  if (time === null) return UNKNOWN;
  const date = new Date(time);
  const two = (value: number) => `${value}`.padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** A shape, as `32 × 16 × 16`. */
export function shape(sizes: readonly number[] | null): string {
  if (sizes === null) return UNKNOWN;
  return sizes.length === 0 ? 'one value' : sizes.join(' × ');
}
