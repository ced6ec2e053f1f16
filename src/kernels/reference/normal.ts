// The normal distribution in float64, to the last few digits in both tails.

/**
 * The normal distribution Φ(x) = ½·(1 + erf(x/√2)) = ½·erfc(−x/√2), which falls to 2e-308 at x = −37.5: with a relative
 * error of less than 1e-15 down to there.
 *
 * By the rational approximations of W. J. Cody, Rational Chebyshev approximations for the error function, Mathematics
 * of Computation 23 (1969), 631–637, with the coefficients of his CALERF (Netlib, SPECFUN).
 */
export function normalCdf(x: number): number {
  const y = Math.abs(x) * Math.SQRT1_2;
  if (y <= 0.46875) return 0.5 + 0.5 * Math.sign(x) * y * quotient(ERF, y * y);
  const tail = 0.5 * bell(x) * scaledErfc(y);
  return x < 0 ? tail : 1 - tail;
}

/** The density φ(x) = e^(−x²/2) / √(2π). */
export function normalDensity(x: number): number {
  return bell(x) / Math.sqrt(2 * Math.PI);
}

/**
 * e^(−x²/2). Rounding x² would cost the power x² units in its last place, so the square is taken in two parts: that of
 * x cut to 26 bits, which is exact, and the small rest.
 */
function bell(x: number): number {
  if (Math.abs(x) > 40) return 0;
  const short = Math.trunc(x * 2 ** 20) / 2 ** 20;
  return Math.exp(-short * short * 0.5) * Math.exp(-(x - short) * (x + short) * 0.5);
}

/** e^(y²)·erfc(y) for y > 0.46875, as a function that falls slowly. */
function scaledErfc(y: number): number {
  if (y <= 4) return quotient(ERFC, y);
  // Cody's third interval: 1/√π less a quotient in 1/y².
  const s = 1 / (y * y);
  return (1 / Math.sqrt(Math.PI) - s * quotient(ERFC_FAR, s)) / y;
}

/** A quotient of polynomials, the coefficients from the highest power down. */
interface Quotient {
  readonly over: readonly number[];
  readonly under: readonly number[];
}

function quotient({ over, under }: Quotient, t: number): number {
  let p = 0;
  let q = 0;
  for (let i = 0; i < over.length; i++) {
    p = p * t + over[i];
    q = q * t + under[i];
  }
  return p / q;
}

/** erf(y)/y for y ≤ 0.46875, in y². */
const ERF: Quotient = {
  over: [0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694],
  under: [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171],
};

/** e^(y²)·erfc(y) for 0.46875 ≤ y ≤ 4, in y. */
const ERFC: Quotient = {
  over: [
    2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001,
    881.952221241769, 1712.0476126340707, 2051.0783778260716, 1230.3393547979972,
  ],
  under: [
    1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
    4362.619090143247, 3439.3676741437216, 1230.3393548037495,
  ],
};

/** y²·(1/√π − y·e^(y²)·erfc(y)) for y > 4, in 1/y². */
const ERFC_FAR: Quotient = {
  over: [
    0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275,
    0.0006587491615298378,
  ],
  under: [1, 2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918],
};
