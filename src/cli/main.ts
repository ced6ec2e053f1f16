#!/usr/bin/env node
// The command `layerwise`.

import { EXIT } from './errors.js';
import { ioOf, report, run, type World } from './run.js';

const args = process.argv.slice(2);
const world: World = { cwd: process.cwd(), env: process.env, stdout: process.stdout, stderr: process.stderr };

// A reader that closes the pipe, as `head` does, has what it wants.
for (const output of [process.stdout, process.stderr]) {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(EXIT.done);
  });
}
// Also what is thrown in a callback, or in a promise that nobody waits for, is one line.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => process.exit(report(error, ioOf(args, world))));
}

void run(args, world).then((exitCode) => {
  process.exitCode = exitCode;
});
