import {
  dtypeOf,
  empty,
  hostRoom,
  hostValues,
  type OptionsOf,
  option,
  type Random,
  settingsOf,
} from '../../arrays/index.js';
import { type PerAxis, perAxis } from '../../layers/index.js';
import { type Region, resample } from './resample.js';
import { drawShape, pairOf, randomTransform, type Transform } from './transform.js';

const RANDOM_RESIZED_CROP = {
  /** Least and largest area of the part, as a share of the image's. Default [0.08, 1]. */
  scale: option<readonly [least: number, most: number]>([0.08, 1], pairOf('share of the area', 0, 1)),
  /** Least and largest proportion of width to height. Default [3/4, 4/3]. */
  ratio: option<readonly [least: number, most: number]>([3 / 4, 4 / 3], pairOf('proportion')),
};

/** Options of {@link randomResizedCrop}. */
export interface RandomResizedCropOptions extends OptionsOf<typeof RANDOM_RESIZED_CROP> {}

/**
 * A part of each image, of an area, a proportion and a place of its own, resized (bilinear, with antialiasing): what
 * nets for ImageNet are trained with. Values of any range.
 *
 * @param size - Height and width of the result: a number for both, or [height, width].
 * @returns A transform of images (N, C, H, W) into new ones of (N, C, height, width).
 * @throws {RangeError} if a size is not a whole number ≥ 1, or a range not two numbers in order.
 * @see torchvision.transforms.RandomResizedCrop; Szegedy et al. 2015, Going Deeper with Convolutions, section 6
 */
export function randomResizedCrop(size: PerAxis, options: RandomResizedCropOptions = {}): Transform {
  const fn = 'randomResizedCrop';
  const { scale, ratio } = settingsOf(fn, RANDOM_RESIZED_CROP, options);
  const [height, width] = perAxis(fn, 'size', size, 1);

  return randomTransform(fn, [size, options], (X, { N, C, H, W }, random) => {
    const x = hostValues(X);
    const out = empty([N, C, height, width], dtypeOf(X));
    const room = hostRoom(out);
    for (let n = 0; n < N; n++) {
      const region = drawRegion(random, H, W, scale, ratio);
      resample(x, n * C * H * W, C, [H, W], region, room, n * C * height * width, [height, width]);
    }
    return out;
  });
}

type Bounds = readonly [least: number, most: number];

/** A part of an image at random; after ten that do not fit, the middle of it in the nearest proportion. */
function drawRegion(random: Random, H: number, W: number, scale: Bounds, ratio: Bounds): Region {
  const drawn = drawShape(random, H, W, scale, ratio, ([height, width]) => {
    return height > 0 && width > 0 && height <= H && width <= W;
  });
  if (drawn !== null) return drawn;
  const proportion = W / H;
  const height = proportion < ratio[0] ? Math.min(H, Math.max(1, Math.round(W / ratio[0]))) : H;
  const width = proportion > ratio[1] ? Math.min(W, Math.max(1, Math.round(H * ratio[1]))) : W;
  return { top: Math.floor((H - height) / 2), left: Math.floor((W - width) / 2), height, width };
}
