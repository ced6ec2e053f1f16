import type { Random } from '../arrays/index.js';
import { IMAGE_BYTES } from './cifar10-files.js';

const SIDE = 32;
const PLANE = SIDE * SIDE;

/**
 * The distance of a point to a shape's edge, negative inside. The shape fills most of the square −1 … 1; v points
 * down.
 */
type Shape = (u: number, v: number) => number;

const square = (u: number, v: number): number => Math.max(Math.abs(u), Math.abs(v));
// Not Math.hypot, whose last bit is left to the engine: the same seed gives the same bytes everywhere.
const radius = (u: number, v: number): number => Math.sqrt(u * u + v * v);

/** Half a period of the stripes and a side of the checks. */
const STRIPE = 0.55;

/** Rises and falls between −1 and 1 with the period of the stripes: their edges are where it crosses zero. */
function wave(t: number): number {
  const phase = t / (2 * STRIPE);
  return 4 * Math.abs(phase - Math.floor(phase) - 0.5) - 1;
}

const stripes = (along: number, u: number, v: number): number =>
  Math.max(square(u, v) - 0.95, (STRIPE / 2) * wave(along));

/** The ten shapes, by the name of their class. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  disc: (u, v) => radius(u, v) - 0.95,
  ring: (u, v) => Math.abs(radius(u, v) - 0.75) - 0.22,
  square: (u, v) => square(u, v) - 0.85,
  frame: (u, v) => Math.abs(square(u, v) - 0.7) - 0.2,
  triangle: (u, v) => Math.max(v - 0.75, 0.87 * Math.abs(u) - 0.5 * v - 0.5),
  cross: (u, v) => Math.max(square(u, v) - 0.95, Math.min(Math.abs(u), Math.abs(v)) - 0.28),
  rows: (u, v) => stripes(v, u, v),
  columns: (u, v) => stripes(u, u, v),
  diagonals: (u, v) => stripes((u + v) * Math.SQRT1_2, u, v),
  checks: (u, v) => Math.max(square(u, v) - 0.95, (STRIPE / 2) * wave(u) * wave(v)),
};

/** Standard normal numbers that pictures take their noise from, each from a place of its own: quicker than new ones. */
export function drawNoise(random: Random): Float32Array {
  return random.randn([64 * IMAGE_BYTES]).data as Float32Array;
}

/**
 * Draws one picture: a shape on a plain ground, both of random colours, at a random place, size and tilt, under noise.
 *
 * The shape is lighter than its ground more often than darker, but far from always. So single pixels say little of the
 * class, which is what keeps a linear classifier from it.
 *
 * @param shape - Of {@link SHAPES}.
 * @param random - Gives this picture its twelve numbers.
 * @param noise - From {@link drawNoise}.
 * @param out - The picture as planes of red, green and blue; 3,072 values from 0 to 255.
 */
export function drawShape(shape: Shape, random: Random, noise: Float32Array, out: Uint8ClampedArray): void {
  const uniform = random.rand([12], 'float64').data;
  const between = (i: number, low: number, high: number): number => low + uniform[i] * (high - low);

  const centreX = between(0, 13, 19); // pixels
  const centreY = between(1, 13, 19);
  const size = between(2, 6, 11); // pixels
  const tilt = between(3, -0.35, 0.35); // tangent of the angle
  const lighter = uniform[4] < 0.9 ? 1 : -1;
  const noiseAt = Math.floor(between(5, 0, noise.length - IMAGE_BYTES));

  const cos = 1 / Math.sqrt(1 + tilt * tilt);
  const sin = tilt * cos;
  const covered = new Float64Array(PLANE);
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const x = (column + 0.5 - centreX) / size;
      const y = (row + 0.5 - centreY) / size;
      const distance = size * shape(cos * x + sin * y, cos * y - sin * x);
      // Across a pixel's width the edge goes over from outside to inside.
      covered[row * SIDE + column] = Math.min(1, Math.max(0, 0.5 - distance));
    }
  }
  for (let channel = 0; channel < 3; channel++) {
    const middle = between(6 + channel, 88, 168);
    const contrast = lighter * between(9 + channel, 10, 40);
    const at = channel * PLANE;
    for (let p = 0; p < PLANE; p++) {
      out[at + p] = middle + contrast * (2 * covered[p] - 1) + 50 * noise[noiseAt + at + p];
    }
  }
}
