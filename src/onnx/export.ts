import {
  argumentError,
  checkPath,
  type DType,
  describe,
  dtypeOf,
  printable,
  ShapeError,
  settingsOf,
  tuple,
} from '../arrays/index.js';
import type { FullyConnectedNet, ThreeLayerConvNet, TwoLayerNet } from '../classifiers/index.js';
import { writeAtomically } from '../files/index.js';
import { Module } from '../nn/index.js';
import { isClassifier, writeClassifier } from './classifier-graph.js';
import { GraphWriter } from './graph-writer.js';
import { BATCHES, refused, type Size } from './merge.js';
import { encodeModel, type GraphContents } from './model-proto.js';
import { writeModule } from './module-graph.js';
import { type ExportOnnxOptions, ONNX_OPTIONS } from './options.js';

/** The version of this library, as package.json has it. */
const VERSION = '0.2.0';

/** A model that can be written as ONNX: a module that returns one tensor, or one of the classifiers. */
export type ExportableModel = Module | TwoLayerNet | FullyConnectedNet | ThreeLayerConvNet;

/** Operators that onnxruntime 1.30 computes in float32 only, on its CPU. */
const FLOAT32_ONLY: ReadonlySet<string> = new Set([
  'AveragePool',
  'Conv',
  'Elu',
  'Erf',
  'GlobalAveragePool',
  'GlobalMaxPool',
  'Softplus',
]);

/** Bytes of a message of protocol buffers, at most. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * Writes a model as an ONNX file, which onnxruntime and others run: input `input` of shape (N, *inputShape) with any N,
 * output `scores`, or with `softmax` `probabilities`.
 *
 * A module is run twice on random numbers, in evaluation mode, and what it computes by functions of `F` is written;
 * parameters keep their names. A branch of its `forward` that looks at values of the input is written as it went. The
 * model does not change.
 *
 * @param model - A module that returns one tensor, or a TwoLayerNet, FullyConnectedNet or ThreeLayerConvNet.
 * @param file - Its name ends with `.onnx`.
 * @param options - `inputShape`, which is needed, `opset`, `softmax`, `dtype`, `name`, `metadata`: see
 *   {@link ExportOnnxOptions}.
 * @throws {TypeError | RangeError} naming what cannot be written, or does not fit: then there is no new file.
 * @throws {Error} naming the file and the reason, if it cannot be written.
 * @see https://onnx.ai/onnx/operators/
 *
 * @example
 * exportOnnx(model, 'model.onnx', { inputShape: [3, 32, 32], softmax: true });
 */
export function exportOnnx(model: ExportableModel, file: string, options: ExportOnnxOptions): void {
  const fn = 'exportOnnx';
  checkPath(fn, 'file', file);
  if (!file.toLowerCase().endsWith('.onnx')) {
    const found = `is '${printable(file)}'`;
    throw argumentError(RangeError, { fn, arg: 'file', found, expected: 'a name that ends with .onnx' });
  }
  writeAtomically(fn, file, encoded(fn, model, options));
}

/**
 * The bytes of an ONNX file with a model, for browsers too; see {@link exportOnnx}.
 *
 * @throws {TypeError | RangeError} likewise.
 */
export function encodeOnnx(model: ExportableModel, options: ExportOnnxOptions): Uint8Array {
  return encoded('encodeOnnx', model, options);
}

function encoded(fn: string, model: ExportableModel, options: ExportOnnxOptions): Uint8Array {
  if (!(model instanceof Module || isClassifier(model))) {
    const expected = 'an nn.Module, a TwoLayerNet, a FullyConnectedNet or a ThreeLayerConvNet';
    throw argumentError(TypeError, { fn, arg: 'model', found: `is ${describe(model)}`, expected });
  }
  const { inputShape, opset, softmax, dtype: written, name, metadata } = settingsOf(fn, ONNX_OPTIONS, options);
  const shape = typeof inputShape === 'number' ? [inputShape] : inputShape;
  const own = dtypeOfModel(model) ?? written ?? 'float32';
  const dtype = written ?? own;
  const graph = new GraphWriter('input', softmax ? 'probabilities' : 'scores', opset);
  const {
    name: last,
    shape: outShape,
    dtype: outDtype,
  } = model instanceof Module
    ? writeModule(fn, graph, model, shape, own, written)
    : writeClassifier(fn, graph, model, shape, dtype);
  if (softmax && outShape.length < 2) {
    const found = `returns shape ${tuple(outShape.map(String))}`;
    throw argumentError(ShapeError, { fn, arg: 'model', found, expected: 'scores of shape (N, C) for a softmax' });
  }
  const contents = graph.finish(softmax ? graph.node('Softmax', [last], { axis: { int: 1 } }) : last);
  if (written === undefined && own === 'float64') checkFloat64(fn, contents);
  checkLength(fn, contents);
  return encodeModel(
    contents,
    { name: graph.input, dims: ['N', ...shape], dtype },
    { name: graph.output, dims: outShape.map(dimOf), dtype: outDtype },
    {
      name: name ?? model.constructor.name,
      opset,
      version: VERSION,
      metadata: { model: model.constructor.name, dtype, ...metadata },
    },
  );
}

function dtypeOfModel(model: ExportableModel): DType | undefined {
  if (!(model instanceof Module)) return dtypeOf(Object.values(model.params)[0]);
  return [...model.parameters(), ...model.buffers()][0]?.dtype;
}

/** A size as a file has it: N for the batch; one that is computed from it has no name. */
function dimOf(size: Size): number | string | null {
  if (typeof size === 'number') return size;
  return size.first === BATCHES[0] && size.second === BATCHES[1] ? 'N' : null;
}

function checkFloat64(fn: string, { nodes }: GraphContents): void {
  const missing = nodes.find(({ opType }) => FLOAT32_ONLY.has(opType));
  if (missing === undefined) return;
  const found = `is of float64 and has the operator ${missing.opType}, which onnxruntime computes in float32 only`;
  throw refused(fn, found, "give { dtype: 'float32' }, or { dtype: 'float64' } for another program");
}

function checkLength(fn: string, { initializers }: GraphContents): void {
  const length = initializers.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (length < MOST_BYTES) return;
  throw refused(fn, `has ${length} bytes of parameters, more than a file of one message holds (${MOST_BYTES})`);
}
