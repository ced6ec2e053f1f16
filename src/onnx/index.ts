export { type ExportableModel, encodeOnnx, exportOnnx } from './export.js';
export type { ExportOnnxOptions } from './options.js';
