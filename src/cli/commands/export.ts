import { statSync } from 'node:fs';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import type { Preprocessing, Trained } from '../../runs/index.js';
import { CliError, UsageError } from '../errors.js';
import { examples } from '../examples.js';
import type { Io } from '../io.js';
import { bytes, plain } from '../numbers.js';
import { openModel, openRun, outOf, renamed, type Weights } from '../runs.js';

type Format = 'onnx' | 'safetensors' | 'npz';

interface Options {
  readonly out?: string;
  readonly opset?: number;
  readonly softmax?: boolean;
  readonly weights: Weights;
}

/** Class names that are printed. */
const NAMED = 10;

/** `layerwise export RUN FORMAT`: the model of a run as a file for other programs. */
export function exportCommand(io: Io): Command {
  const command = new Command('export')
    .description('write the model of a run as a file for other programs, and say what they must feed it')
    .argument('<run>', 'the folder of a run')
    .addArgument(new Argument('<format>', 'the format of the file').choices(['onnx', 'safetensors', 'npz']))
    .option('--out <file>', 'the file to write (default: the name of the run with the ending of the format)')
    .option('--opset <n>', "ONNX: the version of ONNX's operators, 13 to 21 (default: 17)", wholeNumber)
    .option('--softmax', 'ONNX: probabilities in place of scores')
    .addOption(
      new Option('--weights <which>', 'of the best epoch or the last').choices(['best', 'last']).default('best'),
    )
    .action((run: string, format: Format, options: Options) => exportRun(io, run, format, options));
  return examples(command, [
    'layerwise export runs/twolayer-synthetic-1 onnx --softmax',
    'layerwise export runs/twolayer-synthetic-1 npz --out weights.npz',
  ]);
}

function wholeNumber(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number');
}

async function exportRun(io: Io, path: string, format: Format, options: Options): Promise<void> {
  const fn = 'export';
  const { opset, softmax = false, weights } = options;
  if (format !== 'onnx' && (opset !== undefined || softmax)) {
    const name = softmax ? '--softmax' : '--opset';
    throw new UsageError(`${fn}: ${name} is for onnx, and the format is ${format}; leave it out`);
  }
  const run = await openRun(io, fn, path);
  const name = options.out ?? `${run.name}.${format}`;
  if (!name.toLowerCase().endsWith(`.${format}`)) {
    throw new UsageError(`${fn}: --out is ${name}, expected a name that ends with .${format}`);
  }
  const file = outOf(io, fn, run, name);
  const progress = io.progress(2, 'steps');
  progress.update(0);
  const trained = await openModel(io, fn, run, path, weights);
  progress.update(1);
  try {
    const { writeModel } = await import('../export-model.js');
    writeModel(trained, format, file, { softmax, ...(opset !== undefined && { opset }) });
  } catch (error) {
    throw new CliError(renamed(error, fn), undefined, { cause: error });
  } finally {
    progress.clear();
  }
  const { size } = statSync(file);
  const { classes, inputShape, preprocessing } = trained;
  if (io.isJson) {
    io.json({ file, format, bytes: size, weights, inputShape, classes, preprocessing, softmax });
    return;
  }
  io.print(`${name} written, ${bytes(size)}: the ${weights} weights of ${path}`);
  const { bold } = io.style;
  const isOnnx = format === 'onnx';
  io.print(
    `${bold('input ')}  ${isOnnx ? '"input", ' : ''}float32 (N, ${inputShape.join(', ')}): ${fed(preprocessing)}`,
  );
  io.print(
    `${bold('output')}  ${isOnnx ? `"${softmax ? 'probabilities' : 'scores'}", ` : ''}${given(trained, softmax)}`,
  );
  if (format === 'npz')
    io.print('npz keeps arrays alone: class names and preprocessing are in preprocessing.json of the run');
  else io.print('The file has the class names and the preprocessing in its metadata, as "classes" and "preprocessing"');
}

/** What a program must feed the model, in words. */
function fed(preprocessing: Preprocessing): string {
  if (preprocessing.kind === 'rows') {
    const { inputs, categories, standardize, reading } = preprocessing;
    const coded = reading.encode === 'codes' ? '0, 1, … for' : '0 or 1 for each of';
    const columns = inputs.map((name) => {
      return Object.hasOwn(categories, name) ? `${name} (${coded} ${categories[name].join(', ')})` : name;
    });
    const scaled = standardize === null ? '' : ', each minus its mean, over its deviation';
    return `the columns ${columns.join(', ')}${scaled}`;
  }
  const { inputShape, mean, std } = preprocessing;
  const colours = inputShape[0] === 1 ? 'grey' : 'red, green, blue';
  const pixels = `pictures of ${inputShape[1]} × ${inputShape[2]} pixels, ${colours}, values 0 to 255`;
  const less = mean.length === 0 ? '' : `, minus ${meanText(mean)}`;
  return `${pixels}${less}${std === null ? '' : `, over (${std.map(plain).join(', ')})`}`;
}

function meanText(mean: readonly number[]): string {
  if (mean.length <= 4) return `(${mean.map(plain).join(', ')})`;
  const average = mean.reduce((sum, value) => sum + value, 0) / mean.length;
  return `the mean image (${mean.length.toLocaleString('en-US')} numbers, ${plain(average)} on average)`;
}

/** What the model gives, in words. */
function given({ classes, preprocessing }: Trained, softmax: boolean): string {
  if (classes === null) {
    const { targets, standardizeTargets } = preprocessing as Preprocessing & { kind: 'rows' };
    const units = standardizeTargets === null ? '' : ', times its deviation, plus its mean';
    return `${targets.join(', ')}${units}`;
  }
  const more = classes.length > NAMED ? `, … (${classes.length} classes)` : '';
  return `${softmax ? 'probabilities' : 'scores'} of ${classes.slice(0, NAMED).join(', ')}${more}`;
}
