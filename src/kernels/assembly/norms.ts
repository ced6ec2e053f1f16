import { CHUNK } from "../wasm/protocol";
import { integer, numberSplat, pointer } from "./job";
import { addWide, lanes, larger, loadUpTo, storeUpTo, sumOfPair } from "./simd";

// Norms of all values of an array, and bounds on them. One item is a chunk of values.

/** Where the item's values end. */
// @ts-ignore: decorator
@inline function end(item: i32, length: i32): i32 {
  return min(length, (item + 1) * CHUNK);
}

/** partial[item] = Σ |x| over the item's chunk, summed in float64. */
export function sumAbs<T>(item: i32): void {
  const x = pointer(0), partial = pointer(1), stop = end(item, integer(2));
  let sum = f64x2.splat(0);
  for (let i = item * CHUNK; i < stop; i += lanes<T>()) {
    sum = addWide<T>(sum, v128.abs<T>(loadUpTo<T>(x + <usize>i * sizeof<T>(), stop - i)));
  }
  store<f64>(partial + (<usize>item << 3), sumOfPair(sum));
}

/** partial[item] = the largest |x| of the item's chunk; NaN is the largest. */
export function maxAbs<T>(item: i32): void {
  const x = pointer(0), partial = pointer(1), stop = end(item, integer(2));
  let largest = v128.splat<T>(0);
  for (let i = item * CHUNK; i < stop; i += lanes<T>()) {
    largest = larger<T>(largest, v128.abs<T>(loadUpTo<T>(x + <usize>i * sizeof<T>(), stop - i)));
  }
  let result: T = v128.extract_lane<T>(largest, 0);
  result = max<T>(result, v128.extract_lane<T>(largest, 1));
  if (sizeof<T>() == 4) {
    result = max<T>(result, v128.extract_lane<T>(largest, 2));
    result = max<T>(result, v128.extract_lane<T>(largest, 3));
  }
  store<f64>(partial + (<usize>item << 3), <f64>result);
}

/** x = min(max(x, −limit), limit); NaN stays NaN. Numbers: limit. */
export function clamp<T>(item: i32): void {
  const x = pointer(0), stop = end(item, integer(1)), limit = numberSplat<T>(0);
  const low = v128.neg<T>(limit);
  for (let i = item * CHUNK; i < stop; i += lanes<T>()) {
    const at = x + <usize>i * sizeof<T>();
    storeUpTo<T>(at, v128.pmin<T>(v128.pmax<T>(loadUpTo<T>(at, stop - i), low), limit), stop - i);
  }
}
