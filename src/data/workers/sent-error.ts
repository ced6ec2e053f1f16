import { isError, ShapeError } from '../../arrays/index.js';
import type { SentError } from './protocol.js';

const KINDS = { Error, RangeError, TypeError, ShapeError };

/** Properties that say more of an error. */
const DETAILS = ['code', 'syscall', 'path'] as const;

/** Causes of causes that are sent. */
const MOST_CAUSES = 8;

/** An error as plain data. */
export function sentError(error: unknown, causes = MOST_CAUSES): SentError {
  if (!isError(error)) {
    return { kind: 'Error', name: 'Error', message: String(error), stack: undefined, details: {}, cause: undefined };
  }
  const { name, message, stack, cause } = error as Error;
  const kind =
    error instanceof ShapeError ? 'ShapeError' : name === 'RangeError' || name === 'TypeError' ? name : 'Error';
  const details = DETAILS.flatMap((key) => {
    const value = (error as NodeJS.ErrnoException)[key];
    return typeof value === 'string' || typeof value === 'number' ? [[key, value] as const] : [];
  });
  const sent = cause === undefined || causes === 0 ? undefined : sentError(cause, causes - 1);
  return { kind, name: String(name), message, stack, details: Object.fromEntries(details), cause: sent };
}

/** The error again, with the stack that it had in the worker. */
export function receivedError({ kind, name, message, stack, details, cause }: SentError): Error {
  const error = new KINDS[kind](message);
  if (name !== error.name) Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  if (stack !== undefined) error.stack = `${stack}\n    in a worker of a DataLoader`;
  if (cause !== undefined) {
    Object.defineProperty(error, 'cause', { value: receivedError(cause), configurable: true, writable: true });
  }
  return Object.assign(error, details);
}
