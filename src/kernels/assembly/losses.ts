import { rowsPerItem } from "./activations";
import { addHigh, addLow, rounded } from "./columns";
import { exp } from "./exp";
import { integer, number, numberSplat, pointer } from "./job";
import { log } from "./log";
import {
  addWide, firstLanes, lanes, loadPart, loadUpTo, madd, nmadd, splatAt, storePart, storeUpTo, sumOfPair, where,
} from "./simd";

// softmaxLoss and hingeLoss write each row's own loss in float64; the caller adds those up in the order of the rows.
// One item is a block of rows.

/** losses[n] = log Σ_c e^{x[n,c]} − x[n, y[n]], dx = (softmax(x) − onehot(y)) / N. Shifted by the row's maximum. */
export function softmaxLoss<T>(item: i32): void {
  const x = pointer(0);
  const y = pointer(1);
  const dx = pointer(2);
  const losses = pointer(3);
  const N = integer(4);
  const C = integer(5);

  const whole = C & -lanes<T>();
  const part = C - whole;
  const end = min(N, (item + 1) * rowsPerItem(C));
  for (let n = item * rowsPerItem(C); n < end; n++) {
    const row = x + <usize>n * C * sizeof<T>();
    const to = dx + <usize>n * C * sizeof<T>();
    const label = <usize>load<i32>(y + (<usize>n << 2)) * sizeof<T>();

    let largest = load<T>(row);
    for (let c: usize = 1; c < <usize>C; c++) largest = max<T>(largest, load<T>(row + c * sizeof<T>()));

    const shift = v128.splat<T>(largest);
    let sums = f64x2.splat(0);
    for (let c = 0; c < whole; c += lanes<T>()) {
      const at = <usize>c * sizeof<T>();
      const e = exp<T>(v128.sub<T>(v128.load(row + at), shift));
      v128.store(to + at, e);
      sums = addWide<T>(sums, e);
    }
    let sum = sumOfPair(sums);
    if (part) {
      const at = <usize>whole * sizeof<T>();
      storePart<T>(to + at, exp<T>(v128.sub<T>(loadPart<T>(row + at, part), shift)), part);
      for (let c: usize = 0; c < <usize>part; c++) sum += <f64>load<T>(to + at + c * sizeof<T>());
    }
    store<f64>(losses + (<usize>n << 3), Math.log(sum) - (<f64>load<T>(row + label) - <f64>largest));

    const scale = v128.splat<T>(<T>(1 / (sum * <f64>N)));
    for (let c = 0; c < whole; c += lanes<T>()) {
      const at = to + <usize>c * sizeof<T>();
      v128.store(at, v128.mul<T>(v128.load(at), scale));
    }
    if (part) {
      const at = to + <usize>whole * sizeof<T>();
      storePart<T>(at, v128.mul<T>(loadPart<T>(at, part), scale), part);
    }
    store<T>(to + label, load<T>(to + label) - <T>1 / <T>N);
  }
}

/**
 * losses[n] = Σ_{c≠y} max(0, x[n,c] − x[n,y] + 1); dx has 1/divisor for each positive margin, minus their count at y.
 * Numbers: the divisor.
 */
export function hingeLoss<T>(item: i32): void {
  const x = pointer(0);
  const y = pointer(1);
  const dx = pointer(2);
  const losses = pointer(3);
  const N = integer(4);
  const C = integer(5);
  const values = pointer(6);

  const share = <T>1 / number<T>(0);
  const end = min(N, (item + 1) * rowsPerItem(C));
  for (let n = item * rowsPerItem(C); n < end; n++) {
    const row = x + <usize>n * C * sizeof<T>();
    const to = dx + <usize>n * C * sizeof<T>();
    const label = load<i32>(y + (<usize>n << 2));
    const right = load<T>(row + <usize>label * sizeof<T>());
    let loss: f64 = 0;
    let positive = 0;
    for (let c = 0; c < C; c++) {
      const margin = load<T>(row + <usize>c * sizeof<T>()) - right + <T>1;
      const counts = c != label && !(margin <= <T>0);
      if (counts) loss += <f64>margin;
      if (counts) positive++;
      store<T>(to + <usize>c * sizeof<T>(), counts ? share : <T>0);
    }
    store<T>(to + <usize>label * sizeof<T>(), <T>-positive * share);
    store<f64>(losses + (<usize>n << 3), loss);
    if (values) store<T>(values + <usize>n * sizeof<T>(), <T>loss);
  }
}

/**
 * Cross-entropy of scores (N, C, S) and targets q: Σ_c q[c] · (ln Σ e^x − x[c]), with dx = scale·(softmax(x)·Σ q − q).
 * Here q[c] = weight[c]·((1 − ε)·t[c] + ε/C), where t are probabilities, or 1 at the label and 0 elsewhere; it is 0
 * where the label is negative.
 *
 * Neighbouring pixels lie in the lanes of a vector, and one item is a strip of `width` pixels of one image. Arguments:
 * the addresses of x, labels, t, weights, losses, dx, dt (0 for one that there is none of) and of the items' sums; C,
 * S, width. Numbers: 1 − ε, ε/C, scale.
 */
export function crossEntropy<T>(item: i32): void {
  const x = pointer(0), labels = pointer(1), targets = pointer(2), weights = pointer(3);
  const values = pointer(4), dx = pointer(5), dt = pointer(6);
  const C = integer(8), S = integer(9), width = integer(10);
  const share = numberSplat<T>(0), spread = numberSplat<T>(1), scale = numberSplat<T>(2);
  const zero = v128.splat<T>(0);

  const strips = (S + width - 1) / width;
  const n = item / strips;
  const first = (item % strips) * width;
  const end = min(S, first + width);
  const next = <usize>S * sizeof<T>();
  let total = f64x2.splat(0);
  for (let s = first; s < end; s += lanes<T>()) {
    const count = end - s;
    const pixel = <usize>n * S + s;
    const begin = (<usize>n * C * S + s) * sizeof<T>();
    const label = labels ? labelsAt<T>(labels + (pixel << 2), count) : zero;
    const counted = v128.ge<T>(label, zero);
    const spreadHere = where(counted, spread);

    let largest = loadUpTo<T>(x + begin, count);
    let at = begin + next;
    for (let c = 1; c < C; c++, at += next) largest = v128.pmax<T>(largest, loadUpTo<T>(x + at, count));

    // Σ e^x and Σ q·x are added up in float64.
    let low = f64x2.splat(0), high = low, dotLow = low, dotHigh = low;
    let whole = zero;
    at = begin;
    for (let c = 0; c < C; c++, at += next) {
      const v = v128.sub<T>(loadUpTo<T>(x + at, count), largest);
      const e = exp<T>(v);
      storeUpTo<T>(dx + at, e, count);
      low = addLow<T>(low, e), high = addHigh<T>(high, e);
      const q = targetOf<T>(targets, weights, at, count, c, label, share, spreadHere);
      whole = v128.add<T>(whole, q);
      // A class that does not count may have a score of −∞.
      const product = where(v128.ne<T>(q, zero), v128.mul<T>(q, v));
      dotLow = addLow<T>(dotLow, product), dotHigh = addHigh<T>(dotHigh, product);
    }
    const sum = rounded<T>(low, high);
    const logSum = log<T>(sum);
    let value = where(counted, v128.sub<T>(v128.mul<T>(whole, logSum), rounded<T>(dotLow, dotHigh)));
    if (values) storeUpTo<T>(values + pixel * sizeof<T>(), value, count);
    if (count < lanes<T>()) value = firstLanes<T>(value, count);
    total = addWide<T>(total, value);

    const perPower = v128.div<T>(v128.mul<T>(scale, whole), sum);
    at = begin;
    for (let c = 0; c < C; c++, at += next) {
      const q = targetOf<T>(targets, weights, at, count, c, label, share, spreadHere);
      const p = v128.mul<T>(loadUpTo<T>(dx + at, count), perPower);
      storeUpTo<T>(dx + at, nmadd<T>(scale, q, p), count);
      if (dt) {
        const minusLog = v128.sub<T>(logSum, v128.sub<T>(loadUpTo<T>(x + at, count), largest));
        let slope = v128.mul<T>(v128.mul<T>(scale, share), minusLog);
        if (weights) slope = v128.mul<T>(slope, splatAt<T>(weights + <usize>c * sizeof<T>()));
        storeUpTo<T>(dt + at, slope, count);
      }
    }
  }
  store<f64>(pointer(7) + (<usize>item << 3), sumOfPair(total));
}

/** q of class `c`: see {@link crossEntropy}. */
// @ts-ignore: decorator
@inline function targetOf<T>(
  targets: usize, weights: usize, at: usize, count: i32, c: i32, label: v128, share: v128, spread: v128,
): v128 {
  const q = targets
    ? madd<T>(share, loadUpTo<T>(targets + at, count), spread)
    : v128.add<T>(where(v128.eq<T>(label, v128.splat<T>(<T>c)), share), spread);
  return weights ? v128.mul<T>(q, splatAt<T>(weights + <usize>c * sizeof<T>())) : q;
}

/** The labels at `ptr` as numbers, as many as a vector of T has lanes, or the first `count`. */
// @ts-ignore: decorator
@inline function labelsAt<T>(ptr: usize, count: i32): v128 {
  if (sizeof<T>() == 4) return f32x4.convert_i32x4_s(loadUpTo<f32>(ptr, count));
  return f64x2.convert_low_i32x4_s(count >= 2 ? v128.load64_zero(ptr) : v128.load32_zero(ptr));
}
