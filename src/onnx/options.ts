import { DTYPE, type DType, FLAG, type OptionsOf, option, type Range, required, TEXT } from '../arrays/index.js';
import { TEXTS } from '../formats/texts.js';
import { WRITTEN_OPSETS } from './model-proto.js';

/** At most so many sizes: more than any layer takes. */
const MOST_AXES = 32;

const isSize = (n: unknown): boolean => Number.isSafeInteger(n) && (n as number) >= 1;

const SHAPE: Range = {
  allows: (value) => isSize(value) || (Array.isArray(value) && value.length <= MOST_AXES && value.every(isSize)),
  expected: 'the sizes of one example, whole numbers ≥ 1: [3, 32, 32], or a number',
  Kind: TypeError,
};

const OPSET: Range = {
  allows: (value) => WRITTEN_OPSETS.includes(value as number),
  expected: `one of ${WRITTEN_OPSETS.join(', ')}`,
  Kind: RangeError,
};

export const ONNX_OPTIONS = {
  /** Shape of one example, without the axis of the batch: `[3, 32, 32]`; a number for a vector. */
  inputShape: required<readonly number[] | number>(SHAPE),
  /** The version of ONNX's operators, from 13 to 21. Default 17. */
  opset: option(17, OPSET),
  /** Whether the model ends with a softmax over axis 1, the classes. Default false: it returns scores. */
  softmax: option(false, FLAG),
  /**
   * Number format of input, weights and output. Default: that of the model, where onnxruntime can compute with it.
   * `'float64'` is written as asked for.
   */
  dtype: option<DType | undefined>(undefined, DTYPE),
  /** The name of the graph. Default: the model's class. */
  name: option<string | undefined>(undefined, TEXT),
  /**
   * Texts by name for the file to keep, as the names of classes: onnxruntime's `custom_metadata_map` has them. Beside
   * them it has `model` and `dtype`, which these may replace. Default null: only those.
   */
  metadata: option<Readonly<Record<string, string>> | null>(null, TEXTS),
};

/** Options of {@link exportOnnx} and {@link encodeOnnx}. */
export interface ExportOnnxOptions extends OptionsOf<typeof ONNX_OPTIONS> {}
