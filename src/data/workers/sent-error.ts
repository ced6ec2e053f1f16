import { isError, ShapeError } from '../../arrays/index.js';
import type { SentError } from './protocol.js';

const KINDS = { Error, RangeError, TypeError, ShapeError };

/** An error as plain data. */
export function sentError(error: unknown): SentError {
  if (!isError(error)) return { kind: 'Error', message: String(error), stack: undefined };
  const { name, message, stack } = error as Error;
  const kind =
    error instanceof ShapeError ? 'ShapeError' : name === 'RangeError' || name === 'TypeError' ? name : 'Error';
  return { kind, message, stack };
}

/** The error again, with the stack that it had in the worker. */
export function receivedError({ kind, message, stack }: SentError): Error {
  const error = new KINDS[kind](message);
  if (stack !== undefined) error.stack = `${stack}\n    in a worker of a DataLoader`;
  return error;
}
