import { rowsPerItem } from "./activations";
import { integer, pointer } from "./job";
import { lanes, larger, largerOf } from "./simd";

// Groups of `pieces` consecutive values, each of which gives its largest. Vectors go across groups: lane i holds a
// value of group i. One item is a block of groups.

/** out[g] = max of x[g·pieces …]. NaN is the largest. Arguments: the addresses of x and out; groups, `pieces`. */
export function maxout<T>(item: i32): void {
  const x = pointer(0), out = pointer(1);
  const groups = integer(2), pieces = integer(3);
  const stride = <usize>pieces * sizeof<T>();

  const stop = min(groups, (item + 1) * rowsPerItem(pieces));
  let g = item * rowsPerItem(pieces);
  for (; g + lanes<T>() <= stop; g += lanes<T>()) {
    v128.store(out + <usize>g * sizeof<T>(), largestOf<T>(x + <usize>g * stride, stride));
  }
  for (; g < stop; g++) {
    const from = x + <usize>g * stride;
    let largest = load<T>(from);
    for (let at = sizeof<T>(); at < stride; at += sizeof<T>()) largest = largerOf<T>(largest, load<T>(from + at));
    store<T>(out + <usize>g * sizeof<T>(), largest);
  }
}

/**
 * dx = dout at the first of the largest values of each group, or at its first NaN; 0 elsewhere.
 * Arguments: the addresses of dout, x and dx; groups, `pieces`.
 */
export function maxoutBackward<T>(item: i32): void {
  const dout = pointer(0), x = pointer(1), dx = pointer(2);
  const groups = integer(3), pieces = integer(4);
  const stride = <usize>pieces * sizeof<T>();

  const stop = min(groups, (item + 1) * rowsPerItem(pieces));
  let g = item * rowsPerItem(pieces);
  for (; g + lanes<T>() <= stop; g += lanes<T>()) {
    const from = <usize>g * stride;
    const largest = largestOf<T>(x + from, stride);
    // What is left to give; nothing once a value has taken it.
    let d = v128.load(dout + <usize>g * sizeof<T>());
    for (let at: usize = 0; at < stride; at += sizeof<T>()) {
      const v = gather<T>(x + from + at, stride);
      const takes = v128.or(v128.eq<T>(v, largest), v128.ne<T>(v, v));
      scatter<T>(dx + from + at, stride, v128.and(d, takes));
      d = v128.andnot(d, takes);
    }
  }
  for (; g < stop; g++) {
    const from = <usize>g * stride;
    let best = from;
    for (let at = from; at < from + stride; at += sizeof<T>()) {
      const v = load<T>(x + at);
      const held = load<T>(x + best);
      if (v > held || (v != v && held == held)) best = at;
      store<T>(dx + at, 0);
    }
    store<T>(dx + best, load<T>(dout + <usize>g * sizeof<T>()));
  }
}

/** The largest values of as many groups as there are lanes. */
// @ts-ignore: decorator
@inline function largestOf<T>(from: usize, stride: usize): v128 {
  let largest = gather<T>(from, stride);
  for (let at = sizeof<T>(); at < stride; at += sizeof<T>()) largest = larger<T>(largest, gather<T>(from + at, stride));
  return largest;
}

/** One value a lane, `stride` bytes apart. */
// @ts-ignore: decorator
@inline function gather<T>(from: usize, stride: usize): v128 {
  if (sizeof<T>() == 8) return v128.load_lane<f64>(from + stride, v128.load64_zero(from), 1);
  let v = v128.load_lane<f32>(from + stride, v128.load32_zero(from), 1);
  v = v128.load_lane<f32>(from + 2 * stride, v, 2);
  return v128.load_lane<f32>(from + 3 * stride, v, 3);
}

// @ts-ignore: decorator
@inline function scatter<T>(to: usize, stride: usize, v: v128): void {
  if (sizeof<T>() == 8) {
    v128.store_lane<f64>(to, v, 0);
    v128.store_lane<f64>(to + stride, v, 1);
  } else {
    v128.store_lane<f32>(to, v, 0);
    v128.store_lane<f32>(to + stride, v, 1);
    v128.store_lane<f32>(to + 2 * stride, v, 2);
    v128.store_lane<f32>(to + 3 * stride, v, 3);
  }
}
