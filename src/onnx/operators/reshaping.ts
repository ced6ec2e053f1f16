import { sizeOf, tuple } from '../../arrays/index.js';
import { F, type Tensor } from '../../autograd/index.js';
import { flag, float, int, ints, type Operator, operator, text, type Value } from '../operator.js';
import {
  axesIn,
  axesOf,
  axisIn,
  broadcastShape,
  checkedShape,
  listOf,
  moved,
  numberOf,
  ofItsKind,
  tensorOf,
} from '../values.js';

/** The shape of a Reshape: 0 stands for the size of the input's axis there, -1 for what follows from the others. */
function targetOf(from: readonly number[], to: readonly number[], allowzero: boolean): number[] {
  return to.map((size, axis) => {
    if (size !== 0 || allowzero) return size;
    if (axis < from.length) return from[axis];
    throw new RangeError(`shape ${tuple(to)} copies axis ${axis} of ${from.length} axes`);
  });
}

function unsqueezed(shape: readonly number[], axes: readonly number[]): number[] {
  const rank = shape.length + axes.length;
  const at = axesIn(axes, rank);
  const rest = [...shape];
  return Array.from({ length: rank }, (_, axis) => (at.includes(axis) ? 1 : (rest.shift() as number)));
}

const MODES = { constant: 'constant', reflect: 'reflect', edge: 'replicate', wrap: 'circular' } as const;

/** Pads as ONNX has them, all starts and then all ends, of some axes or all. */
function paddedBy(
  x: Tensor,
  pads: readonly number[],
  axes: readonly number[] | null,
  mode: string,
  value: number,
): Tensor {
  const rank = x.shape.length;
  const along = axesIn(axes ?? x.shape.map((_, axis) => axis), rank);
  if (pads.length !== 2 * along.length) throw new RangeError(`${pads.length} pads for ${along.length} axes`);
  const pairs = x.shape.map((_, axis): [number, number] => {
    const i = along.indexOf(axis);
    return i < 0 ? [0, 0] : [pads[i], pads[i + along.length]];
  });
  checkedShape(x.shape.map((size, axis) => size + pairs[axis][0] + pairs[axis][1]));
  // From the last axis to the first that has any.
  const first = pairs.findIndex(([before, after]) => before !== 0 || after !== 0);
  if (first < 0) return x;
  const kind = MODES[mode as keyof typeof MODES];
  if (kind === 'constant') return F.pad(x, pairs.slice(first).reverse().flat(), { value });
  // Of images, which F pads so, one axis after the other: (1, axes before it, the axis, axes after it).
  return pairs.reduce((padded, [before, after], axis) => {
    if (before === 0 && after === 0) return padded;
    const { shape } = padded;
    const [outer, inner] = [shape.slice(0, axis), shape.slice(axis + 1)];
    const image = F.reshape(padded, [1, sizeOf(outer), shape[axis], sizeOf(inner)]);
    const wide = F.pad(image, [0, 0, before, after], { mode: kind });
    return F.reshape(wide, [...outer, wide.shape[2], ...inner]);
  }, x);
}

function repeated(value: Value, times: readonly number[]): Value {
  const { shape } = value;
  if (times.length !== shape.length || times.some((n) => n < 0)) {
    throw new RangeError(`repeats are ${tuple(times)}, expected ${shape.length} numbers ≥ 0`);
  }
  const out = checkedShape(shape.map((size, axis) => size * times[axis]));
  return moved(value, (x) => {
    const apart = F.reshape(
      x,
      shape.flatMap((size) => [1, size]),
    );
    return F.reshape(
      F.broadcastTo(
        apart,
        shape.flatMap((size, axis) => [times[axis], size]),
      ),
      [...out],
    );
  });
}

export const RESHAPING: Readonly<Record<string, Operator>> = {
  Flatten: operator({
    attributes: { axis: int(1) },
    inputs: [1, 1],
    run: ([value], { axis }) =>
      moved(value, (x) => {
        const { shape } = x;
        const at = axis === shape.length ? axis : axisIn(axis, shape.length);
        return F.reshape(x, [sizeOf(shape.slice(0, at)), sizeOf(shape.slice(at))]);
      }),
  }),
  Reshape: operator({
    attributes: { allowzero: flag(0) },
    inputs: [2, 2],
    run: ([value, shape], { allowzero }) =>
      moved(value, (x) => F.reshape(x, targetOf(x.shape, listOf(shape), allowzero === 1))),
  }),
  Transpose: operator({
    attributes: { perm: ints(0) },
    inputs: [1, 1],
    run: ([value], { perm }) => moved(value, (x) => (perm === null ? F.transpose(x) : F.permute(x, perm))),
  }),
  Squeeze: operator({
    attributes: { axes: ints() },
    inputs: [1, 2],
    run: ([value, list], attributes) => {
      const axes = axesOf(list, attributes.axes);
      return moved(value, (x) => {
        const gone = axes === null ? x.shape.flatMap((n, i) => (n === 1 ? [i] : [])) : axesIn(axes, x.shape.length);
        const large = gone.find((axis) => x.shape[axis] !== 1);
        if (large !== undefined) throw new RangeError(`axis ${large} has size ${x.shape[large]}, expected 1`);
        return F.reshape(
          x,
          x.shape.filter((_, axis) => !gone.includes(axis)),
        );
      });
    },
  }),
  Unsqueeze: operator({
    attributes: { axes: ints() },
    inputs: [1, 2],
    run: ([value, list], attributes) =>
      moved(value, (x) => F.reshape(x, unsqueezed(x.shape, axesOf(list, attributes.axes) ?? []))),
  }),
  Pad: operator({
    attributes: { mode: text('constant', 'reflect', 'edge', 'wrap'), pads: ints(), value: float(0) },
    inputs: [1, 4],
    settings: [2],
    run: ([x, list, filling, along], { mode, pads, value }, run) =>
      ofItsKind(x, run, (floats) =>
        paddedBy(
          floats,
          axesOf(list, pads) ?? [],
          axesOf(along, null),
          mode,
          filling === undefined || filling === null ? value : numberOf(filling),
        ),
      ),
  }),
  Expand: operator({
    attributes: {},
    inputs: [2, 2],
    since: 8,
    run: ([value, shape]) =>
      moved(value, (x) => F.broadcastTo(x, [...checkedShape(broadcastShape(x.shape, listOf(shape)))])),
  }),
  Tile: operator({
    attributes: {},
    inputs: [2, 2],
    run: ([value, times], _, run) => repeated(value ?? tensorOf(value, run), listOf(times)),
  }),
  Identity: operator({ attributes: {}, inputs: [1, 1], run: ([value], _, run) => value ?? tensorOf(value, run) }),
  DepthToSpace: operator({
    attributes: { blocksize: { ...int(1, (size) => size >= 1), required: true }, mode: text('DCR', 'CRD') },
    inputs: [1, 1],
    run: ([value], { blocksize: b, mode }) =>
      moved(value, (x) => {
        const [N, C, H, W] = x.shape;
        const c = C / b ** 2;
        const [apart, order] =
          mode === 'DCR'
            ? [
                [N, b, b, c, H, W],
                [0, 3, 4, 1, 5, 2],
              ]
            : [
                [N, c, b, b, H, W],
                [0, 1, 4, 2, 5, 3],
              ];
        return F.reshape(F.permute(F.reshape(x, apart), order), [N, c, H * b, W * b]);
      }),
  }),
};
