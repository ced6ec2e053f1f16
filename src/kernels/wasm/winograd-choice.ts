import type { ConvShape } from '../types.js';
import { TILE_ROWS } from './protocol.js';
import { cutFilters, gridsOf, pointsOf, roundUp, type TileInputs } from './winograd-plan.js';

/** The passes of a convolution, each of which goes its own way. */
export type ConvolutionPass = 'forward' | 'input' | 'weights';

/**
 * Which tiles a pass over float32 images goes by, or null for products of packed windows. The shape is that of the
 * convolution that the pass computes: for the gradient of the images, that of the turned filters.
 */
export type ChooseTiles = (pass: ConvolutionPass, shape: ConvShape) => TileInputs | null;

/** Products alone. */
export const noTiles: ChooseTiles = () => null;

/**
 * Whether a convolution can go by tiles of so many inputs: at stride 1, and padded by no more than its filters reach.
 */
export function takesTiles({ HH, WW, strideH, strideW, padH, padW }: ConvShape, inputs: TileInputs): boolean {
  if (strideH !== 1 || strideW !== 1 || padH >= HH || padW >= WW) return false;
  return inputs === 8 || (HH === 3 && WW === 3);
}

/** What transforming a tile of a channel and what transforming a filter takes, in multiplications of the product. */
const TRANSFORMS = { 4: { tile: 110, filter: 200 }, 6: { tile: 450, filter: 450 }, 8: { tile: 600, filter: 2400 } };

/** Convolutions that cost less, 40 µs on one core, stay as exact as they can be: there is no time to gain. */
const LEAST_COST = 1e6;

/** The tiles that take the least time, as far as counting tells. */
export const fastestTiles: ChooseTiles = (pass, s) => {
  let least = productsCost(pass, s),
    best: TileInputs | null = null;
  if (Math.min(s.C, s.F) < 3 || least < LEAST_COST) return null;
  for (const inputs of [4, 6, 8] as const) {
    const cost = takesTiles(s, inputs) ? tilesCost(pass, s, inputs) : Number.POSITIVE_INFINITY;
    if (cost < least) [least, best] = [cost, inputs];
  }
  return best;
};

/**
 * What a pass costs by tiles. Costs count multiplications of the product's tile, of which a core of a 3 GHz EPYC does
 * 26 in a nanosecond (Node 20, relaxed SIMD). They were compared with measured times on 30 shapes of 3 to 512 channels,
 * 1 × 1 to 32 × 32 pixels and batches of 1 to 64. So, in ms on one core, by products, F(2×2) and F(4×4):
 *
 *     N × C × H × W, F          forward               images                filters
 *     64 × 32 × 32 × 32, 32     25.4   21.4   10.4    25.1   24.6   10.4    29.0   24.5   12.6
 *     64 × 64 × 16 × 16, 64     21.5          8.1     23.6          8.2     22.5          9.0
 *     64 × 128 × 8 × 8, 128     21.1   14.0   6.7     23.0   13.0   6.7     26.2   12.8   8.0
 *     64 × 16 × 32 × 32, 16     7.5    6.1    3.8     7.6    6.4    4.0     9.6    7.8    4.8
 *     64 × 3 × 32 × 32, 32      2.7    5.0    2.8     6.7    6.3    3.9     4.0    11.0   5.4
 *     64 × 64 × 6 × 6, 64       5.1    1.9    1.9     5.1    1.9    1.9     4.6    2.1    2.1
 *     64 × 64 × 2 × 2, 64       0.92   0.24   0.50    0.94   0.24   0.51    1.27   0.29   0.56
 *     1 × 256 × 8 × 8, 256      1.5    1.2    1.7     2.2    1.3    1.9     1.6    1.3    1.7
 *     1 × 256 × 4 × 4, 256      0.5    0.8    1.8     1.2    0.9    2.2     0.6    0.9    1.5
 *
 * and with larger filters by products and F(4×4, 5×5), on a core of a Zen 5, which does 33 in a nanosecond. Of the
 * passes of 26 such shapes three go the slower way, such as the last one here:
 *
 *     N × C × H × W, F, size           forward          images           filters
 *     64 × 32 × 32 × 32, 32, 5 × 5     59.2   12.4      59.7   12.4      53.4   14.4
 *     64 × 128 × 8 × 8, 128, 5 × 5     52.8   10.7      53.8   11.4      57.5   12.2
 *     64 × 3 × 32 × 32, 32, 5 × 5       5.0    3.1       6.2    4.1       5.4    4.9
 *     50 × 3 × 32 × 32, 32, 7 × 7       7.3    4.1       9.4    9.9       7.8    5.9
 *     64 × 6 × 14 × 14, 16, 5 × 5       1.1    0.5       1.2    0.5       1.0    0.7
 *     1 × 256 × 8 × 8, 256, 5 × 5       4.3    6.1       7.8    7.6       3.6    4.0
 *     4 × 64 × 14 × 14, 64, 7 × 7       5.7    3.9       6.2    4.1       5.6    7.2
 */
function tilesCost(pass: ConvolutionPass, s: ConvShape, inputs: TileInputs): number {
  const { tile, filter } = TRANSFORMS[inputs];
  const { channels } = cutFilters(s, inputs);
  let cost = s.F * channels * filter;
  for (const grid of gridsOf(s, inputs)) {
    const all = s.N * grid.down * grid.across;
    // Eight tiles make a panel; in the gradient of the filters eight channels do, or the last four.
    const [across, deep] = pass === 'weights' ? [all, roundUp(channels, 4)] : [roundUp(all, 8), channels];
    cost += pointsOf(grid, inputs) * across * deep * rows(s.F) + all * (channels + s.F) * tile;
  }
  return cost;
}

function productsCost(pass: ConvolutionPass, { N, C, F, HH, WW, OH, OW }: ConvShape): number {
  // Packing a window takes four multiplications for each of its values; gathering by phases, for images of up to three
  // channels, two.
  const each = pass === 'input' && F <= 3 ? F + 2 : rows(F) + 4;
  return N * roundUp(OH * OW, 8) * C * HH * WW * each;
}

/** Rows of panels of six, of which one or two left over take as long as four. */
function rows(F: number): number {
  return F % TILE_ROWS === 1 || F % TILE_ROWS === 2 ? F - (F % TILE_ROWS) + 4 : roundUp(F, TILE_ROWS);
}
