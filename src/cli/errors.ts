import { faultOf } from '../arrays/errors.js';

/** The exit codes of the command. */
export const EXIT = { done: 0, failed: 1, wrongUse: 2, interrupted: 130, terminated: 143 } as const;

/** Something that went wrong and that one line explains: it is printed without a stack trace. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The command was called in a wrong way: exit code 2. */
export class UsageError extends CliError {
  override readonly name = 'UsageError';

  constructor(message: string, options?: ErrorOptions) {
    super(message, EXIT.wrongUse, options);
  }
}

/** What is wrong has been printed as the command's result: there is nothing to add but the exit code. */
export class Reported extends CliError {
  constructor(exitCode: number) {
    super('', exitCode);
  }
}

/** The user, or the system, asked the command to end. The exit code is that of the signal, as shells have it. */
export class InterruptedError extends CliError {
  override readonly name = 'InterruptedError';
  readonly signal: 'SIGINT' | 'SIGTERM';

  constructor(signal: 'SIGINT' | 'SIGTERM', message: string) {
    super(message, signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated);
    this.signal = signal;
  }
}

/** The exit code for an error that ended a command. */
export function exitCodeOf(error: unknown): number {
  return error instanceof CliError ? error.exitCode : EXIT.failed;
}

// Names of files may have them, and a terminal obeys them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are searched for
const CONTROL = /[\x00-\x1f\x7f-\x9f]/g;

/** An error in one line; one that nobody foresaw says how to find out more. */
export function oneLine(error: unknown): string {
  const text = messageOf(error)
    .split(/\s*\n\s*/)
    .join(' ')
    .replace(CONTROL, '\ufffd');
  return isForeseen(error) ? text : `${text} (unexpected; run again with --verbose to see where)`;
}

/** An error with the place where it was thrown, and those that caused it. */
export function withStack(error: unknown): string {
  const lines: string[] = [];
  const seen = new Set<unknown>();
  for (let at = error; at !== undefined && at !== null && !seen.has(at); at = (at as { cause?: unknown }).cause) {
    seen.add(at);
    const text = at instanceof Error ? (at.stack ?? String(at)) : String(at);
    lines.push(lines.length === 0 ? text : `caused by ${text}`);
  }
  return lines.length === 0 ? messageOf(error) : lines.join('\n');
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return `an error without a message: ${String(error)}`;
  return error.message === '' ? error.name : error.message;
}

/** Errors that begin with who throws them, or that say what they are by a code, are meant to be read. */
function isForeseen(error: unknown): boolean {
  if (error instanceof CliError || faultOf(error) !== undefined) return true;
  if (!(error instanceof Error)) return false;
  return typeof (error as NodeJS.ErrnoException).code === 'string' || /^[\w.[\]-]+( [\w-]+)?: /.test(error.message);
}
