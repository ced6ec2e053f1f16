import type { Floats } from '../../../arrays/index.js';
import type { ConvShape } from '../../types.js';
import type { Call } from '../call.js';
import { Kernel, TILE_ROW_BYTES, TILE_ROWS } from '../protocol.js';
import { planTiles, planWeights, roundUp, type TileSize } from '../winograd-plan.js';

/** Bytes of a filter of 3 × 3. */
const FILTER_BYTES = 36;

/**
 * Convolution by Winograd's tiles. Filters are taken in blocks where all at a time would need too much room. `sizes` gives the
 * integers 6 to 18 of image.ts.
 */
export function bindWinograd(call: Call, threads: number, sizes: (s: ConvShape) => number[]) {
  return {
    /**
     * The convolution of shape `s` at places in memory. `filters` are (F, C, 3, 3), or if `turned`, those of the
     * convolution that this is the gradient of: (C, F, 3, 3).
     */
    convolve(
      [x, filters, b, out]: readonly number[],
      like: Floats,
      s: ConvShape,
      size: TileSize,
      { turned, relu }: { turned: boolean; relu: boolean },
    ): void {
      const { points, filters: atATime, filterStep, tiles, items, places, outputsAt, bytes } = planTiles(s, size);
      const transformed = call.scratch(points * filterStep);
      const own = [call.scratch(bytes * threads), bytes];
      const [row, depth] = turned ? [1, s.F] : [s.C, 1];
      const geometry = [...sizes(s), size, tiles, +relu, ...places, filterStep, outputsAt];
      for (let f = 0; f < s.F; f += atATime) {
        const count = Math.min(atATime, s.F - f);
        const groups = Math.ceil(roundUp(count, TILE_ROWS) / 4);
        const from = filters + f * row * FILTER_BYTES;
        const filterSizes = [count, s.C, ...own, row, depth, +turned, filterStep, size];
        call.job(Kernel.WinogradFilters, like, groups, [from, transformed, ...filterSizes]);
        const [bias, to] = [b === 0 ? 0 : b + f * 4, out + f * s.OH * s.OW * 4];
        call.job(Kernel.WinogradForward, like, items, [x, transformed, bias, to, ...own, ...geometry, count]);
      }
    },

    /** The gradient of the filters at `dw`, from dout and x. */
    weights([dout, x, dw]: readonly number[], like: Floats, s: ConvShape, size: TileSize): void {
      const { points, filters, all, tiles, part, parts, channelPanels, ...plan } = planWeights(s, size);
      const { inputStep, gradientStep, filterStep, places, bytes } = plan;
      const [V, Y, dU] = [inputStep, gradientStep, filterStep].map((step) => call.scratch(points * step));
      const own = [call.scratch(bytes * threads), bytes];
      const geometry = [...sizes(s), size, part, ...places, inputStep, gradientStep];
      for (let f = 0; f < s.F; f += filters) {
        const count = Math.min(filters, s.F - f);
        const panels = Math.ceil(count / TILE_ROWS);
        const from = dout + f * s.OH * s.OW * 4;
        const blockItems = (channelPanels + Math.ceil(panels / 2)) * parts;
        const productParts = Math.min(panels, Math.ceil((4 * threads) / points));
        for (let first = 0; first < all; first += tiles) {
          const end = Math.min(first + tiles, all);
          const block = [...own, ...geometry, first, end, parts, count];
          call.job(Kernel.WinogradBlock, like, blockItems, [x, from, V, Y, ...block]);
          const product = [panels, channelPanels, end - first, gradientStep, inputStep, filterStep, +(first > 0)];
          call.job(Kernel.WinogradProducts, like, points * productParts, [Y, V, dU, ...product, productParts]);
        }
        const to = dw + f * s.C * FILTER_BYTES;
        const row = channelPanels * TILE_ROW_BYTES;
        call.job(Kernel.WinogradWeights, like, count, [dU, to, s.C, row, ...own, filterStep, size]);
      }
    },
  };
}
