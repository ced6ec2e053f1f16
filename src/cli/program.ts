import { type Argument, Command, type CommanderError, type Help, InvalidArgumentError, type Option } from 'commander';
import { didYouMean } from '../terminal/index.js';
import { benchCommand } from './commands/bench.js';
import { compareCommand } from './commands/compare.js';
import { completionCommand } from './commands/completion.js';
import { dataCommand } from './commands/data.js';
import { evalCommand } from './commands/eval.js';
import { exportCommand } from './commands/export.js';
import { gradcheckCommand } from './commands/gradcheck.js';
import { infoCommand } from './commands/info.js';
import { lessonCommand } from './commands/lesson.js';
import { predictCommand } from './commands/predict.js';
import { reportCommand } from './commands/report.js';
import { searchCommand } from './commands/search.js';
import { serveCommand } from './commands/serve.js';
import { trainCommand } from './commands/train.js';
import { uiCommand } from './commands/ui.js';
import { UsageError } from './errors.js';
import { rootHelp } from './help.js';
import type { Io } from './io.js';
import { version } from './version.js';

/** The commands with their groups and what they do in a line, in the order of what one does after the other. */
const COMMANDS: readonly (readonly [group: string, make: (io: Io) => Command, summary: string])[] = [
  ['Data', dataCommand, 'download CIFAR-10, draw a stand-in, or describe data'],
  ['Runs', trainCommand, 'train a model; the run is a folder'],
  ['Runs', searchCommand, 'try configs of a space: which is best'],
  ['Runs', evalCommand, 'accuracy, loss and confusion matrix of a run'],
  ['Runs', predictCommand, 'what pictures show, or what rows of a CSV file mean'],
  ['Runs', reportCommand, 'write a page: curves, mistakes, filters, layers'],
  ['Runs', compareCommand, 'runs side by side, and where their settings differ'],
  ['Runs', uiCommand, 'a page that compares finished and running runs'],
  ['Runs', exportCommand, 'write the model as ONNX, safetensors or npz'],
  ['Runs', serveCommand, 'answer predictions over HTTP'],
  ['Tools', gradcheckCommand, 'check the gradients of the layers in a file'],
  ['Tools', benchCommand, 'time training steps, layers and matrix products'],
  ['Tools', infoCommand, 'versions, kernels, threads, data and packages found'],
  ['Tools', lessonCommand, 'an exercise of the guide, with checks that say what is wrong'],
  ['Tools', completionCommand, 'print a script that completes commands in a shell'],
];

/** What was asked for is the help, or the version: there is nothing left to do. */
export class Done extends Error {}

/**
 * The command with all that stand below it. Parsing throws {@link UsageError} or {@link Done}; it never exits.
 *
 * @param writeOut - Takes the help and the version, which are printed with `--json` too.
 */
export function makeProgram(io: Io, writeOut: (text: string) => void): Command {
  const program = new Command('layerwise')
    .description('Neural networks you can read and still train')
    .usage('<command> [options]')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help, or that of a command')
    .option('--json', 'results and errors as JSON on stdout, and nothing else there')
    .option('--verbose', 'print stack traces of errors')
    .helpCommand(false)
    .configureHelp({ styleTitle: io.style.bold, showGlobalOptions: true })
    .configureOutput({
      writeOut,
      writeErr: () => {},
      getOutHelpWidth: () => io.columns,
      getOutHasColors: () => io.style.bold('') !== '',
    });
  for (const [group, make, summary] of COMMANDS) {
    program.addCommand(make(io).summary(summary).helpGroup(group));
  }
  program.addCommand(helpCommand(program), { hidden: true });
  prepare(program, program);
  // Last, since the others do not get it: that of the root has a form of its own.
  return program.configureHelp({ formatHelp: (command: Command, helper: Help) => rootHelp(command, helper, io) });
}

function helpCommand(program: Command): Command {
  return new Command('help')
    .description('print the help of a command')
    .argument('[command...]', 'its name')
    .action((names: string[]) => {
      let at = program;
      for (const name of names) {
        const found = at.commands.find((command) => command.name() === name);
        if (found === undefined) throw unknownCommand(name, at, program);
        at = found;
      }
      at.outputHelp();
    });
}

function unknownCommand(name: string, at: Command, program: Command): UsageError {
  const names = at.commands.map((command) => command.name());
  return new UsageError(`${labelOf(at, program)}unknown command '${name}'${didYouMean(name, names)}${hint(at)}`);
}

/** Gives a command and those below it the settings of the program, and errors as {@link UsageError}. */
function prepare(command: Command, program: Command): void {
  if (command !== program) command.copyInheritedSettings(program);
  command.exitOverride((error) => {
    throw translated(error, command, program);
  });
  for (const option of [...command.options, ...command.registeredArguments]) nameChoices(option);
  for (const below of command.commands) prepare(below, program);
}

/** Where a value is none of the choices, the error names the nearest. */
function nameChoices(option: Option | Argument): void {
  const { argChoices, parseArg } = option;
  if (argChoices === undefined || parseArg === undefined) return;
  option.argParser((value: string, previous: unknown) => {
    if (!argChoices.includes(value)) {
      throw new InvalidArgumentError(`Allowed choices are ${argChoices.join(', ')}${didYouMean(value, argChoices)}`);
    }
    return (parseArg as (value: string, previous: unknown) => unknown).call(option, value, previous);
  });
}

/** What commander found wrong, in one line with the way to the help. */
function translated(error: CommanderError, command: Command, program: Command): Error {
  if (error.exitCode === 0) return new Done();
  if (error.code === 'commander.help') {
    if (command === program) return new UsageError(`expected a command${hint(command)}`);
    const names = command.commands.map((below) => below.name()).join(', ');
    return new UsageError(`${labelOf(command, program)}expected a command: ${names}${hint(command)}`);
  }
  if (error.code === 'commander.unknownCommand') return unknownCommand(command.args[0] ?? '', command, program);
  const text = error.message
    .replace(/^error: /, '')
    .replace(/\s*\n\(Did you mean (one of )?(.*)\?\)$/s, '; did you mean $1$2?')
    .replace(/\.$/, '');
  return new UsageError(`${labelOf(command, program)}${text}${hint(command)}`);
}

/** `data download: `, or nothing for the program itself. */
function labelOf(command: Command, program: Command): string {
  const path = pathOf(command, program);
  return path === '' ? '' : `${path}: `;
}

function pathOf(command: Command, program: Command): string {
  if (command === program) return '';
  return command.parent === null ? command.name() : `${pathOf(command.parent, program)} ${command.name()}`.trim();
}

function hint(command: Command): string {
  let at: Command | null = command;
  const names: string[] = [];
  for (; at !== null; at = at.parent) names.unshift(at.name());
  return ` (${names.join(' ')} --help)`;
}
