import { isRecording, type NDArray, withoutRecording } from '../arrays/index.js';
import { Tensor } from './tensor.js';

/** An operation that has run. */
export interface TracedOperation {
  readonly name: string;
  /** Tensors, arrays, and everything else that it was called with. */
  readonly operands: readonly unknown[];
  readonly out: Tensor;
  /** Whether a user of the library made it, with `op`: its name says nothing about what it computes. */
  readonly isOwn: boolean;
}

/** What is told of every operation; null while nobody traces. */
let tracer: ((operation: TracedOperation) => void) | null = null;

/** Runs `fn` without gradients, and tells `trace` of every operation in it, when its result is known. */
export function traceOperations<T>(trace: (operation: TracedOperation) => void, fn: () => T): T {
  const before = tracer;
  tracer = trace;
  try {
    return withoutRecording(fn);
  } finally {
    tracer = before;
  }
}

/** Whether operations are traced: each then has to run by itself, under the name that it is known by. */
export function isTracing(): boolean {
  return tracer !== null && !isRecording();
}

/** The tensor of an array that an operation returned without recording it on the tape. */
export function unrecorded(name: string, operands: readonly unknown[], out: NDArray, isOwn = false): Tensor {
  const result = new Tensor(out);
  if (tracer !== null) tracer({ name, operands, out: result, isOwn });
  return result;
}
