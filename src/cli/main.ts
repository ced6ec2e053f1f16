#!/usr/bin/env node
// The command `layerwise`.

import { CliError, EXIT } from './errors.js';
import { ioOf, report, run, type World } from './run.js';

const args = process.argv.slice(2);
const world: World = { cwd: process.cwd(), env: process.env, stdout: process.stdout, stderr: process.stderr };

/** Milliseconds after a command within which what it has started ends. */
const GRACE = 2000;

/** Whether the exit code is that of the command. */
let isOver = false;

// A reader that closes the pipe, as `head` does, has what it wants.
for (const output of [process.stdout, process.stderr]) {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    isOver = true;
    process.exit(EXIT.done);
  });
}
// Also what is thrown in a callback, or in a promise that nobody waits for, is one line.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => process.exit(report(error, ioOf(args, world))));
}

// A file of the user's may end the process, or wait for what never comes: as an end of the command that were success.
process.on('exit', (code) => {
  if (isOver || code !== EXIT.done) return;
  const why = 'a file of yours calls process.exit, or waits for what never comes';
  process.exitCode = report(
    new CliError(`layerwise: the process ends before the command is done: ${why}`),
    ioOf(args, world),
  );
});

void run(args, world).then((exitCode) => {
  isOver = true;
  process.exitCode = exitCode;
  // A timer or a server that a file of the user's has left open does not keep the command.
  setTimeout(() => process.stdout.write('', () => process.exit()), GRACE).unref();
});
