/**
 * base^exponent for a whole exponent ≥ 0, by squaring: the same bits everywhere. `Math.pow` has other last bits in V8
 * from Node 24 on than before.
 */
export function wholePower(base: number, exponent: number): number {
  let power = 1;
  for (let square = base, left = exponent; left > 0; square *= square, left = Math.floor(left / 2)) {
    if (left % 2 === 1) power *= square;
  }
  return power;
}
