import type { Floats } from '../../../arrays/index.js';
import type { ConvShape } from '../../types.js';
import type { Call } from '../call.js';
import { Kernel, TILE_ROW_BYTES, TILE_ROWS } from '../protocol.js';
import { filterStep, planTiles, planWeights, type TileSize } from '../winograd-plan.js';

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
      const { tiles, items, places, outputsAt, bytes } = planTiles(s, size);
      const points = (size + 2) ** 2;
      const step = filterStep(s.F, s.C);
      const transformed = call.scratch(points * step);
      const own = [call.scratch(bytes * threads), bytes];
      const [row, depth] = turned ? [1, s.F] : [s.C, 1];
      const groups = Math.ceil((Math.ceil(s.F / TILE_ROWS) * TILE_ROWS) / 4);
      const filterSizes = [s.F, s.C, ...own, row, depth, +turned, step, size];
      call.job(Kernel.WinogradFilters, like, groups, [filters, transformed, ...filterSizes]);
      const tail = [...sizes(s), size, tiles, +relu, ...places, step, outputsAt];
      call.job(Kernel.WinogradForward, like, items, [x, transformed, b, out, ...own, ...tail]);
    },

    /** The gradient of the filters at `dw`, from x and dout. */
    weights([dout, x, dw]: readonly number[], like: Floats, s: ConvShape, size: TileSize): void {
      const plan = planWeights(s, size);
      const { all, tiles, points, filterPanels, channelPanels, inputStep, gradientStep, filterStep } = plan;
      const [V, Y, dU] = [inputStep, gradientStep, filterStep].map((step) => call.scratch(points * step));
      const own = [call.scratch(plan.bytes * threads), plan.bytes];
      const blockItems = (channelPanels + Math.ceil(filterPanels / 2)) * plan.parts;
      const cut = [...sizes(s), size, plan.part, ...plan.places, inputStep, gradientStep];
      const productParts = Math.min(filterPanels, Math.ceil((4 * threads) / points));
      for (let first = 0; first < all; first += tiles) {
        const end = Math.min(first + tiles, all);
        call.job(Kernel.WinogradBlock, like, blockItems, [x, dout, V, Y, ...own, ...cut, first, end, plan.parts]);
        const product = [filterPanels, channelPanels, end - first, gradientStep, inputStep, filterStep, +(first > 0)];
        call.job(Kernel.WinogradProducts, like, points * productParts, [Y, V, dU, ...product, productParts]);
      }
      const row = channelPanels * TILE_ROW_BYTES;
      call.job(Kernel.WinogradWeights, like, s.F, [dU, dw, s.C, row, ...own, filterStep, size]);
    },
  };
}
