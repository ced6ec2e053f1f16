import { resolve } from 'node:path';
import { Argument, Command } from 'commander';
import { columnsOf, shellWord } from '../../terminal/index.js';
import { UsageError } from '../errors.js';
import { examples } from '../examples.js';
import type { Io } from '../io.js';
import { findsPackage, LESSONS, writeLesson } from '../lessons.js';

interface Options {
  readonly list?: true;
  readonly solution?: true;
}

/** `layerwise lesson`: the exercise of a chapter of the guide, in a folder of the reader's. */
export function lessonCommand(io: Io): Command {
  const command = new Command('lesson')
    .description(
      'Puts the exercise of a chapter of the guide into a folder: exercise.mjs with functions to write, and ' +
        'check.mjs, which says what is wrong: node check.mjs. Nothing is overwritten.',
    )
    .addArgument(new Argument('[name]', 'the lesson').choices(Object.keys(LESSONS)))
    .argument('[folder]', 'where to (default: a folder of its name)')
    .option('--list', 'list the lessons')
    .option('--solution', 'put a solution there: node check.mjs solution.mjs')
    .action((name: string | undefined, folder: string | undefined, options: Options) => {
      if (options.list !== undefined) list(io);
      else if (name !== undefined) put(io, name, folder ?? name, options.solution === true);
      else throw new UsageError('lesson: expected the name of a lesson; lesson --list has them');
    });
  return examples(command, [
    'layerwise lesson --list',
    'layerwise lesson layers',
    'layerwise lesson layers --solution',
    'layerwise lesson layers again',
  ]);
}

function list(io: Io): void {
  const rows = Object.entries(LESSONS).map(([name, { chapter, task }]) => ({ name, chapter, task }));
  if (io.isJson) {
    io.json(rows);
    return;
  }
  const cells = rows.map(({ name, chapter, task }) => [name, `write ${task}`, chapter]);
  for (const line of columnsOf(['lesson', 'exercise', 'chapter'], cells, io.columns)) io.print(line);
}

function put(io: Io, name: string, called: string, solution: boolean): void {
  const folder = resolve(io.cwd, called);
  const files = writeLesson({ name, folder, called, solution });
  const found = findsPackage(folder);
  if (io.isJson) {
    io.json({ lesson: name, folder, files });
    return;
  }
  const place = shellWord(called);
  io.print(`${files.join(', ')} ${files.length > 1 ? 'are' : 'is'} in ${called}`);
  if (solution) io.print(`Check it: cd ${place} && node check.mjs solution.mjs`);
  else io.print(`Fill in exercise.mjs, and after each function: cd ${place} && node check.mjs`);
  if (!found) io.note(`note: ${called} does not find the package layerwise: npm install it in a folder above`);
}
