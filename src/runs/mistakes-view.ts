import { hostValues, type NDArray, Random } from '../arrays/index.js';
import { resize } from '../data/transforms/index.js';
import { base64, channelsLast, type Mistake } from '../insight/index.js';
import type * as page from '../ui/protocol.js';

/** The longest side of a picture in a report, in pixels. */
const MOST_SIDE = 96;

/**
 * The sheet of mistakes.
 *
 * @param pictures - Of the mistakes, (n, C, H, W), values 0 to 255; null where examples are no pictures.
 */
export function mistakesView(
  mistakes: readonly Mistake[],
  pictures: NDArray | null,
  { examples, wrong }: { readonly examples: number; readonly wrong: number },
): page.MistakesView {
  const small = pictures === null || mistakes.length === 0 ? null : reduced(pictures);
  const [, channels, height, width] = small?.shape ?? [0, 1, 0, 0];
  return {
    ...{ height, width, channels, examples, wrong },
    items: mistakes.map(({ index, label, predicted, probability }, i) => ({
      ...{ index, label, predicted, probability },
      pixels: small === null ? null : base64(bytesOf(small, i)),
    })),
  };
}

/** Resizing draws no number. */
const NONE = new Random(0);

/** Pictures none of whose sides is longer than {@link MOST_SIDE}. */
function reduced(pictures: NDArray): NDArray {
  const [, , H, W] = pictures.shape;
  const scale = MOST_SIDE / Math.max(H, W);
  if (scale >= 1) return pictures;
  return resize([Math.max(1, Math.round(H * scale)), Math.max(1, Math.round(W * scale))])(pictures, NONE);
}

/** The bytes of picture `n`, of (N, C, H, W), with the channels of a pixel side by side. */
function bytesOf(pictures: NDArray, n: number): Uint8Array {
  const [, C, H, W] = pictures.shape;
  const values = hostValues(pictures).subarray(n * C * H * W, (n + 1) * C * H * W);
  return channelsLast(values, H * W, (value) => Math.min(255, Math.max(0, Math.round(value))));
}
