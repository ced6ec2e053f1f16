import { array, FINITE, hostRoom, type OptionsOf, option, type Range, settingsOf } from '../../arrays/index.js';
import { checkChannels, drawShape, PROBABILITY, pairOf, randomTransform, type Transform } from './transform.js';

const VALUE: Range = {
  allows: (value) => value === 'random' || FINITE.allows(value) || (Array.isArray(value) && value.every(FINITE.allows)),
  expected: "a finite number, a list of one to a channel, or 'random'",
  Kind: RangeError,
};

const RANDOM_ERASING = {
  /** Probability that an image loses a part. Default 0.5. */
  p: option(0.5, PROBABILITY),
  /** Least and largest area of the part, as a share of the image's. Default [0.02, 0.33]. */
  scale: option<readonly [least: number, most: number]>([0.02, 0.33], pairOf('share of the area', 0, 1)),
  /** Least and largest proportion of height to width. Default [0.3, 3.3]. */
  ratio: option<readonly [least: number, most: number]>([0.3, 3.3], pairOf('proportion')),
  /**
   * What is there instead: a number, one to each channel, or `'random'`, standard normal numbers of their own for each
   * value, which suit normalized images. Default 0, the mean where that has been subtracted.
   */
  value: option<number | readonly number[] | 'random'>(0, VALUE),
};

/** Options of {@link randomErasing}. */
export interface RandomErasingOptions extends OptionsOf<typeof RANDOM_ERASING> {}

/**
 * Each image, with probability `p`, without a rectangle of it. The rectangle lies within the image and is smaller than
 * it on both axes; where ten in turn would not be, the image stays whole. Values of any range.
 *
 * @returns A transform of images (N, C, H, W) into new ones of that shape.
 * @throws {RangeError} if an option is out of its range; {@link ShapeError} if there are not as many values as
 *   channels.
 * @see Zhong et al. 2017, Random Erasing Data Augmentation; torchvision.transforms.RandomErasing
 */
export function randomErasing(options: RandomErasingOptions = {}): Transform {
  const fn = 'randomErasing';
  const { p, scale, ratio, value } = settingsOf(fn, RANDOM_ERASING, options);
  const values = Array.isArray(value) ? [...value] : value;

  return randomTransform(fn, [options], (X, { N, C, H, W }, random) => {
    if (Array.isArray(values)) checkChannels(fn, 'value', values, C);
    const out = array(X);
    const room = hostRoom(out);
    const chances = random.rand([N], 'float64').data;
    for (let n = 0; n < N; n++) {
      if (chances[n] >= p) continue;
      // Of torchvision's RandomErasing the proportion is that of height to width.
      const drawn = drawShape(random, W, H, scale, ratio, ([width, height]) => height < H && width < W);
      if (drawn === null) continue;
      const { top: left, left: top, height: width, width: height } = drawn;
      for (let c = 0; c < C; c++) {
        for (let i = top; i < top + height; i++) {
          const row = ((n * C + c) * H + i) * W;
          if (values === 'random') room.set(random.randn([width], 'float64').data, row + left);
          else room.fill(Array.isArray(values) ? values[c] : (values as number), row + left, row + left + width);
        }
      }
    }
    return out;
  });
}
