export { type ExportableModel, encodeOnnx, exportOnnx } from './export.js';
export { decodeOnnx, type ImportOnnxOptions, importOnnx } from './import.js';
export { type OnnxInput, OnnxModel } from './onnx-model.js';
export type { ExportOnnxOptions } from './options.js';
