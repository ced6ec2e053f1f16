import { argumentError, faultOf, isError, said } from '../arrays/index.js';
import { type Checkpoint, isFile, latestCheckpoint } from '../checkpoints/index.js';
import type { Checkpointed } from './checkpoint-options.js';
import type { RunConfig } from './run-config.js';

/** Options that may differ: what bounds a run's length, and prints. */
const MAY_DIFFER = new Set([
  'numEpochs',
  'epochs',
  'patience',
  'printEvery',
  'verbose',
  'onIteration',
  'onStep',
  'onEpoch',
]);

/** What a schedule changes in the optimizer, which has it in its state; the initial rates are the schedule's too. */
const RATES = ['lr', 'initialLr'];

/** What some schedules change too: a cycle, or one of the user's. */
const CYCLED = ['momentum', 'betas'];

/** How many differences are listed. */
const MOST = 24;

/** A checkpoint, and the file it was read from. */
export interface Found {
  readonly file: string;
  readonly checkpoint: Checkpoint;
}

/**
 * The last checkpoint that is whole of the run that is to be continued; null where there is none, and need not be one.
 * Those that are damaged are named by a warning.
 *
 * @throws {Error} if there is none and should be; if it is of a run that was made with something else, naming all that
 *   differs.
 */
export function findCheckpoint(
  fn: string,
  kind: Checkpoint['kind'],
  resume: Checkpointed['resume'],
  own: RunConfig,
): Found | null {
  if (resume === null) return null;
  const { dir, isRequired } = resume;
  const found = latestCheckpoint(fn, dir);
  if (found === null) {
    if (!isRequired) return null;
    if (isFile(fn, dir)) {
      const wayOut = 'to continue from that very file, give loadCheckpoint(file).state';
      const to = kind === 'fit' ? 'as the option state' : 'to solver.loadStateDict';
      const [found, expected] = [`is '${dir}', a file`, 'the folder of a run, whose last checkpoint it continues'];
      throw argumentError(RangeError, { fn, arg: 'resume', found, expected, wayOut: `${wayOut} ${to}` });
    }
    const expected = 'a folder with checkpoints';
    throw argumentError(RangeError, { fn, arg: 'resume', found: `is '${dir}', where there are none`, expected });
  }
  const { file, checkpoint, refused } = found;
  for (const { error } of refused) console.warn(`${error.message}; ${file} is read instead`);
  if (checkpoint.kind !== kind) {
    const expected = `one of ${kind === 'fit' ? 'fit' : 'a Solver'}`;
    const other = checkpoint.kind === 'fit' ? 'fit' : 'a Solver';
    throw argumentError(TypeError, { fn, arg: 'resume', found: `: ${file} is a checkpoint of ${other}`, expected });
  }
  const lines = differences(own, checkpoint);
  if (lines.length > 0) {
    const shown = lines.length > MOST ? [...lines.slice(0, MOST), `${lines.length - MOST} more`] : lines;
    const wayOut = 'give what that run had, or train in another folder';
    throw argumentError(RangeError, {
      ...{ fn, arg: 'resume', found: `: ${file} is of a run that was made with something else: ${shown.join('; ')}` },
      wayOut,
    });
  }
  warnOfKernels(fn, file, own.kernels, checkpoint.config.kernels);
  return { file, checkpoint };
}

/** Loads the state of a checkpoint. @throws {Error} what `load` throws, with the name of the file. */
export function loadFound(fn: string, { file, checkpoint }: Found, load: (state: unknown) => void): void {
  try {
    load(checkpoint.state);
  } catch (error) {
    if (!isError(error)) throw error;
    const fault = faultOf(error);
    const message = fault === undefined ? error.message : said(fault);
    const Kind = error instanceof TypeError ? TypeError : RangeError;
    throw new Kind(`${fn}: resume: ${file}: ${message}`, { cause: error });
  }
}

/** All in which a run differs from that of a checkpoint, a clause each. */
function differences(own: RunConfig, { config, epoch }: Checkpoint): string[] {
  const options = record(config.options);
  const schedules = [own.options.schedule, options.schedule].filter(isTree);
  const scheduled = [...(schedules.length > 0 ? RATES : []), ...(schedules.every(keepsMomentum) ? [] : CYCLED)];
  const lines = [
    ...compared('', own.options, options, new Set([...MAY_DIFFER, ...scheduled])),
    ...compared('', own.data, record(config.data)),
    ...compared('model', own.model, record(config.model)),
  ];
  for (const name of ['numEpochs', 'epochs']) {
    const epochs = own.options[name];
    if (typeof epochs === 'number' && epochs < epoch) {
      lines.push(`${name} is ${epochs}, the checkpoint's run has completed ${epoch}`);
    }
  }
  return lines;
}

/** Whether a schedule is one of the library that changes rates alone. */
function keepsMomentum(schedule: Tree): boolean {
  return 'baseLrs' in schedule && !('cycleMomentum' in schedule);
}

type Tree = { readonly [name: string]: unknown };

function record(value: unknown): Tree {
  return isTree(value) ? value : {};
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null;
}

/** What has a class, and options of that class. */
const ONE_OF_SEVERAL = /^optimizer$|^schedule$|\bsampler$/;

/** @param except - Names that may differ. */
function compared(path: string, own: Tree, other: Tree, except: ReadonlySet<string> = new Set()): string[] {
  const isSameShape = own.shape === other.shape;
  // The options of another optimizer, schedule or sampler are others.
  const isOther = own.class !== other.class && ONE_OF_SEVERAL.test(path);
  if (isOther && path !== 'optimizer') return [`${path} is ${shown(own)}, the checkpoint's run had ${shown(other)}`];
  const names = isOther ? ['class'] : Object.keys({ ...own, ...other });
  return names.flatMap((name) => {
    if (except.has(name)) return [];
    const at = path === '' ? name : `${path}.${name}`;
    const [mine, theirs] = [own[name] ?? null, other[name] ?? null];
    if (isTree(mine) && isTree(theirs)) return compared(at, mine, theirs, except);
    if (mine === theirs) return [];
    if (name === 'values' || name === 'labels') return isSameShape ? [`${path} has other ${name}`] : [];
    if (name === 'shape') return [`${path} has shape ${mine}, the checkpoint's run had ${theirs}`];
    const found = mine === null ? 'is not given' : `is ${shown(mine)}`;
    return [`${at} ${found}, the checkpoint's run had ${theirs === null ? 'none' : shown(theirs)}`];
  });
}

/** A value of a config. Texts that describe something have a blank, names have quotes. */
function shown(value: unknown): string {
  if (isTree(value)) return typeof value.class === 'string' ? `'${value.class}'` : 'one';
  return typeof value === 'string' && /^[\w-]*$/.test(value) ? `'${value}'` : String(value);
}

function warnOfKernels(fn: string, file: string, own: Tree, saved: unknown): void {
  const [now, then] = [own, record(saved)].map(({ kernels, simd, exact }) => {
    const kind = simd === null || simd === undefined ? `${kernels}` : `${kernels} with ${simd} SIMD`;
    return exact === true && kernels !== 'reference' ? `${kind}, exact` : kind;
  });
  if (now === then) return;
  console.warn(
    `${fn}: ${file} was made by the kernels ${then}, these are ${now}: the last bits of the run will differ`,
  );
}
