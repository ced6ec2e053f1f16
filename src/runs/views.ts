// What insight finds, in the form in which the page and reports have it: bytes as base64, numbers that JSON has.

import { hostValues, type NDArray, Random } from '../arrays/index.js';
import { resize } from '../data/transforms/index.js';
import type {
  ActivationStatistics,
  Distribution,
  Filters,
  LayerRow,
  Mistake,
  ParameterStatistics,
} from '../insight/index.js';
import type * as page from '../ui/protocol.js';

/** The longest side of a picture in a report, in pixels. */
const MOST_SIDE = 96;

export function layerRows(rows: readonly LayerRow[]): page.LayerRow[] {
  return rows.map(({ name, type, outputShape, parameters, flops }) => ({
    name,
    kind: type,
    outputShape,
    parameters,
    flops,
  }));
}

/**
 * Statistics by layer: what each gives, and its largest parameter.
 *
 * @param activations - Null of a model that does not tell: a row is a parameter then.
 */
export function layerStats(
  activations: readonly ActivationStatistics[] | null,
  parameters: readonly ParameterStatistics[],
): page.LayerStats[] {
  if (activations === null) return parameters.map((own) => ({ name: own.name, activation: null, ...ofParameter(own) }));
  return activations.map(({ name, values }) => {
    const own = parameters.filter((parameter) => isOf(parameter.name, name));
    const sizeOf = ({ shape }: ParameterStatistics): number => shape.reduce((size, length) => size * length, 1);
    const largest = own.reduce<ParameterStatistics | null>((most, one) => {
      return most === null || sizeOf(one) > sizeOf(most) ? one : most;
    }, null);
    return { name, activation: statistics(values), ...ofParameter(largest) };
  });
}

/** Whether a parameter is one of a layer: `0.weight` of `0`, and of a classifier `W1` of `1`; all of a model `''`. */
function isOf(parameter: string, layer: string): boolean {
  if (layer === '') return true;
  return parameter.startsWith(`${layer}.`) || /^[A-Za-z]+(\d+)$/.exec(parameter)?.[1] === layer;
}

function ofParameter(parameter: ParameterStatistics | null): Omit<page.LayerStats, 'name' | 'activation'> {
  if (parameter === null) return { weight: null, gradient: null, updateRatio: null };
  const { values, gradient, updateRatio } = parameter;
  return { weight: statistics(values), gradient: gradient && statistics(gradient), updateRatio };
}

function statistics({ mean, std, min, max, zeros, histogram }: Distribution): page.Statistics {
  return { mean, std, min, max, zeros, histogram: histogram.counts };
}

export function filtersView({ count, height, width, channels, pixels, change }: Filters): page.FiltersView {
  return {
    ...{ count, height, width, channels },
    pixels: base64(pixels),
    change: change && base64(change.pixels),
    changeNorms: change?.relative ?? null,
  };
}

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
      pixels: small === null ? null : base64(channelsLast(small, i)),
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
function channelsLast(pictures: NDArray, n: number): Uint8Array {
  const [, C, H, W] = pictures.shape;
  const values = hostValues(pictures).subarray(n * C * H * W, (n + 1) * C * H * W);
  const bytes = new Uint8Array(values.length);
  for (let c = 0; c < C; c++) {
    for (let i = 0; i < H * W; i++) bytes[i * C + c] = Math.min(255, Math.max(0, Math.round(values[c * H * W + i])));
  }
  return bytes;
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
