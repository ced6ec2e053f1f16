import {
  AMOUNT,
  checkedIn,
  dtypeOf,
  empty,
  FINITE,
  type Floats,
  hostRoom,
  hostValues,
  type OptionsOf,
  option,
  type Range,
  settingsOf,
} from '../../arrays/index.js';
import { randomTransform, type Transform } from './transform.js';

const RANDOM_ROTATION = {
  /** The value of pixels from outside of the image. Default 0, the mean where that has been subtracted. */
  fill: option(0, FINITE),
};

/** Options of {@link randomRotation}. */
export interface RandomRotationOptions extends OptionsOf<typeof RANDOM_ROTATION> {}

const DEGREES: Range = {
  allows: (value) =>
    AMOUNT.allows(value) ||
    (Array.isArray(value) && value.length === 2 && value.every(FINITE.allows) && value[0] <= value[1]),
  expected: 'a number ≥ 0, or [least, largest]',
  Kind: RangeError,
};

/**
 * Each image turned about its middle by an angle of its own, counter-clockwise where that is positive. Bilinear; the
 * size stays. Values of any range.
 *
 * @param degrees - The largest angle either way, or [least, largest].
 * @returns A transform of images (N, C, H, W) into new ones of that shape.
 * @throws {RangeError} if an angle is not a finite number, or they are not in order.
 * @see torchvision.transforms.RandomRotation(interpolation=BILINEAR)
 */
export function randomRotation(
  degrees: number | readonly [least: number, most: number],
  options: RandomRotationOptions = {},
): Transform {
  const fn = 'randomRotation';
  const { fill } = settingsOf(fn, RANDOM_ROTATION, options);
  checkedIn(fn, 'degrees', degrees, DEGREES);
  const [least, most] = typeof degrees === 'number' ? [-degrees, degrees] : degrees;

  return randomTransform(fn, [degrees, options], (X, { N, C, H, W }, random) => {
    const x = hostValues(X);
    const out = empty(X.shape, dtypeOf(X));
    const room = hostRoom(out);
    const chances = random.rand([N], 'float64').data;
    for (let n = 0; n < N; n++) {
      rotate(x, room, n * C * H * W, C, H, W, least + chances[n] * (most - least), fill);
    }
    return out;
  });
}

/** Planes (H, W) of x from `start` on, turned into the same places of `out`. */
function rotate(
  x: Floats,
  out: Floats,
  start: number,
  C: number,
  H: number,
  W: number,
  degrees: number,
  fill: number,
): void {
  // Exact where it should be: Math.cos(π / 2) is not 0.
  const [cos, sin] = degrees % 90 === 0 ? quarter(degrees / 90) : turn((degrees * Math.PI) / 180);
  const [middleI, middleJ] = [(H - 1) / 2, (W - 1) / 2];
  for (let i = 0, p = start; i < H; i++) {
    for (let j = 0; j < W; j++, p++) {
      // Where the pixel comes from: its place relative to the middle, turned back.
      const fromJ = cos * (j - middleJ) - sin * (i - middleI) + middleJ;
      const fromI = sin * (j - middleJ) + cos * (i - middleI) + middleI;
      const top = Math.floor(fromI);
      const left = Math.floor(fromJ);
      const di = fromI - top;
      const dj = fromJ - left;
      const isInside = top >= 0 && left >= 0 && top < H - 1 && left < W - 1;
      for (let c = 0; c < C; c++) {
        const plane = start + c * H * W;
        const at = plane + top * W + left;
        let value: number;
        if (isInside) {
          const upper = x[at] + dj * (x[at + 1] - x[at]);
          const lower = x[at + W] + dj * (x[at + W + 1] - x[at + W]);
          value = upper + di * (lower - upper);
        } else {
          value =
            (1 - di) *
              ((1 - dj) * pixel(x, plane, H, W, top, left, fill) + dj * pixel(x, plane, H, W, top, left + 1, fill)) +
            di *
              ((1 - dj) * pixel(x, plane, H, W, top + 1, left, fill) +
                dj * pixel(x, plane, H, W, top + 1, left + 1, fill));
        }
        out[p + c * H * W] = value;
      }
    }
  }
}

function pixel(x: Floats, plane: number, H: number, W: number, i: number, j: number, fill: number): number {
  return i >= 0 && i < H && j >= 0 && j < W ? x[plane + i * W + j] : fill;
}

function turn(angle: number): readonly [cos: number, sin: number] {
  return [Math.cos(angle), Math.sin(angle)];
}

/** Cosine and sine of a number of right angles. */
function quarter(angles: number): readonly [cos: number, sin: number] {
  const turns = ((angles % 4) + 4) % 4;
  return [[1, 0, -1, 0][turns], [0, 1, 0, -1][turns]];
}
