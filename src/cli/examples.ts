import type { Command } from 'commander';

const EXAMPLES = new WeakMap<Command, readonly string[]>();

/**
 * Adds examples to the help of a command. Each runs as it stands, in the order of the commands, in a folder that was
 * empty before the first: a test does that.
 *
 * @returns The command.
 */
export function examples(command: Command, lines: readonly string[]): Command {
  EXAMPLES.set(command, lines);
  return command.addHelpText('after', ['', 'Examples:', ...lines.map((line) => `  ${line}`)].join('\n'));
}

/** The examples of a command and of those below it. */
export function examplesOf(command: Command): string[] {
  return [...(EXAMPLES.get(command) ?? []), ...command.commands.flatMap(examplesOf)];
}
