/** Weighted sums along an axis: output i is the sum of `count[i]` inputs from `first[i]`, each times its weight. */
export interface Taps {
  readonly length: number;
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `most` for each output, of which the first `count[i]` are used. */
  readonly weights: Float64Array;
  readonly most: number;
}

/**
 * The sums that resize an axis: the triangle filter, as wide as the outputs are apart where the axis shrinks, so that a
 * pixel of the result is a mean of all pixels that it covers. Where the axis grows it is linear, where it stays it is
 * the identity.
 *
 * @param size - Pixels of the axis.
 * @param full - Pixels that it is resized to.
 * @param from - The first of these that is wanted, of `length`. Default: all.
 * @see torch.nn.functional.interpolate(mode="bilinear", antialias=True, align_corners=False), and Pillow's resize
 */
export function tapsOf(size: number, full: number, from = 0, length = full): Taps {
  const scale = size / full;
  const reach = Math.max(1, scale);
  const most = full === size ? 1 : Math.ceil(2 * reach) + 1;
  const first = new Int32Array(length);
  const count = new Int32Array(length);
  const weights = new Float64Array(length * most);
  for (let i = 0; i < length; i++) {
    const centre = scale * (from + i + 0.5);
    let begin = Math.max(0, Math.floor(centre - reach + 0.5));
    let end = Math.min(size, Math.floor(centre + reach + 0.5));
    // Pixels of weight 0 would turn an infinity beside them into NaN, and cost time.
    while (end - begin > 1 && triangle(begin, centre, reach) === 0) begin++;
    while (end - begin > 1 && triangle(end - 1, centre, reach) === 0) end--;
    let total = 0;
    for (let j = begin; j < end; j++) total += weights[i * most + j - begin] = triangle(j, centre, reach);
    for (let k = i * most; k < i * most + end - begin; k++) weights[k] /= total;
    first[i] = begin;
    count[i] = end - begin;
  }
  return { length, first, count, weights, most };
}

/** The weight of pixel j at `centre`. */
function triangle(j: number, centre: number, reach: number): number {
  return Math.max(0, 1 - Math.abs(j + 0.5 - centre) / reach);
}

/** Sizes in the proportion of H to W, the smaller of them `size`, the other rounded down as by torchvision. */
export function shorterSide(H: number, W: number, size: number): [h: number, w: number] {
  return H <= W ? [size, Math.floor((size * W) / H)] : [Math.floor((size * H) / W), size];
}

/** Half of a whole number ≥ 0, rounded to an even one as torchvision's CenterCrop does. */
export function evenHalf(n: number): number {
  const half = Math.floor(n / 2);
  return n % 2 === 0 ? half : half + (half % 2);
}
