export { checkAmount, checkCount, checkFlag, checkOptions, checkPath } from './arguments.js';
export { array, checkDType, checkSizes, empty, full, linspace, type Nested, ones, toNested, zeros } from './create.js';
export { describe, ShapeError, tuple } from './errors.js';
export { checkLabels, type Labels } from './labels.js';
export { adopted, dense, dtypeOf, ENDED, isNDArray, sizeOf, wrap } from './ndarray.js';
export { Random, type RandomState } from './random.js';
export { checkShapes, type Dim, denseArg } from './shapes.js';
export { currentStorage, heap, type Storage, withStorage } from './storage.js';
export type { DType, Floats, NDArray } from './types.js';
