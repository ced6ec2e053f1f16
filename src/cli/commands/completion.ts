import { Argument, Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion.js';
import { examples } from '../examples.js';
import type { Io } from '../io.js';

/** `layerwise completion`: a script for a shell, made from the commands that there are. */
export function completionCommand(io: Io): Command {
  const command: Command = new Command('completion')
    .summary('print a script that completes commands in bash, zsh or fish')
    .description(
      'Prints a script that completes commands, options and their values. For bash, put\n' +
        '  source <(layerwise completion bash)\ninto ~/.bashrc; for zsh the same with zsh into ~/.zshrc, behind ' +
        'compinit; for fish:\n  layerwise completion fish > ~/.config/fish/completions/layerwise.fish',
    )
    .addArgument(new Argument('<shell>', 'which one').choices(SHELLS))
    .action((shell: Shell) => {
      const script = completionScript(command.parent ?? command, shell);
      if (io.isJson) io.json({ shell, script });
      else io.print(script.trimEnd());
    });
  return examples(
    command,
    SHELLS.map((shell) => `layerwise completion ${shell}`),
  );
}
