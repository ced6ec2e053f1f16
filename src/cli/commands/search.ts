import { Command } from 'commander';
import { examples } from '../examples.js';
import type { Io } from '../io.js';
import { addDefault } from '../suggestions.js';
import { searchInitCommand } from './search-init.js';
import { searchListCommand } from './search-list.js';
import { searchRunCommand } from './search-run.js';
import { searchShowCommand } from './search-show.js';
import { searchWorkerCommand } from './search-worker.js';

/** `layerwise search`: tries configs of a space, and what goes with it. */
export function searchCommand(io: Io): Command {
  const command = new Command('search').description('try configs of a space, and say which is best');
  const run = searchRunCommand(io);
  addDefault(command, run)
    .addCommand(searchInitCommand(io))
    .addCommand(searchShowCommand(io))
    .addCommand(searchListCommand(io))
    .addCommand(searchWorkerCommand(io));
  const others = command.commands.filter((other) => other !== run);
  const lines = others.map((other) => `  layerwise search ${other.name().padEnd(8)}${other.summary()}`);
  // Its help is that of a search, and what there is beside it.
  command.helpInformation = (context) => run.helpInformation(context);
  command.addHelpText('after', ['', 'Beside it:', ...lines].join('\n'));
  return examples(command, [
    'layerwise search init trial.ts',
    'layerwise search searches/lr --trial trial.ts --trials 4 --workers 2',
    'layerwise search searches/lr --trials 5 --report',
    'layerwise search --trial trial.ts --strategy halving --trials 4 --epochs 4 --eta 2 --json',
  ]);
}
