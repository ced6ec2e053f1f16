import {
  argumentError,
  checkPath,
  DTYPE,
  type DType,
  describe,
  type OptionsOf,
  option,
  orNull,
  settingsOf,
} from '../arrays/index.js';
import type { Tensor } from '../autograd/index.js';
import { readBytes } from '../files/index.js';
import type { Source } from '../formats/index.js';
import { checkedGraph } from './graph.js';
import { readModel } from './messages.js';
import { OnnxModel } from './onnx-model.js';
import { ProtoReader } from './proto-reader.js';

const IMPORT_OPTIONS = {
  /** The dtype of all floats; null: float64 where the inputs are doubles, else float32. Default null. */
  dtype: option<DType | null>(null, orNull(DTYPE)),
};

/** Options of {@link importOnnx} and {@link decodeOnnx}. */
export interface ImportOnnxOptions extends OptionsOf<typeof IMPORT_OPTIONS> {}

/** Protocol Buffers end there. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * Reads an ONNX file, as PyTorch's `torch.onnx.export` and `exportOnnx` write it.
 *
 * Opsets 7 to 21 of ONNX's own operators. Their floats run in one dtype; whole numbers (shapes, axes, places) are
 * computed on the host. Nothing in the file is executed, and what it says is compared with what is in it before
 * anything is allocated.
 *
 * @param file - Its path.
 * @param options - `dtype`.
 * @returns A module in evaluation mode.
 * @throws {FormatError} if it is no ONNX file or damaged; or if something in it is not supported: all of it is listed.
 *   Not supported are operators that are not in docs/onnx-import.md, those of other domains, subgraphs (If, Loop),
 *   tensors in other files, sparse or quantized ones, texts, and inputs that are not floats.
 * @throws {Error} if it cannot be read, or where there is no Node.
 *
 * @example
 * const model = importOnnx('resnet.onnx');
 * const scores = model.forward(images);
 */
export function importOnnx<Out = Tensor>(file: string, options: ImportOnnxOptions = {}): OnnxModel<Out> {
  const fn = 'importOnnx';
  checkPath(fn, 'file', file);
  settingsOf(fn, IMPORT_OPTIONS, options);
  const bytes = readBytes(fn, file, MOST_BYTES, 'give a smaller one');
  return decoded({ fn, file }, bytes, options);
}

/**
 * {@link importOnnx} from bytes, which stay unchanged; in browsers too.
 *
 * @example
 * const model = decodeOnnx(new Uint8Array(await (await fetch('resnet.onnx')).arrayBuffer()));
 *
 * @throws {TypeError} if it is no Uint8Array.
 * @throws {FormatError} as {@link importOnnx}.
 */
export function decodeOnnx<Out = Tensor>(bytes: Uint8Array, options: ImportOnnxOptions = {}): OnnxModel<Out> {
  const fn = 'decodeOnnx';
  if (!(bytes instanceof Uint8Array)) {
    const found = `is ${describe(bytes)}`;
    throw argumentError(TypeError, { fn, arg: 'bytes', found, expected: 'a Uint8Array' });
  }
  return decoded({ fn, file: 'bytes' }, bytes, options);
}

function decoded<Out>(source: Source, bytes: Uint8Array, options: ImportOnnxOptions): OnnxModel<Out> {
  const { dtype } = settingsOf(source.fn, IMPORT_OPTIONS, options);
  const message = readModel(new ProtoReader(source, bytes, 'model'));
  const graph = checkedGraph(source, message);
  return new OnnxModel<Out>(graph, dtype ?? graph.dtype);
}
