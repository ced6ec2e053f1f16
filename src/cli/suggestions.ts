import type { Argument, Command, Option } from 'commander';

/** What may stand in a place of the command line. */
export interface Suggestions {
  readonly words: readonly string[];
  /** Whether a file or folder may. */
  readonly files: boolean;
}

const GIVEN = new WeakMap<Argument | Option, Suggestions>();

/** Names of arguments and of options' values that mean a file or a folder: `<file>`, `[dir]`, `<run>`. */
const PATHS = /^(file|dir|folder|path|run|data|model|out)s?(\.\.\.)?$/i;

/** Says what completion offers for an argument that is more than one of its choices: words, or a file too. */
export function suggest(command: Command, argument: string, { words, files }: Suggestions): Command {
  const found = [...command.registeredArguments, ...command.options].find((each) => nameOf(each) === argument);
  if (found === undefined) throw new Error(`suggest: ${command.name()} has no argument ${argument}`);
  GIVEN.set(found, { words, files });
  return command;
}

const DEFAULTS = new WeakMap<Command, Command>();

/** Adds a command below another that is meant where none is named: completion offers its options there too. */
export function addDefault(command: Command, below: Command): Command {
  DEFAULTS.set(command, below);
  return command.addCommand(below, { isDefault: true });
}

/** The command that is meant where none is named. */
export function defaultOf(command: Command): Command | undefined {
  return DEFAULTS.get(command);
}

/** What completion offers for an argument, or for the value of an option; null for an option that has none. */
export function suggestionsFor(each: Argument | Option): Suggestions | null {
  if ('flags' in each && !each.required && !each.optional) return null;
  const given = GIVEN.get(each);
  if (given !== undefined) return given;
  if (each.argChoices !== undefined) return { words: each.argChoices, files: false };
  const value = 'flags' in each ? (/[<[]([^>\]]+)[>\]]/.exec(each.flags)?.[1] ?? '') : each.name();
  return { words: [], files: value.split('|').some((name) => PATHS.test(name)) };
}

function nameOf(each: Argument | Option): string {
  return 'flags' in each ? (each.long ?? each.short ?? '') : each.name();
}
