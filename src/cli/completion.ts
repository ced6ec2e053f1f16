import type { Argument, Command, Option } from 'commander';
import { defaultOf, type Suggestions, suggestionsFor } from './suggestions.js';

/** Shells that there are scripts for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What one command is completed with. */
interface Place {
  /** The words that lead to it, joined by blanks; empty for the program. */
  readonly path: string;
  readonly commands: readonly Described[];
  readonly options: readonly Described[];
  /** What may follow an option that takes a value, by its flag. */
  readonly values: readonly { readonly flags: readonly string[]; readonly suggestions: Suggestions }[];
  /** What may stand as an argument, all of them together. */
  readonly arguments: Suggestions;
}

interface Described {
  readonly word: string;
  readonly text: string;
}

/** A script that completes the command of a shell's line: written once from the commands there are. */
export function completionScript(program: Command, shell: Shell): string {
  const places = placesOf(program, []);
  return { bash, zsh, fish }[shell](places);
}

function placesOf(command: Command, path: readonly string[], inherited: readonly Option[] = []): Place[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  // Those of the program may stand behind any command.
  const own = defaultOf(command) ?? command;
  const options = [...help.visibleOptions(own), ...inherited];
  const flags = ({ short, long }: Option): string[] => [long, short].filter((flag) => flag !== undefined);
  const place: Place = {
    path: path.join(' '),
    commands: commands.map((each) => ({ word: each.name(), text: each.summary() || each.description() })),
    options: options.flatMap((each) => flags(each).map((word) => ({ word, text: each.description }))),
    values: options.flatMap((each) => {
      const suggestions = suggestionsFor(each);
      return suggestions === null ? [] : [{ flags: flags(each), suggestions }];
    }),
    arguments: joined(own.registeredArguments),
  };
  const below = inherited.length > 0 ? inherited : help.visibleOptions(command).filter(({ long }) => long !== '--help');
  return [place, ...commands.flatMap((each) => placesOf(each, [...path, each.name()], below))];
}

function joined(args: readonly Argument[]): Suggestions {
  const all = args.map(suggestionsFor).filter((each) => each !== null);
  return { words: all.flatMap(({ words }) => words), files: all.some(({ files }) => files) };
}

/** The words that lead from a command to one below it, as a pattern of all three shells. */
function steps(places: readonly Place[]): string[] {
  return places.flatMap(({ path, commands }) => commands.map(({ word }) => quoted(`${path}:${word}`)));
}

/** A text as a word of any of the shells. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function words(described: readonly Described[]): string {
  return described.map(({ word }) => word).join(' ');
}

/** The cases that bash and zsh share: what may follow an option, and what stands in a place. */
function cases(places: readonly Place[], offer: (what: Suggestions) => string): string[] {
  return places.flatMap(({ path, values }) =>
    values.map(({ flags, suggestions }) => {
      return `    ${flags.map((flag) => quoted(`${path}:${flag}`)).join('|')}) ${offer(suggestions)}; return ;;`;
    }),
  );
}

function bash(places: readonly Place[]): string {
  const offer = ({ words: given, files }: Suggestions): string =>
    `_layerwise_offer ${files ? 1 : 0} ${quoted(given.join(' '))}`;
  return `# Completion of layerwise in bash: source <(layerwise completion bash)
_layerwise_offer() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "\${2// /$IFS}" -- "$cur"))
  if [[ $1 = 1 ]]; then
    COMPREPLY+=($(compgen -f -- "$cur"))
    compopt -o filenames 2>/dev/null
  fi
}
_layerwise() {
  local cur=\${COMP_WORDS[COMP_CWORD]} at= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at:\${COMP_WORDS[i]}" in
    ${steps(places).join('|')}) at="\${at:+$at }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at:\${COMP_WORDS[COMP_CWORD - 1]}" in
${cases(places, offer).join('\n')}
  esac
  case "$at" in
${places
  .map(
    ({ path, commands, options, arguments: { words: given, files } }) =>
      `    ${quoted(path)}) if [[ $cur = -* ]]; then ${offer({ words: [words(options)], files: false })}; ` +
      `else ${offer({ words: [words(commands), ...given].filter((word) => word !== ''), files })}; fi ;;`,
  )
  .join('\n')}
  esac
}
complete -F _layerwise layerwise
`;
}

function zsh(places: readonly Place[]): string {
  const offer = ({ words: given, files }: Suggestions): string =>
    [given.length > 0 ? `compadd -- ${given.map(quoted).join(' ')}` : '', files ? '_files' : '']
      .filter((part) => part !== '')
      .join('; ') || ':';
  const described = (all: readonly Described[]): string =>
    all.map(({ word, text }) => quoted(`${word.replaceAll(':', '\\:')}:${text}`)).join(' ');
  return `#compdef layerwise
# Completion of layerwise in zsh: source <(layerwise completion zsh)
_layerwise() {
  local at= i
  local -a offered
  for ((i = 2; i < CURRENT; i++)); do
    case "$at:\${words[i]}" in
    ${steps(places).join('|')}) at="\${at:+$at }\${words[i]}" ;;
    esac
  done
  case "$at:\${words[CURRENT - 1]}" in
${cases(places, offer).join('\n')}
  esac
  case "$at" in
${places
  .map(({ path, commands, options, arguments: given }) => {
    const others = commands.length > 0 ? `offered=(${described(commands)}); _describe command offered` : offer(given);
    return (
      `    ${quoted(path)}) if [[ \${words[CURRENT]} = -* ]]; then offered=(${described(options)}); ` +
      `_describe option offered; else ${others}; fi ;;`
    );
  })
  .join('\n')}
  esac
}
compdef _layerwise layerwise
`;
}

function fish(places: readonly Place[]): string {
  const line = (path: string, ...rest: readonly string[]): string =>
    `complete -c layerwise -n ${quoted(`test (__layerwise_at) = ${quoted(path)}`)} ${rest.join(' ')}`;
  const offer = ({ words: given, files }: Suggestions): string[] => [
    ...(given.length > 0 ? [`-a ${quoted(given.join(' '))}`] : []),
    ...(files ? ['-F'] : []),
  ];
  const flag = (name: string): string => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`);
  return `# Completion of layerwise in fish: layerwise completion fish | source
function __layerwise_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    switch "$at:$word"
      case ${steps(places).join(' ')}
        set at (string trim "$at $word")
    end
  end
  echo "$at"
end
complete -c layerwise -f
${places
  .flatMap(({ path, commands, options, values, arguments: given }) => [
    ...commands.map(({ word, text }) => line(path, '-a', quoted(word), '-d', quoted(text))),
    ...options.map(({ word, text }) => {
      const value = values.find(({ flags }) => flags.includes(word));
      return line(
        path,
        flag(word),
        ...(value ? [value.suggestions.files ? '-r' : '-x', ...offer(value.suggestions)] : []),
        '-d',
        quoted(text),
      );
    }),
    ...(given.words.length > 0 || given.files ? [line(path, ...offer(given))] : []),
  ])
  .join('\n')}
`;
}
