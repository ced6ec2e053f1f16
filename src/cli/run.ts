import { EXIT, exitCodeOf, oneLine, Reported, UsageError, withStack } from './errors.js';
import { type Io, type IoParts, makeIo } from './io.js';
import { Done, makeProgram } from './program.js';

/** What {@link run} needs of the world. */
export type World = Omit<IoParts, 'isJson' | 'isVerbose'>;

/**
 * Runs the command.
 *
 * @param args - As the shell gives them, from the first after the program's name.
 * @returns The exit code. Errors have been printed.
 */
export async function run(args: readonly string[], world: World): Promise<number> {
  const io = ioOf(args, world);
  try {
    const program = makeProgram(io, (text) => world.stdout.write(text));
    if (args.length === 0) {
      program.outputHelp();
      return EXIT.done;
    }
    await program.parseAsync(args, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (error instanceof Done) return EXIT.done;
    if (error instanceof Reported) return error.exitCode;
    return report(error, io);
  }
}

/** What commands get, with the options that stand anywhere before `--`. */
export function ioOf(args: readonly string[], world: World): Io {
  const end = args.indexOf('--');
  const options = end < 0 ? args : args.slice(0, end);
  return makeIo({ ...world, isJson: options.includes('--json'), isVerbose: options.includes('--verbose') });
}

/** Prints an error: one line on stderr, with `--json` an object on stdout too. @returns The exit code. */
export function report(error: unknown, io: Io): number {
  const exitCode = exitCodeOf(error);
  const message = oneLine(error);
  if (io.isJson) io.json({ error: message, exitCode });
  io.note(io.isVerbose && !(error instanceof UsageError) ? withStack(error) : message);
  return exitCode;
}
