export { ByteReader, decodeUtf8, FormatError, type FormatFault, formatError, type Source } from './bytes.js';
export type { Safetensors, StateDict } from './types.js';
