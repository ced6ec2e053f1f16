import { rowsPerItem } from "./activations";
import { exp } from "./exp";
import { integer, pointer } from "./job";
import { addWide, lanes, loadPart, storePart, sumOfPair } from "./simd";

// Both losses write the gradient of the mean over N rows, and each row's own loss in float64; the caller adds those up
// in the order of the rows. One item is a block of rows.

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

/** losses[n] = Σ_{c≠y} max(0, x[n,c] − x[n,y] + 1); dx has 1/N for each positive margin, minus their count at y. */
export function hingeLoss<T>(item: i32): void {
  const x = pointer(0);
  const y = pointer(1);
  const dx = pointer(2);
  const losses = pointer(3);
  const N = integer(4);
  const C = integer(5);

  const share = <T>1 / <T>N;
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
  }
}
