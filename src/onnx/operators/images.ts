import { ones } from '../../arrays/index.js';
import { F, type Tensor } from '../../autograd/index.js';
import { flag, int, ints, type NodeFacts, type Operator, operator, text } from '../operator.js';
import { tensorOf } from '../values.js';

/** Where the windows of a convolution or a pooling lie. */
const WINDOWS = {
  auto_pad: text('NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'),
  kernel_shape: ints(1),
  strides: ints(1),
  dilations: ints(1),
  pads: ints(0),
};

interface WindowAttributes {
  readonly auto_pad: string;
  readonly kernel_shape: readonly number[] | null;
  readonly strides: readonly number[] | null;
  readonly dilations: readonly number[] | null;
  readonly pads: readonly number[] | null;
}

/** The windows on one axis: from `before` values before its first to `after` values after its last. */
interface Windows {
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
}

type Two<T> = readonly [vertical: T, horizontal: T];

/** The windows on both axes of images of the sizes `input`. */
function windowsOf(
  { auto_pad, kernel_shape, strides, dilations, pads }: WindowAttributes,
  kernel: readonly number[],
  input: readonly number[],
): Two<Windows> {
  const axes = input.length;
  if (kernel_shape !== null && kernel_shape.join() !== kernel.join()) {
    throw new RangeError(`kernel_shape is ${kernel_shape}, expected ${kernel}, the weights'`);
  }
  for (const [name, list, count] of [
    ['kernel_shape', kernel, axes],
    ['strides', strides, axes],
    ['dilations', dilations, axes],
    ['pads', pads, 2 * axes],
  ] as const) {
    if (list !== null && list.length !== count)
      throw new RangeError(`${name} has ${list.length} numbers, not ${count}`);
  }
  const [vertical, horizontal] = input.map((length, axis): Windows => {
    const size = kernel[axis];
    const stride = strides?.[axis] ?? 1;
    const dilation = dilations?.[axis] ?? 1;
    let [before, after] = [pads?.[axis] ?? 0, pads?.[axis + axes] ?? 0];
    if (auto_pad !== 'NOTSET') [before, after] = [0, 0];
    if (auto_pad.startsWith('SAME')) {
      const count = Math.ceil(length / stride);
      const total = Math.max((count - 1) * stride + dilation * (size - 1) + 1 - length, 0);
      before = auto_pad === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
      after = total - before;
    }
    return { size, stride, dilation, before, after };
  });
  return [vertical, horizontal];
}

/** Sequences (N, C, L) as images of one row, and back. */
function asImages(x: Tensor, apply: (images: Tensor, isSequence: boolean) => Tensor): Tensor {
  const { shape } = x;
  if (shape.length === 4) return apply(x, false);
  if (shape.length !== 3) throw new RangeError(`x has ${shape.length} axes, expected (N, C, H, W) or (N, C, L)`);
  const out = apply(F.unsqueeze(x, 2), true);
  return F.squeeze(out, 2);
}

/** Attributes of a sequence as those of images of one row. */
function asRows(attributes: WindowAttributes): WindowAttributes {
  const { kernel_shape, strides, dilations, pads } = attributes;
  const behind = (list: readonly number[] | null, first: number): readonly number[] | null => list && [first, ...list];
  return {
    ...attributes,
    kernel_shape: behind(kernel_shape, 1),
    strides: behind(strides, 1),
    dilations: behind(dilations, 1),
    pads: pads === null ? null : pads.flatMap((pad) => [0, pad]),
  };
}

function both<T>([vertical, horizontal]: Two<Windows>, of: (windows: Windows) => T): Two<T> {
  return [of(vertical), of(horizontal)];
}

function isEven({ before, after }: Windows): boolean {
  return before === after;
}

/** `x` with `value` around it, where the windows reach beyond it; fewer values where a number is negative. */
function padded(x: Tensor, [vertical, horizontal]: Two<Windows>, value: number): Tensor {
  const pad = [horizontal.before, horizontal.after, vertical.before, vertical.after];
  return pad.every((n) => n === 0) ? x : F.pad(x, pad, { value });
}

function convolution(x: Tensor, w: Tensor, b: Tensor | null, attributes: WindowAttributes, groups: number): Tensor {
  return asImages(x, (images, isSequence) => {
    const weight = isSequence ? F.unsqueeze(w, 2) : w;
    const given = isSequence ? asRows(attributes) : attributes;
    const windows = windowsOf(given, weight.shape.slice(2), images.shape.slice(2));
    const [stride, dilation] = [both(windows, (axis) => axis.stride), both(windows, (axis) => axis.dilation)];
    if (windows.every(isEven)) {
      return F.conv2d(images, weight, b, { stride, dilation, groups, padding: both(windows, (axis) => axis.before) });
    }
    return F.conv2d(padded(images, windows, 0), weight, b, { stride, dilation, groups });
  });
}

/**
 * The windows of a pooling with as much after the last value as its last window needs, less where that is not reached.
 * With `ceil`, a last window that is cut off counts, if it does not begin after the values and the padding before them.
 */
function fitted(windows: Two<Windows>, input: readonly number[], ceil: boolean): Two<Windows> {
  const [vertical, horizontal] = windows.map((axis, i): Windows => {
    const { size, stride, dilation, before, after } = axis;
    const extent = dilation * (size - 1) + 1;
    const room = input[i] + before + after - extent;
    if (room < 0 && !ceil) throw new RangeError(`windows of ${extent} do not fit on ${input[i]} values with padding`);
    let count = (ceil ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
    if (ceil && (count - 1) * stride >= input[i] + before) count--;
    return { ...axis, after: (count - 1) * stride + extent - input[i] - before };
  });
  return [vertical, horizontal];
}

/** Whether the pooling of `F` has this padding: as much on both sides, at most half the window. */
function isPlain({ size, before, after }: Windows): boolean {
  return before === after && 2 * before <= size;
}

function maxPooling(x: Tensor, attributes: WindowAttributes, ceil: boolean): Tensor {
  return asImages(x, (images, isSequence) => {
    const given = isSequence ? asRows(attributes) : attributes;
    const input = images.shape.slice(2);
    const windows = windowsOf(given, given.kernel_shape ?? [], input);
    const size = both(windows, (axis) => axis.size);
    const [stride, dilation] = [both(windows, (axis) => axis.stride), both(windows, (axis) => axis.dilation)];
    if (windows.every(isPlain)) {
      const padding = both(windows, (axis) => axis.before);
      return F.maxPool2d(images, size, { stride, dilation, padding, ceilMode: ceil });
    }
    const wide = padded(images, fitted(windows, input, ceil), Number.NEGATIVE_INFINITY);
    return F.maxPool2d(wide, size, { stride, dilation });
  });
}

function averagePooling(x: Tensor, attributes: WindowAttributes, ceil: boolean, countsPad: boolean): Tensor {
  return asImages(x, (images, isSequence) => {
    const given = isSequence ? asRows(attributes) : attributes;
    const input = images.shape.slice(2);
    const windows = windowsOf(given, given.kernel_shape ?? [], input);
    const size = both(windows, (axis) => axis.size);
    const stride = both(windows, (axis) => axis.stride);
    if (windows.every(isPlain)) {
      const padding = both(windows, (axis) => axis.before);
      return F.avgPool2d(images, size, { stride, padding, ceilMode: ceil, countIncludePad: countsPad });
    }
    // Means over what counts: those of the values, by those of ones in their places.
    const fit = fitted(windows, input, ceil);
    const counted = F.to(ones([1, 1, ...input]), images.dtype);
    const inside = both(windows, (axis) => axis);
    const beyond: Two<Windows> = [within(fit[0], inside[0]), within(fit[1], inside[1])];
    const mask = countsPad ? padded(padded(counted, inside, 1), beyond, 0) : padded(counted, fit, 0);
    return F.div(F.avgPool2d(padded(images, fit, 0), size, { stride }), F.avgPool2d(mask, size, { stride }));
  });
}

/** What is left of the windows `fit` around an axis that has the padding of `inside`. */
function within(fit: Windows, inside: Windows): Windows {
  return { ...fit, before: 0, after: fit.after - inside.after };
}

/** What of windows is not supported. */
function refusesWindows({ kernel_shape }: WindowAttributes): string | null {
  return kernel_shape !== null && kernel_shape.length > 2 ? `${kernel_shape.length}-dimensional windows` : null;
}

/** An operator over all axes after the channels. */
function global(apply: (x: Tensor, axes: readonly number[]) => Tensor): Operator {
  return operator({
    attributes: {},
    inputs: [1, 1],
    run: ([value], _, run) => {
      const x = tensorOf(value, run);
      return apply(
        x,
        x.shape.flatMap((_, axis) => (axis >= 2 ? [axis] : [])),
      );
    },
  });
}

export const IMAGES: Readonly<Record<string, Operator>> = {
  Conv: operator({
    attributes: { ...WINDOWS, group: int(1, (groups) => groups >= 1) },
    inputs: [2, 3],
    refuses: (attributes, { constant }: NodeFacts) => {
      const rank = constant(1)?.shape.length ?? 4;
      return refusesWindows(attributes) ?? (rank === 3 || rank === 4 ? null : `weights of ${rank} axes`);
    },
    run: ([x, w, b = null], { group, ...windows }, run) =>
      convolution(tensorOf(x, run), tensorOf(w, run), b && tensorOf(b, run), windows, group),
  }),
  MaxPool: operator({
    attributes: {
      ...WINDOWS,
      kernel_shape: { ...ints(1), required: true },
      ceil_mode: flag(0),
      storage_order: flag(0),
    },
    inputs: [1, 1],
    refuses: refusesWindows,
    run: ([x], { ceil_mode, ...windows }, run) => maxPooling(tensorOf(x, run), windows, ceil_mode === 1),
  }),
  AveragePool: operator({
    attributes: {
      ...WINDOWS,
      kernel_shape: { ...ints(1), required: true },
      dilations: {
        ...ints(1),
        allows: (dilations: readonly number[] | null) => dilations?.every((n) => n === 1) ?? true,
      },
      ceil_mode: flag(0),
      count_include_pad: flag(0),
    },
    inputs: [1, 1],
    refuses: refusesWindows,
    run: ([x], { ceil_mode, count_include_pad, ...windows }, run) =>
      averagePooling(tensorOf(x, run), windows, ceil_mode === 1, count_include_pad === 1),
  }),
  GlobalAveragePool: global((x, axes) => F.mean(x, axes, true)),
  GlobalMaxPool: global((x, axes) => F.amax(x, axes, true)),
};
