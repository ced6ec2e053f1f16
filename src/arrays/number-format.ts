/** Digits after the point that are printed at most. */
const PRECISION = 8;

/**
 * How numbers are printed in columns, as NumPy prints them: with as many digits as tell them from others of their
 * format, at most 8 after the point, all of one width, and by powers of ten where they differ much in size.
 *
 * @param values - Those that will be printed.
 * @param isFloat64 - Their format; else float32.
 */
export function columnFormat(values: readonly number[], isFloat64: boolean): (x: number) => string {
  const finite = values.filter(Number.isFinite).map((x) => shortest(x, isFloat64));
  const sizes = finite.filter((x) => x !== 0).map(Math.abs);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const byPowers = sizes.length > 0 && (most >= 1e8 || least < 1e-4 || most / least > 1000);

  const write = byPowers ? powers(finite) : (x: number): string => fixed(x);
  const parts = finite.map((x) => write(x).split('.'));
  const after = Math.max(0, ...parts.map(([, fraction]) => fraction.length));
  const before = Math.max(0, ...parts.map(([whole]) => whole.length));
  const names = values.filter((x) => !Number.isFinite(x)).map((x) => nameOf(x).length);
  const width = Math.max(finite.length > 0 ? before + 1 + after : 0, ...names);
  return (x) => {
    if (!Number.isFinite(x)) return nameOf(x).padStart(width);
    const text = write(shortest(x, isFloat64));
    return text.padEnd(text.indexOf('.') + 1 + after).padStart(width);
  };
}

function nameOf(x: number): string {
  return Number.isNaN(x) ? 'nan' : x > 0 ? 'inf' : '-inf';
}

/** The number with the fewest decimal digits that is rounded to `x` in its format. */
function shortest(x: number, isFloat64: boolean): number {
  for (let digits = 1; !isFloat64 && digits < 9; digits++) {
    const rounded = Number(x.toPrecision(digits));
    if (Math.fround(rounded) === x) return rounded === 0 ? x : rounded;
  }
  return x;
}

/** `-0.25`, `3.`: without zeros at the end. */
function fixed(x: number): string {
  const sign = Object.is(x, -0) || x < 0 ? '-' : '';
  return sign + Math.abs(x).toFixed(PRECISION).replace(/0+$/, '');
}

/** `1.50e-05`: all with as many digits as the longest needs. */
function powers(finite: readonly number[]): (x: number) => string {
  const lengths = finite.map(
    (x) => /\.?(\d*?)0*e/.exec(x.toExponential(PRECISION).replace(/^-?\d/, ''))?.[1].length ?? 0,
  );
  const digits = Math.max(...lengths);
  const exponents = finite.map((x) => x.toExponential().split('e')[1].length - 1);
  const width = Math.max(2, ...exponents);
  return (x) => {
    const [mantissa, exponent] = Math.abs(x).toExponential(digits).split('e');
    const sign = Object.is(x, -0) || x < 0 ? '-' : '';
    const point = digits === 0 ? '.' : '';
    return `${sign}${mantissa}${point}e${exponent[0]}${exponent.slice(1).padStart(width, '0')}`;
  };
}
