import type { Pair } from '../layers/index.js';

/** `3`, or `(3, 5)`. */
export function pairText([vertical, horizontal]: Pair): string {
  return vertical === horizontal ? String(vertical) : `(${vertical}, ${horizontal})`;
}
