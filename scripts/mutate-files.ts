// Damages files of every format that the library reads, and reads them, each format in a process of its own: none may
// crash, hang, allocate far more than the file has, or be read as what it is not.

import { fork } from 'node:child_process';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { FORMATS, formatNamed } from '../test/helpers/mutants/formats.js';
import { type Fault, mutantOf, outcomeOf, type Report } from '../test/helpers/mutants/run.js';
import { finish, nonNegative, wholeNumber } from './options.js';

const names = FORMATS.map(({ name }) => name);
const command = new Command('mutate-files')
  .description('Reads damaged files of every format, and says what became of them.')
  .option('--count <n>', 'damaged files of all formats together', wholeNumber, 100_000)
  .option('--seed <n>', 'seed of the damages', seedOf, 0)
  .addOption(new Option('--format <name>', 'one format alone').choices(names))
  .option('--only <n>', 'says of one file, by its number, how it was damaged and what became of it', nonNegative)
  .parse();
const options = command.opts<{ count: number; seed: number; format?: string; only?: number }>();

/** Milliseconds without a message after which a process counts as hanging. */
const SILENCE = 120_000;

/** Megabytes of a process's heap: what is made there is only seen at its end. */
const HEAP = 1024;

function seedOf(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || text.trim() === '') throw new InvalidArgumentError('expected a whole number');
  return value;
}

/** Runs the mutants of a format. A process that ends or hangs is a fault of the batch that it was at. */
function reportOf(format: string, count: number, seed: number): Promise<Report | Fault> {
  const program = path.join(__dirname, '..', 'test', 'programs', 'read-mutants.ts');
  const execArgv = ['-r', 'ts-node/register', `--max-old-space-size=${HEAP}`];
  const child = fork(program, [format, String(count), String(seed)], { execArgv });
  return new Promise((resolve) => {
    let index = 0;
    let isSilent = false;
    const silence = setTimeout(() => {
      isSilent = true;
      child.kill('SIGKILL');
    }, SILENCE);
    child.on('message', (message: { index: number } | { report: Report }) => {
      if ('report' in message) resolve(message.report);
      else index = message.index;
      silence.refresh();
    });
    child.on('exit', (code, signal) => {
      clearTimeout(silence);
      const what = isSilent ? 'hangs' : `ends the process (${signal ?? `code ${code}`})`;
      resolve({ format, seed, index, how: [], what: `${what}: it, or one of those behind it` });
    });
  });
}

async function main(): Promise<void> {
  const { count, seed, format, only } = options;
  if (only !== undefined) {
    if (format === undefined) throw new Error('mutate-files: --only needs --format');
    const { bytes, how } = mutantOf(formatNamed(format), seed, only);
    console.log(`${how.join(', ')}: ${bytes.length} bytes, ${outcomeOf(formatNamed(format), bytes)}`);
    return;
  }
  const chosen = format === undefined ? names : [format];
  const faults: Fault[] = [];
  console.log(row(['format', 'files', 'refused', 'equal', 'otherwise', 'worst ms', 'worst MB', 'faults']));
  for (const [i, name] of chosen.entries()) {
    const share = Math.floor(((i + 1) * count) / chosen.length) - Math.floor((i * count) / chosen.length);
    const report = await reportOf(name, share, seed);
    if ('what' in report) faults.push(report);
    else {
      const { mutants, refused, equal, otherwise, worstMs, worstBytes } = report;
      const numbers = [mutants, refused, equal, otherwise, worstMs.toFixed(1), (worstBytes / 2 ** 20).toFixed(2)];
      console.log(row([name, ...numbers, report.faults.length]));
      faults.push(...report.faults);
    }
  }
  for (const { format: of, index, how, what } of faults) console.log(`${of} ${index} (${how.join(', ')}): ${what}`);
  if (faults.length > 0) throw new Error(`mutate-files: ${faults.length} of ${count} files did what no file may do`);
}

function row(cells: readonly (string | number)[]): string {
  return cells.map((cell, i) => (i === 0 ? String(cell).padEnd(12) : String(cell).padStart(11))).join('');
}

finish(main);
