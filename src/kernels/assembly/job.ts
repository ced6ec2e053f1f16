import { INTEGERS, NUMBERS } from "../wasm/protocol";

// The arguments of the running job, and which thread this is. They stay in place until every work item of it is done.

/** This thread's number, which chooses its edge tile and its share of a kernel's scratch. */
export let thread: usize = 0;

export function setThread(index: i32): void {
  thread = index;
}

/** Integer argument number `index`. */
// @ts-ignore: decorator
@inline export function integer(index: usize): i32 {
  return load<i32>(<usize>INTEGERS + (index << 2));
}

/** Integer argument number `index`, an address. */
// @ts-ignore: decorator
@inline export function pointer(index: usize): usize {
  return load<u32>(<usize>INTEGERS + (index << 2));
}

/** Number argument number `index`. */
// @ts-ignore: decorator
@inline export function number<T>(index: usize): T {
  return <T>load<f64>(<usize>NUMBERS + (index << 3));
}

/** Number argument number `index` in every lane. */
// @ts-ignore: decorator
@inline export function numberSplat<T>(index: usize): v128 {
  return v128.splat<T>(number<T>(index));
}
