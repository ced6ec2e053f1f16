/** What a number is beside its size. */
export type Kind = 'NaN' | '+0' | '-0' | '+∞' | '-∞' | '+' | '-';

export function kindsOf(numbers: ArrayLike<number>): Kind[] {
  return Array.from(numbers, (v): Kind => {
    if (Number.isNaN(v)) return 'NaN';
    const sign = Object.is(v, -0) || v < 0 ? '-' : '+';
    if (v === 0) return `${sign}0`;
    return Number.isFinite(v) ? sign : `${sign}∞`;
  });
}
