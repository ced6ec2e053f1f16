import { argumentError, checkCount, checkFlag, checkOptions, describe } from '../arrays/index.js';
import { type ConvParam, convShape, type PerAxis, perAxis } from './conv-shape.js';

/** A convolution, by its sizes. */
export interface ConvLayerSizes extends ConvParam {
  readonly type: 'conv';
  /** Channels, height and width of the images. */
  readonly input: readonly [C: number, H: number, W: number];
  /** Filters, F. */
  readonly numFilters: number;
  /** Height and width of a filter. */
  readonly filterSize: PerAxis;
  /** Whether there is a bias to each filter. Default true. */
  readonly bias?: boolean;
}

/** An affine layer, by its sizes. */
export interface AffineLayerSizes {
  readonly type: 'affine';
  readonly inputDim: number;
  readonly outputDim: number;
  /** Whether there is a bias to each output. Default true. */
  readonly bias?: boolean;
}

/** What a layer costs for one example. */
export interface LayerCost {
  /** Shape of the output for one example. */
  readonly outputShape: readonly number[];
  /** Weights and biases. */
  readonly parameters: number;
  readonly multiplications: number;
  readonly additions: number;
}

/**
 * The shape of a convolution's output: (F, OH, OW) with OH = 1 + floor((H + 2·pad − dilation·(HH − 1) − 1) / stride),
 * and OW likewise.
 *
 * @example
 * convOutputShape({ type: 'conv', input: [10, 64, 64], numFilters: 10, filterSize: 6, stride: 2, pad: 1 });
 * // [10, 31, 31]
 *
 * @throws {ShapeError | RangeError} if the filter does not fit, a number is out of range, or the groups do not divide
 *   the channels and the filters.
 */
export function convOutputShape(layer: Omit<ConvLayerSizes, 'type'>): [F: number, OH: number, OW: number] {
  const { F, OH, OW } = sizesOf('convOutputShape', layer);
  return [F, OH, OW];
}

/**
 * What a layer costs for one example in the forward pass. An output of K products takes K multiplications and K − 1
 * additions, one more for a bias.
 *
 * @example
 * countFlops({ type: 'conv', input: [1, 128, 128], numFilters: 1, filterSize: 3, bias: false });
 * // { outputShape: [1, 126, 126], parameters: 9, multiplications: 142884, additions: 127008 }
 *
 * @throws {ShapeError | RangeError} if a size is out of range.
 */
export function countFlops(layer: ConvLayerSizes | AffineLayerSizes): LayerCost {
  const biases = layer.bias === false ? 0 : 1;
  if (layer.bias !== undefined) checkFlag('countFlops', 'bias', layer.bias);
  if (layer.type === 'affine') {
    checkOptions('countFlops', layer, ['type', 'inputDim', 'outputDim', 'bias']);
    const { inputDim, outputDim } = layer;
    checkCount('countFlops', 'inputDim', inputDim, 1);
    checkCount('countFlops', 'outputDim', outputDim, 1);
    return cost([outputDim], inputDim, outputDim, biases);
  }
  if (layer.type !== 'conv') {
    throw argumentError(RangeError, {
      fn: 'countFlops',
      arg: 'type',
      found: `is ${describe((layer as LayerCost & { type?: unknown }).type)}`,
      expected: "'conv' or 'affine'",
    });
  }
  const { C, F, HH, WW, groups, OH, OW } = sizesOf('countFlops', layer);
  return cost([F, OH, OW], (C / groups) * HH * WW, F, biases);
}

/** @param products - Products summed for one output. @param filters - Outputs with weights of their own. */
function cost(outputShape: readonly number[], products: number, filters: number, biases: 0 | 1): LayerCost {
  const outputs = outputShape.reduce((size, n) => size * n, 1);
  return {
    outputShape,
    parameters: filters * (products + biases),
    multiplications: outputs * products,
    additions: outputs * (products - 1 + biases),
  };
}

/** A layer that sees windows: a convolution or a pooling. */
export interface WindowedLayer {
  /** Height and width of the window. */
  readonly size: PerAxis;
  /** Default 1. */
  readonly stride?: PerAxis;
  /** Pixels from one tap of the window to the next. Default 1. */
  readonly dilation?: PerAxis;
}

/**
 * The pixels of the input that one output of the last layer depends on: each layer adds dilation · (size − 1) times
 * the product of the strides before it.
 *
 * @example
 * receptiveField([{ size: 5 }, { size: 5 }]); // [9, 9]
 * receptiveField([{ size: 3 }, { size: 3, dilation: 2 }]); // [7, 7]
 *
 * @param layers - From the input on.
 * @throws {RangeError} if a size, stride or dilation is not a whole number ≥ 1.
 * @throws {TypeError} if `layers` is no list, or a layer has another property.
 */
export function receptiveField(layers: readonly WindowedLayer[]): [height: number, width: number] {
  if (!Array.isArray(layers)) {
    const [fn, found] = ['receptiveField', `is ${describe(layers)}`];
    throw argumentError(TypeError, { fn, arg: 'layers', found, expected: 'a list of layers, [{ size, stride }, …]' });
  }
  const field: [number, number] = [1, 1];
  const jump = [1, 1];
  for (const layer of layers as readonly WindowedLayer[]) {
    checkOptions('receptiveField', layer, ['size', 'stride', 'dilation']);
    const { size, stride = 1, dilation = 1 } = layer;
    const sizes = perAxis('receptiveField', 'size', size, 1);
    const strides = perAxis('receptiveField', 'stride', stride, 1);
    const dilations = perAxis('receptiveField', 'dilation', dilation, 1);
    for (const axis of [0, 1]) {
      field[axis] += dilations[axis] * (sizes[axis] - 1) * jump[axis];
      jump[axis] *= strides[axis];
    }
  }
  return field;
}

const CONV_SIZES = ['type', 'input', 'numFilters', 'filterSize', 'stride', 'pad', 'dilation', 'groups', 'bias'];

function sizesOf(fn: string, layer: Omit<ConvLayerSizes, 'type'>) {
  checkOptions(fn, layer, CONV_SIZES);
  const { input, numFilters, filterSize, stride, pad, dilation, groups } = layer;
  if (!Array.isArray(input) || input.length !== 3) {
    throw argumentError(RangeError, { fn, arg: 'input', found: `is ${describe(input)}`, expected: '[C, H, W]' });
  }
  if (layer.bias !== undefined) checkFlag(fn, 'bias', layer.bias);
  for (const n of input) checkCount(fn, 'input', n, 1);
  checkCount(fn, 'numFilters', numFilters, 1);
  const [HH, WW] = perAxis(fn, 'filterSize', filterSize, 1);
  const channels = Number.isInteger(groups) ? input[0] / (groups as number) : input[0];
  return convShape(fn, [1, ...input], [numFilters, channels, HH, WW], { stride, pad, dilation, groups });
}
