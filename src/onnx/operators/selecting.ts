import { type NDArray, tuple } from '../../arrays/index.js';
import { F, type Tensor } from '../../autograd/index.js';
import { Integers } from '../integers.js';
import { int, ints, type Operator, operator, optionalInt, requiredInt, type Value } from '../operator.js';
import {
  arrayOfIntegers,
  axesIn,
  axesOf,
  axisIn,
  checkedShape,
  integersOf,
  listOf,
  listToEnds,
  moved,
  ofItsKind,
  tensorOf,
} from '../values.js';

/** A part of one axis: indices from start to before stop, in steps; beyond an end they are clipped. */
interface Part {
  readonly start: number;
  readonly step: number;
  readonly length: number;
}

function partOf(start: number, stop: number, step: number, size: number): Part {
  if (!Number.isSafeInteger(step) || step === 0) throw new RangeError(`a step is ${step}, expected a whole number ≠ 0`);
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  // A start before a reversed axis is its first value; a stop there is before it.
  const from = Math.min(Math.max(start < 0 ? start + size : start, 0), high);
  const to = Math.min(Math.max(stop < 0 ? stop + size : stop, low), high);
  return { start: from, step, length: Math.max(Math.ceil((to - from) / step), 0) };
}

function sliced(
  value: Value,
  starts: ArrayLike<number>,
  ends: ArrayLike<number>,
  axes: readonly number[] | null,
  steps: readonly number[] | null,
): Value {
  const rank = value.shape.length;
  if (starts.length !== ends.length) throw new RangeError(`${starts.length} starts and ${ends.length} ends`);
  const along = axesIn(axes ?? Array.from(starts, (_, i) => i), rank);
  if (along.length !== starts.length) throw new RangeError(`${starts.length} starts for ${along.length} axes`);
  const parts = value.shape.map((size, axis) => {
    const i = along.indexOf(axis);
    return i < 0 ? null : partOf(starts[i], ends[i], steps?.[i] ?? 1, size);
  });
  if (value instanceof Integers && rank === 1) {
    const { start, step, length } = parts[0] ?? { start: 0, step: 1, length: value.values.length };
    return Integers.of(Array.from({ length }, (_, i) => value.values[start + i * step]));
  }
  return moved(value, (x) =>
    F.slice(
      x,
      parts.map((part) => {
        if (part === null) return null;
        const { start, step, length } = part;
        if (length === 0) throw new RangeError(`a slice takes nothing of shape ${tuple(value.shape)}`);
        const last = start + (length - 1) * step;
        // Null leads to the end: -1 would be the last index.
        return [start, step > 0 ? last + 1 : last === 0 ? null : last - 1, step];
      }),
    ),
  );
}

function joined(values: readonly (Value | null)[], axis: number, toFloats: (value: Value | null) => Tensor): Value {
  if (values.every((value) => value instanceof Integers && value.shape.length === 1)) {
    axisIn(axis, 1);
    return Integers.of((values as readonly Integers[]).flatMap((value) => [...value.values]));
  }
  if (values.every((value) => value instanceof Integers)) {
    const first = F.concat(
      values.map((value) => arrayOfIntegers(value as Integers)),
      axis,
    );
    return integersOf(first);
  }
  return F.concat(values.map(toFloats), axis);
}

/** What is taken along an axis at places, whose shape takes the place of that axis. */
function gathered(value: Value, index: Integers, axis: number): Value {
  const { shape } = value;
  const along = axisIn(axis, shape.length);
  const size = shape[along];
  const places = Array.from(index.values, (place) => {
    if (Number.isInteger(place) && place >= -size && place < size) return place < 0 ? place + size : place;
    throw new RangeError(`an index is ${place}, expected ${-size} to ${size - 1}`);
  });
  const out = [...shape.slice(0, along), ...index.shape, ...shape.slice(along + 1)];
  if (value instanceof Integers && shape.length === 1) {
    return new Integers(
      out,
      Float64Array.from(places, (place) => value.values[place]),
    );
  }
  checkedShape(out);
  if (index.shape.length === 0) {
    return moved(value, (x) =>
      F.slice(
        x,
        shape.map((_, i) => (i === along ? places[0] : null)),
      ),
    );
  }
  return moved(value, (x) => F.reshape(picked(x, along, places), out));
}

/** As F.gather wants them: the places along the axis, and the same ones for all other values. */
function picked(x: Tensor | NDArray, axis: number, places: readonly number[]): Tensor {
  const { shape } = x;
  const row = F.reshape(
    arrayOfIntegers(Integers.of(places)),
    shape.map((_, i) => (i === axis ? -1 : 1)),
  );
  const index = F.broadcastTo(
    row,
    shape.map((size, i) => (i === axis ? places.length : size)),
  );
  return F.gather(x, axis, index);
}

/** Sizes of the parts of a Split: as given, or even ones of which the last may be smaller. */
function partSizes(size: number, given: readonly number[] | null, count: number): readonly number[] {
  if (given !== null) return given;
  const even = Math.ceil(size / count);
  return Array.from({ length: count }, (_, i) => Math.max(Math.min(even, size - i * even), 0));
}

export const SELECTING: Readonly<Record<string, Operator>> = {
  Concat: operator({
    attributes: { axis: requiredInt() },
    inputs: [1, Number.POSITIVE_INFINITY],
    run: (values, { axis }, run) => joined(values, axis, (value) => tensorOf(value, run)),
  }),
  Slice: operator({
    attributes: { starts: ints(), ends: ints(), axes: ints() },
    inputs: [1, 5],
    refuses: ({ starts, ends }, { opset }) => (opset < 10 && !(starts && ends) ? 'no starts and ends' : null),
    run: ([value, from, to, along, by], { starts, ends, axes }, run) => {
      const x = value ?? tensorOf(value, run);
      if (starts !== null && ends !== null) return sliced(x, starts, ends, axes, null);
      const steps = by === undefined || by === null ? null : listOf(by);
      return sliced(x, listToEnds(from), listToEnds(to), axesOf(along, null), steps);
    },
  }),
  Split: operator({
    attributes: { axis: int(0), split: ints(0), num_outputs: optionalInt() },
    inputs: [1, 2],
    outputs: 1000,
    run: ([value, list], { axis, split }, run, count) => {
      const x = value ?? tensorOf(value, run);
      const along = axisIn(axis, x.shape.length);
      const sizes = partSizes(x.shape[along], axesOf(list, split), count);
      if (sizes.length !== count || sizes.reduce((sum, n) => sum + n, 0) !== x.shape[along]) {
        throw new RangeError(`parts of ${tuple(sizes)}, expected ${count} of axis ${axis} of shape ${tuple(x.shape)}`);
      }
      let start = 0;
      return sizes.map((size) => {
        start += size;
        return sliced(x, [start - size], [start], [along], null);
      });
    },
  }),
  Gather: operator({
    attributes: { axis: int(0) },
    inputs: [2, 2],
    run: ([value, index], { axis }, run) => gathered(value ?? tensorOf(value, run), integersOf(index), axis),
  }),
  GatherElements: operator({
    attributes: { axis: int(0) },
    inputs: [2, 2],
    since: 11,
    run: ([value, index], { axis }, run) => {
      const { shape, values } = integersOf(index);
      return ofItsKind(value, run, (x) => {
        const along = axisIn(axis, x.shape.length);
        const counted = values.map((place) => (place < 0 ? place + x.shape[along] : place));
        return F.gather(x, along, arrayOfIntegers(new Integers(shape, counted)));
      });
    },
  }),
};
