import type { Floats } from '../../../arrays/index.js';
import type { ConvShape } from '../../types.js';
import type { Call } from '../call.js';
import { Kernel } from '../kernel.generated.js';
import { TILE_ROW_BYTES, TILE_ROWS } from '../protocol.js';
import { gridIntegers, planTiles, planWeights, roundUp, type TileInputs } from '../winograd-plan.js';

/**
 * Convolution by Winograd's tiles. Filters are taken in blocks where all at a time would need too much room. `sizes`
 * gives the integers 6 to 18 of image.ts.
 */
export function bindWinograd(call: Call, threads: number, sizes: (s: ConvShape) => number[]) {
  return {
    /**
     * The convolution of shape `s` at places in memory. `filters` are (F, C, HH, WW), or if `turned`, those of the
     * convolution that this is the gradient of: (C, F, HH, WW).
     */
    convolve(
      [x, filters, b, out]: readonly number[],
      like: Floats,
      s: ConvShape,
      inputs: TileInputs,
      { turned, relu }: { turned: boolean; relu: boolean },
    ): void {
      const { points, filters: atATime, pieces, filterStep, tiles, items, places, ...plan } = planTiles(s, inputs);
      const { bytes } = plan;
      const transformed = call.scratch(points * filterStep);
      const geometry = [call.scratch(bytes * threads), bytes, ...sizes(s), inputs, tiles, ...pieces, ...plan.grids];
      const [row, channel] = turned ? [1, s.F] : [s.C, 1];
      for (let f = 0; f < s.F; f += atATime) {
        const count = Math.min(atATime, s.F - f);
        const groups = Math.ceil(roundUp(count, TILE_ROWS) / 4);
        const from = filters + f * row * s.HH * s.WW * 4;
        const rows = [count, row, channel, +turned, filterStep];
        call.job(Kernel.WinogradFilters, like, groups, [from, transformed, 0, 0, ...geometry, ...rows]);
        const [bias, to] = [b === 0 ? 0 : b + f * 4, out + f * s.OH * s.OW * 4];
        const forward = [+relu, ...places, filterStep, count, ...plan.gridIntegers];
        call.job(Kernel.WinogradForward, like, items, [x, transformed, bias, to, ...geometry, ...forward]);
      }
    },

    /** The gradients of the filters at `dw` and of the biases at `db`, unless that is 0, from dout and x. */
    weights([dout, x, dw, db]: readonly number[], like: Floats, s: ConvShape, inputs: TileInputs): void {
      const { points, filters, blocks, parts, pieces, channels, channelPanels, ...plan } = planWeights(s, inputs);
      const { inputStep, gradientStep, filterStep, places, bytes } = plan;
      const [V, Y, dU] = [inputStep, gradientStep, filterStep].map((step) => call.scratch(points * step));
      const own = [call.scratch(bytes * threads), bytes, ...sizes(s), inputs];
      const sums = db === 0 ? 0 : call.scratch(roundUp(filters, TILE_ROWS) * 8);
      for (let f = 0; f < s.F; f += filters) {
        const count = Math.min(filters, s.F - f);
        const panels = Math.ceil(count / TILE_ROWS);
        const from = dout + f * s.OH * s.OW * 4;
        const blockItems = (channelPanels + Math.ceil(panels / 2)) * parts;
        const productParts = Math.min(panels, Math.ceil((4 * threads) / points));
        let add = 0;
        for (const { grid, part, first, end } of blocks) {
          const geometry = [...own, part, ...pieces, 0, 0];
          const block = [...places, inputStep, gradientStep, first, end, parts, count, ...gridIntegers(grid, 0)];
          call.job(Kernel.WinogradBlock, like, blockItems, [x, from, V, Y, ...geometry, ...block]);
          const product = [count, channels, end - first, gradientStep, inputStep, filterStep, add];
          const whole = [+(grid.height !== 3), +(grid.width !== 3)];
          const integers = [Y, V, dU, ...product, productParts, sums, inputs, ...whole];
          call.job(Kernel.WinogradProducts, like, points * productParts, integers);
          add = 1;
        }
        const to = dw + f * s.C * s.HH * s.WW * 4;
        const row = channelPanels * TILE_ROWS * TILE_ROW_BYTES;
        const biases = db === 0 ? 0 : db + f * 4;
        const geometry = [...own, 0, ...pieces, 0, 0];
        call.job(Kernel.WinogradWeights, like, count, [dU, to, sums, biases, ...geometry, row, filterStep]);
      }
    },
  };
}
