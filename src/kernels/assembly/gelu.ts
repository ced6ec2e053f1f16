import { bell, farthest, scaledTailRatio, tailRatio } from "./normal";
import { constant, nmadd, select } from "./simd";

/** Constants by their places in the tables: 0 but for its sign, 1, and 1/√(2π). */
const enum At { SIGN, ONE, PER_ROOT }

const TABLE32 = memory.data<f32>([-0.0, 1, 0.39894228040143267794]);
const TABLE64 = memory.data<f64>([-0.0, 1, 0.39894228040143267794]);

// @ts-ignore: decorator
@inline function held<T>(place: usize): v128 {
  return constant<T>(sizeof<T>() == 8 ? TABLE64 : TABLE32, place);
}

/** x·Φ(x). */
// @ts-ignore: decorator
@inline export function geluOf<T>(x: v128): v128 {
  const a = v128.pmin<T>(v128.abs<T>(x), farthest<T>());
  // x·Φ(x) is −a·Φ(−a) below 0 and x·(1 − Φ(−a)) above, which is x − a·Φ(−a) rounded once less. A tail of 0 is left
  // negative.
  const tail = v128.mul<T>(scaledTailRatio<T>(a), bell<T>(a));
  return v128.sub<T>(v128.pmax<T>(x, held<T>(At.SIGN)), tail);
}

/** Its derivative, Φ(x) + x·φ(x), φ the density. */
// @ts-ignore: decorator
@inline export function geluSlope<T>(x: v128): v128 {
  const a = v128.pmin<T>(v128.abs<T>(x), farthest<T>());
  // Φ(−a) − a·φ(a) below 0; above, one minus that.
  const tail = v128.mul<T>(bell<T>(a), nmadd<T>(a, held<T>(At.PER_ROOT), tailRatio<T>(a)));
  return select(v128.lt<T>(x, v128.splat<T>(0)), tail, v128.sub<T>(held<T>(At.ONE), tail));
}
