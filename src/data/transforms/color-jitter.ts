import {
  AMOUNT,
  argumentError,
  array,
  type Floats,
  hostRoom,
  type OptionsOf,
  option,
  POSITIVE,
  type Range,
  ShapeError,
  settingsOf,
} from '../../arrays/index.js';
import { randomTransform, type Transform } from './transform.js';

type Amount = number | readonly [least: number, most: number];

/** A number up to `most`, or two in order, from `least` to `limit`. */
function amount(most: number, least: number, limit: number, expected: string): Range {
  const isBound = (n: unknown): boolean => Number.isFinite(n) && (n as number) >= least && (n as number) <= limit;
  return {
    allows: (value) =>
      (AMOUNT.allows(value) && (value as number) <= most) ||
      (Array.isArray(value) && value.length === 2 && value.every(isBound) && value[0] <= value[1]),
    expected,
    Kind: RangeError,
  };
}

const FACTOR = amount(Infinity, 0, Infinity, 'a number ≥ 0, or [least, largest] factor ≥ 0');

const COLOR_JITTER = {
  /** Brightness is multiplied by a factor from max(0, 1 − b) to 1 + b, or from [least, largest]. Default 0. */
  brightness: option<Amount>(0, FACTOR),
  /** The same for the distance from the image's mean grey. Default 0. */
  contrast: option<Amount>(0, FACTOR),
  /** The same for the distance from each pixel's own grey. Default 0. */
  saturation: option<Amount>(0, FACTOR),
  /** The hue is turned by −h to h, or [least, largest], of the circle of colours: h at most 0.5. Default 0. */
  hue: option<Amount>(0, amount(0.5, -0.5, 0.5, 'a number from 0 to 0.5, or [least, largest] from -0.5 to 0.5')),
  /** The value of full brightness: pixels are from 0 to that. Default 255. */
  max: option(255, POSITIVE),
};

/** Options of {@link colorJitter}. */
export interface ColorJitterOptions extends OptionsOf<typeof COLOR_JITTER> {}

/** Weights of red, green and blue in grey, as torchvision's (ITU-R 601-2). */
const [RED, GREEN, BLUE] = [0.2989, 0.587, 0.114];

/**
 * Each image in other colours: brightness, contrast, saturation and hue by factors of its own, in an order of its own.
 *
 * Pixels are from 0 to `max`, and results are cut to that: apply it before a mean is subtracted. Grey images (C = 1)
 * change in brightness and contrast only.
 *
 * @returns A transform of images (N, 3, H, W) or (N, 1, H, W) into new ones of that shape.
 * @throws {RangeError} if an option is out of its range; {@link ShapeError} if there are neither 3 channels nor 1.
 * @see torchvision.transforms.ColorJitter
 */
export function colorJitter(options: ColorJitterOptions = {}): Transform {
  const fn = 'colorJitter';
  const { brightness, contrast, saturation, hue, max } = settingsOf(fn, COLOR_JITTER, options);
  const ranges = [...[brightness, contrast, saturation].map((b) => bounds(b, 1)), bounds(hue, 0)];

  return randomTransform(fn, [options], (X, { N, C, H, W }, random) => {
    if (C !== 3 && C !== 1) {
      const [found, expected] = [`has ${C} channels`, '3 (red, green, blue) or 1 (grey)'];
      throw argumentError(ShapeError, { fn, arg: 'X', found, expected });
    }
    const out = array(X);
    const room = hostRoom(out);
    const chances = random.rand([N, ranges.length], 'float64').data;
    for (let n = 0; n < N; n++) {
      const image = room.subarray(n * C * H * W, (n + 1) * C * H * W);
      for (const change of random.permutation(ranges.length)) {
        const [least, most] = ranges[change];
        const factor = least + chances[n * ranges.length + change] * (most - least);
        if (change === 3) {
          if (C === 3 && factor !== 0) turnHue(image, factor);
        } else if (factor !== 1) {
          if (change === 0) blend(image, 0, factor, max);
          else if (change === 1) blend(image, meanGrey(image, C), factor, max);
          else if (C === 3) saturate(image, factor, max);
        }
      }
    }
    return out;
  });
}

function bounds(amount: Amount, neutral: number): readonly [least: number, most: number] {
  if (typeof amount !== 'number') return [amount[0], amount[1]];
  return [neutral === 0 ? -amount : Math.max(0, neutral - amount), neutral + amount];
}

/** image = factor · image + (1 − factor) · other, cut to [0, max]. */
function blend(image: Floats, other: number, factor: number, max: number): void {
  const shift = (1 - factor) * other;
  for (let p = 0; p < image.length; p++) image[p] = cut(factor * image[p] + shift, max);
}

/** Without a branch, which noise in an image would have predicted wrongly: two thirds of the time. */
function cut(value: number, max: number): number {
  return Math.min(Math.max(value, 0), max);
}

function meanGrey(image: Floats, C: number): number {
  const S = image.length / C;
  let sum = 0;
  if (C === 1) for (let p = 0; p < S; p++) sum += image[p];
  else for (let p = 0; p < S; p++) sum += RED * image[p] + GREEN * image[p + S] + BLUE * image[p + 2 * S];
  return sum / S;
}

/** {@link blend} with each pixel's own grey. */
function saturate(image: Floats, factor: number, max: number): void {
  const S = image.length / 3;
  for (let p = 0; p < S; p++) {
    const r = image[p];
    const g = image[p + S];
    const b = image[p + 2 * S];
    const shift = (1 - factor) * (RED * r + GREEN * g + BLUE * b);
    image[p] = cut(factor * r + shift, max);
    image[p + S] = cut(factor * g + shift, max);
    image[p + 2 * S] = cut(factor * b + shift, max);
  }
}

/**
 * Turns the hue by `shift` of a circle, from RGB to HSV and back. Value and saturation stay, so a channel of the result
 * lies between the least and the largest of the pixel's three.
 */
function turnHue(image: Floats, shift: number): void {
  const S = image.length / 3;
  for (let p = 0; p < S; p++) {
    const r = image[p];
    const g = image[p + S];
    const b = image[p + 2 * S];
    const high = r > g ? (r > b ? r : b) : g > b ? g : b;
    const low = r < g ? (r < b ? r : b) : g < b ? g : b;
    const range = high - low;
    if (range === 0) continue;
    // In sixths of the circle: red 0, green 2, blue 4.
    let hue = high === r ? (g - b) / range : high === g ? 2 + (b - r) / range : 4 + (r - g) / range;
    hue += 6 * shift;
    if (hue < 0) hue += 6;
    else if (hue >= 6) hue -= 6;
    image[p] = channel(hue, 5, high, range);
    image[p + S] = channel(hue, 3, high, range);
    image[p + 2 * S] = channel(hue, 1, high, range);
  }
}

/** Of a hue in [0, 6): V − V · S · max(0, min(k, 4 − k, 1)), k = (n + H / 60°) mod 6: the formula of HSV's inverse. */
function channel(hue: number, n: number, high: number, range: number): number {
  let k = n + hue;
  if (k >= 6) k -= 6;
  const share = k < 2 ? k : 4 - k;
  return high - range * (share > 1 ? 1 : share > 0 ? share : 0);
}
