import { argumentError, zeros } from '../arrays/index.js';
import { save } from '../formats/index.js';
import { Sigmoid, Softmax } from '../nn/index.js';
import { type ExportableModel, exportOnnx } from '../onnx/index.js';
import type { Trained } from '../runs/index.js';
import { endsWith } from '../training/scoring.js';

/** What an ONNX file may be told. */
interface OnnxSettings {
  readonly opset?: number;
  readonly softmax: boolean;
}

/**
 * Writes a model in one piece, with the names of its classes and what its inputs are prepared by as metadata, where the
 * format has a place for texts.
 *
 * @throws {TypeError | RangeError} naming what the format cannot hold.
 */
export function writeModel(
  trained: Trained,
  format: 'onnx' | 'safetensors' | 'npz',
  file: string,
  { opset, softmax }: OnnxSettings,
): void {
  const { model, classes, inputShape, preprocessing } = trained;
  const metadata = {
    classes: JSON.stringify(classes),
    preprocessing: JSON.stringify(preprocessing),
  };
  if (format === 'npz') save(file, model as never);
  else if (format === 'safetensors') save(file, model as never, { metadata });
  else {
    if (softmax) checkSoftmax(trained);
    exportOnnx(model as ExportableModel, file, {
      inputShape,
      softmax,
      metadata,
      ...(opset !== undefined && { opset }),
    });
  }
}

/** @throws {RangeError} if what the model gives is no scores of several classes. */
function checkSoftmax({ model, classes, inputShape, predict }: Trained): void {
  const refuse = (found: string, wayOut: string): Error =>
    argumentError(RangeError, { fn: 'export', arg: '--softmax', found, expected: 'scores of classes', wayOut });
  if (classes === null) throw refuse('is given, and the model gives numbers', 'leave it out');
  if (endsWith(model, Sigmoid, Softmax)) throw refuse('is given, and the model gives probabilities', 'leave it out');
  if (predict(zeros([1, ...inputShape])).shape[1] === 1) {
    throw refuse('is given, and the model gives one logit', 'leave it out, and take the sigmoid');
  }
}
