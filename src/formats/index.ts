export {
  ByteReader,
  checkBytes,
  decodeUtf8,
  FormatError,
  type FormatFault,
  formatError,
  type Source,
} from './bytes.js';
export { ELEMENT_SIZES, type ElementType, elementsOf, isElementType, littleEndianBytes } from './elements.js';
export { decodeJson, encodeJson, type JsonOptions, readJson, writeJson } from './json.js';
export { decodeNpy, encodeNpy, readNpy } from './npy.js';
export { decodeNpz, encodeNpz, readNpz, writeNpz } from './npz.js';
export { hasHalfPair, type Json, type JsonObject, parseJson } from './parse-json.js';
export { decodePytorch, type PytorchOptions, readPytorch } from './pytorch.js';
export {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  type SafetensorsOptions,
  writeSafetensors,
} from './safetensors.js';
export { type LoadOptions, load, type Saveable, type SaveOptions, save, type WithStateDict } from './save.js';
export { countOf, emptyState, quoted, readableArrays, type StateLike } from './state.js';
export type { Safetensors, StateDict } from './types.js';
