import type { Command, Help } from 'commander';
import { wrap } from '../terminal/index.js';
import type { Io } from './io.js';
import { version } from './version.js';

/** From nothing to a finished run. */
const START = 'train twolayer --data synthetic --ui';

/** A second column begins after at most so many characters. */
const LEFT = 26;

/** The help of the program itself: a line for each command, in groups, so that it fits one screen. */
export function rootHelp(program: Command, helper: Help, { columns, program: name, style }: Io): string {
  const commands = helper.visibleCommands(program).map((command) => ({
    group: command.helpGroup(),
    name: command.name(),
    text: command.summary() || command.description(),
  }));
  const options = helper.visibleOptions(program).map(({ flags, description }) => ({ flags, text: description }));
  const groups = [...new Set(commands.map(({ group }) => group))];
  const groupWidth = Math.max(...groups.map((group) => group.length));
  const nameWidth = Math.max(...commands.map(({ name }) => name.length));
  const flagWidth = Math.min(LEFT, Math.max(...options.map(({ flags }) => flags.length)));
  const item = (left: string, seen: number, text: string): string => {
    const at = seen + 2;
    // On a narrow terminal the text stands below.
    if (columns - at < 24) return `${left.trimEnd()}\n  ${wrap(text, columns - 2).join('\n  ')}`;
    const lines = wrap(text, columns - at);
    return `${left}  ${lines.join(`\n${' '.repeat(at)}`)}`;
  };
  const lines = commands.map(({ group, name, text }, i) => {
    const isFirst = i === 0 || commands[i - 1].group !== group;
    const title = (isFirst ? group : '').padEnd(groupWidth);
    return item(`${style.bold(title)}  ${style.cyan(name.padEnd(nameWidth))}`, groupWidth + 2 + nameWidth, text);
  });
  return [
    `${style.bold('layerwise')} ${version()}: ${program.description().toLowerCase()}`,
    `${style.bold('Usage:')} layerwise ${program.usage()}   (layerwise help COMMAND says more)`,
    '',
    ...lines,
    '',
    ...options.map(({ flags, text }) => item(style.cyan(flags.padEnd(flagWidth)), flagWidth, text)),
    `${style.dim('$')} ${name} ${START}`,
    '',
  ].join('\n');
}
