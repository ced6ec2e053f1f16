// Options and output that the scripts' command lines share.

import { InvalidArgumentError } from 'commander';

export { describeKernels } from '../src/cli/describe-kernels.js';

/** Reads a whole number ≥ 1. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('expected a whole number of at least 1');
  return value;
}

/** Reads a number ≥ 0. */
export function nonNegative(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && Number.isFinite(value))) {
    throw new InvalidArgumentError('expected a number of at least 0');
  }
  return value;
}

/**
 * Runs `main`; an error is printed as one line and makes the exit code 1. A reader that closes the pipe, as `head`
 * does, ends the script silently.
 */
export function finish(main: () => unknown): void {
  for (const output of [process.stdout, process.stderr]) {
    output.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit(0);
    });
  }
  Promise.resolve()
    .then(main)
    .catch((error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    });
}
