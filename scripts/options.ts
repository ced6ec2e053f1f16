// Options and output that the scripts' command lines share.

import * as values from '../src/cli/values.js';

export { describeKernels } from '../src/cli/describe-kernels.js';
export { nonNegative } from '../src/cli/values.js';

/** Reads a whole number ≥ 1. */
export const wholeNumber = values.wholeNumber(1);

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
