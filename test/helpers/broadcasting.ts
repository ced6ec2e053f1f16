import fc from 'fast-check';
import { hostValues, type NDArray } from '../../src/arrays/index.js';

/** Two shapes of at most four axes that broadcast, and what they broadcast to. */
export const broadcastingShapes = fc
  .array(fc.record({ size: fc.integer({ min: 1, max: 3 }), a: fc.boolean(), b: fc.boolean() }), { maxLength: 4 })
  .chain((axes) =>
    fc.record({
      axes: fc.constant(axes),
      dropA: fc.integer({ min: 0, max: axes.length }),
      dropB: fc.integer({ min: 0, max: axes.length }),
    }),
  )
  .map(({ axes, dropA, dropB }) => {
    const a = axes.map(({ size, a }) => (a ? size : 1)).slice(dropA);
    const b = axes.map(({ size, b }) => (b ? size : 1)).slice(dropB);
    return { a, b };
  });

/** Every index of a shape, in row-major order. */
export function indicesOf(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (indices, size) => indices.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])),
    [[]],
  );
}

/** Where in the row-major values of an array of this shape the element lies that broadcasts to `index`. */
export function placeOf(index: readonly number[], shape: readonly number[]): number {
  const own = index.slice(index.length - shape.length);
  return shape.reduce((place, size, axis) => place * size + (size === 1 ? 0 : own[axis]), 0);
}

/** The values of an array as numbers, in row-major order. */
export function valuesOf(a: NDArray): number[] {
  return [...hostValues(a)];
}
