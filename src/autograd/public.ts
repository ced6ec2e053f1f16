// Whoever uses a tensor gets its methods with it: package.json and dist/esm/package.json name this file and methods.ts
// as those with side effects, so bundlers keep the import below wherever something from here is used. It is a file
// apart from index.ts, which esbuild would keep as soon as anything at all is imported from the package.
import './functions/methods.js';

import * as functions from './functions/index.js';

// A variable of this file: Rollup finds its way through `export * as F` to `F.add`, past the import above.
export import F = functions;
export * as lossOptions from './functions/loss-options.js';
export { defaultGenerator, manualSeed } from './generator.js';
export { type GradCheckOptions, gradCheck } from './grad-check.js';
export * as autograd from './namespace.js';
export { arrayOf, type Gradients, type Operand, type OpOptions, op, type TensorLike } from './op.js';
export { noGrad } from './tape.js';
export { Tensor, type TensorOptions, tensor } from './tensor.js';
export { isTracing, type TracedOperation, traceOperations } from './tracing.js';
