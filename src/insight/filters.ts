import { checkCount, hostValues, type NDArray, sizeOf } from '../arrays/index.js';
import { Module } from '../nn/index.js';
import { changeOf, type Inspected, parametersOf } from './parameters.js';

/** The weights that a model looks at images with, as small images. */
export interface Filters {
  /** The parameter's name. */
  readonly name: string;
  /** Filters that are shown, the first ones of `total`. */
  readonly count: number;
  readonly total: number;
  readonly height: number;
  readonly width: number;
  /** 1 or 3. */
  readonly channels: number;
  /** Filter by filter, row by row, channels last: `count · height · width · channels` values from 0 to 255. */
  readonly pixels: Uint8Array;
  /** How the filters have changed since an earlier copy; null without one. */
  readonly change: FilterChange | null;
}

/** How filters have changed. */
export interface FilterChange {
  /** The differences, laid out as `pixels`. */
  readonly pixels: Uint8Array;
  /** `‖w − earlier‖ / ‖w‖` of each filter; null where a filter is zero. */
  readonly relative: readonly (number | null)[];
}

/** What {@link filtersOf} is told beside the model. */
export interface FiltersOptions {
  /** Shape of an image without the axis of the batch, [C, H, W] or [H, W]. A linear layer's rows need it. */
  inputShape?: readonly number[];
  /** From {@link filterWeights} at an earlier time. Default: nothing to compare with. */
  earlier?: FilterWeights | null;
  /** How many filters are shown at most. Default 64. */
  most?: number;
}

/** The weights themselves. */
export interface FilterWeights {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly total: number;
  /** A copy of the first filters, laid out as the pixels. */
  readonly values: Float32Array;
}

/** Filters that are shown unless one says otherwise: a large layer has thousands. */
const MOST = 64;

/**
 * The filters of the first layer as images: those of a convolution over 1 or 3 channels, or the rows of a linear layer
 * over the pixels of an image. Each is scaled by itself from its minimum, black, to its maximum, as `visualizeGrid`
 * does; one whose values are all the same, or not finite, is black.
 *
 * @returns Null if the model has no such weights.
 */
export function filtersOf(model: Inspected, options: FiltersOptions = {}): Filters | null {
  const weights = filterWeights(model, options);
  if (weights === null) return null;
  const { name, height, width, channels, total, values } = weights;
  const size = height * width * channels;
  const count = values.length / size;
  const { earlier = null } = options;
  const comparable = earlier?.name === name && earlier.values.length === values.length;
  const change = comparable ? changeSince(values, earlier.values, size) : null;
  return { name, count, total, height, width, channels, pixels: scaled(values, size), change };
}

/** A copy of the weights that {@link filtersOf} shows: to compare with later. Null if there are none. */
export function filterWeights(
  model: Inspected,
  { inputShape, most = MOST }: FiltersOptions = {},
): FilterWeights | null {
  checkCount('filtersOf', 'most', most, 1);
  const isModule = model instanceof Module;
  const grouped = isModule ? groupedWeights(model) : new Set<NDArray>();
  for (const { name, values } of parametersOf(model)) {
    const { shape } = values;
    const isImage = shape.length === 4 && isColour(shape[1]) && shape[2] * shape[3] > 1;
    if (isImage && !grouped.has(values)) return copied(name, values, shape.slice(1), most);
    if (shape.length !== 2) continue;
    // A module's weights are (out, in), those of a classifier (in, out).
    const units = isModule ? values : values.transpose(1, 0);
    const image = imageOf(inputShape, units.shape[1]);
    if (image !== null) return copied(name, units, image, most);
  }
  return null;
}

/** Weights of convolutions in groups, whose filters see a few channels of many. */
function groupedWeights(model: Module<unknown>): Set<NDArray> {
  const grouped = new Set<NDArray>();
  for (const { groups, weight } of model.modules() as { groups?: unknown; weight?: { data?: NDArray } }[]) {
    if (typeof groups === 'number' && groups > 1 && weight?.data !== undefined) grouped.add(weight.data);
  }
  return grouped;
}

function isColour(channels: number): boolean {
  return channels === 1 || channels === 3;
}

/** [C, H, W] of images of `size` values; null if it is no image, or one of another size. */
function imageOf(inputShape: readonly number[] | undefined, size: number): readonly number[] | null {
  if (inputShape === undefined) return null;
  const image = inputShape.length === 2 ? [1, ...inputShape] : inputShape;
  const fits = image.length === 3 && isColour(image[0]) && image[1] > 1 && sizeOf(image) === size;
  return fits ? image : null;
}

/** The first units of (units, …), whose weights are (C, H, W), with the channels last. */
function copied(name: string, units: NDArray, [C, H, W]: readonly number[], most: number): FilterWeights {
  const [total, ...inside] = units.shape;
  const count = Math.min(most, total);
  const from = hostValues(units.hi(count, ...inside));
  const values = new Float32Array(from.length);
  const plane = H * W;
  for (let n = 0; n < count; n++) {
    for (let c = 0; c < C; c++) {
      const start = (n * C + c) * plane;
      for (let i = 0; i < plane; i++) values[(n * plane + i) * C + c] = from[start + i];
    }
  }
  return { name, height: H, width: W, channels: C, total, values };
}

/** Images of `size` values, each from its minimum, 0, to its maximum, 255. */
function scaled(values: Float32Array, size: number): Uint8Array {
  const pixels = new Uint8Array(values.length);
  for (let start = 0; start < values.length; start += size) {
    const image = values.subarray(start, start + size);
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const x of image) {
      low = Math.min(low, x); // NaN where one is
      high = Math.max(high, x);
    }
    if (!(high - low > 0 && high - low < Number.POSITIVE_INFINITY)) continue;
    for (let i = 0; i < size; i++) pixels[start + i] = Math.round((255 * (image[i] - low)) / (high - low));
  }
  return pixels;
}

function changeSince(now: Float32Array, earlier: Float32Array, size: number): FilterChange {
  const relative = Array.from({ length: now.length / size }, (_, n) => {
    const [start, end] = [n * size, (n + 1) * size];
    return changeOf(now.subarray(start, end), earlier.subarray(start, end));
  });
  return {
    pixels: scaled(
      now.map((w, i) => w - earlier[i]),
      size,
    ),
    relative,
  };
}
