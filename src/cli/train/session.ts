import { join, resolve } from 'node:path';
import { tensorBoardLogger } from '../../loggers/index.js';
import {
  changeOfModelFile,
  NAMES,
  openTask,
  RunFolder,
  RunWriter,
  type Task,
  writePreprocessing,
  writeReport,
} from '../../runs/index.js';
import { CliError, EXIT, InterruptedError, oneLine } from '../errors.js';
import type { Io } from '../io.js';
import { placeOf, renamed } from '../runs.js';
import type { Following } from './follower.js';
import { Interruption } from './interruption.js';
import { LivePage, type PagePlace } from './page.js';
import { dirInCommand, type Plan } from './plan.js';
import { callOnRanks, type Ranks } from './ranks.js';
import { Teller, type Telling } from './teller.js';
import { testAccuracy } from './test-accuracy.js';

/** How a run is trained, beside its config. */
export interface SessionOptions extends Telling {
  /** The folder of a new run; undefined: `runs/<model>-<data>-<n>`. */
  readonly run: string | undefined;
  readonly hasTensorBoard: boolean;
  /** Seconds between two checkpoints. */
  readonly checkpointEvery: number;
  /** Where the live page is; null: there is none. */
  readonly page: PagePlace | null;
  /** The processes that train together, of which this is rank 0; null: it trains alone. */
  readonly ranks: Ranks | null;
  /** What all of them are told of the training. */
  readonly following: Omit<Following, 'checkpoint'>;
}

/** Where runs are that have no folder of their own choice. */
const RUNS = 'runs';

/** Opens, trains and scores a run, keeps it in its folder, and tells of it. */
export async function trainRun(io: Io, fn: string, { config, folder }: Plan, options: SessionOptions): Promise<void> {
  const { ranks } = options;
  const teller = new Teller(io, options);
  const interruption = new Interruption(() => {
    if (!options.isQuiet && !io.isJson) io.note('\nending between two steps; press Ctrl-C again to end at once');
  });
  // Nobody else may go on with the run while its data are read.
  const page = new LivePage(io, options.page, interruption);
  let writer = folder === null ? null : new RunWriter(fn, folder, (error) => interruption.fail(error));
  let run = folder;
  try {
    await page.check(fn);
    if (folder === null && options.run !== undefined) RunFolder.checkFree(placeOf(io, options.run), fn);
    ranks?.tell(config);
    const open = (): Promise<Task> =>
      openTask(config, { fn, onProgress: teller.onProgress(), ranks: ranks?.comm.size ?? 1 });
    const task = await (ranks === null ? open() : ranks.together(fn, open));
    const change = changeOfModelFile(fn, config);
    if (change !== null) io.note(`note: ${change}`);
    await interruption.check();
    run ??= newFolder(io, fn, options.run, task);
    writer ??= new RunWriter(fn, run, (error) => interruption.fail(error));
    writePreprocessing(fn, run.dir, task.data.preprocessing);
    teller.begin(task, run, folder !== null, ranks?.comm.size ?? 1);
    await train(io, fn, { task, run, writer, teller, interruption, page, isResumed: folder !== null }, options);
  } catch (error) {
    throw ended(io, fn, error, { run, writer, interruption, ranks });
  } finally {
    try {
      writer?.close();
    } finally {
      interruption.release();
    }
  }
}

interface Session {
  readonly task: Task;
  readonly run: RunFolder;
  readonly writer: RunWriter;
  readonly teller: Teller;
  readonly interruption: Interruption;
  readonly page: LivePage;
  readonly isResumed: boolean;
}

async function train(io: Io, fn: string, session: Session, options: SessionOptions): Promise<void> {
  const { task, run, writer, teller, interruption, page, isResumed } = session;
  const began = performance.now();
  const events = options.hasTensorBoard ? [tensorBoardLogger(join(run.dir, NAMES.events), { append: isResumed })] : [];
  // The checkpoint has been taken over by then: what differs from it has been refused.
  const settled = { onStart: () => (isResumed ? writer.writeConfig(task.config) : undefined) };
  const checkpoint = { dir: run.checkpoints, every: { seconds: options.checkpointEvery } };
  const { ranks, following } = options;
  ranks?.tell({ ...following, checkpoint } satisfies Following);
  const outcome = await withoutEchoes(() =>
    task.train({
      ...following,
      ...(ranks !== null && { distributed: ranks.comm }),
      checkpoint,
      resume: true,
      loggers: [writer.logger, ...events, ...teller.loggers, page.logger, settled],
      ui: page.optionsFor(run, task),
      signal: interruption.signal,
      verbose: teller.isVerbose,
    }),
  );
  // What the logger could not write ends the run also where it was its last event.
  await interruption.check();
  writer.saveModel(task.model);
  const tell = teller.onProgress();
  const testAcc = await testAccuracy(task, ranks, async (done, total) => {
    tell('test', done, total);
    await interruption.check();
  });
  await interruption.check();
  const { bestValAcc } = outcome;
  writer.end({ state: 'finished', message: null, bestValAcc, testAcc });
  // From here on the run has finished, whatever comes.
  writer.close();
  report(io, fn, session);
  const seconds = run.metrics().steps.seconds.at(-1) ?? (performance.now() - began) / 1000;
  teller.finish(task, run, { bestValAcc, testAcc, seconds }, outcome);
  ranks?.end(EXIT.done);
  await page.stay();
}

/** What the loops say of files that they cannot write. */
const CANNOT = /: cannot (write|make|remove|read|look at) /;

/**
 * Runs something whose warnings are printed as soon as the event loop turns. Where a disk ends it, by an error, what
 * failed beside that is not printed: one line says it.
 */
async function withoutEchoes<Result>(work: () => Promise<Result>): Promise<Result> {
  const { warn } = console;
  let pending: unknown[][] = [];
  const flush = (): void => {
    for (const said of pending) warn.apply(console, said);
    pending = [];
  };
  console.warn = (...said: unknown[]) => {
    if (pending.push(said) === 1) setImmediate(flush);
  };
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InterruptedError)) pending = pending.filter(([text]) => !CANNOT.test(String(text)));
    throw error;
  } finally {
    console.warn = warn;
    flush();
  }
}

/** Writes report.html. A run is no worse without it. */
function report(io: Io, fn: string, { run, task, teller }: Session): void {
  const tell = teller.onProgress();
  try {
    const { model, data } = task;
    writeReport(fn, run, { model, data }, { onProgress: (done, total) => tell('report', done, total) });
  } catch (error) {
    const dir = dirInCommand(io, run.dir);
    io.note(`note: no report was written: ${oneLine(error)}; to try again: ${io.program} report ${dir}`);
  }
}

/** The folder of a new run. */
function newFolder(io: Io, fn: string, dir: string | undefined, { config }: Task): RunFolder {
  if (dir !== undefined) return RunFolder.create(placeOf(io, dir), config, fn);
  return RunFolder.createIn(resolve(io.cwd, RUNS), config, fn);
}

/** What engines say of an array that they have no memory for. */
const NO_MEMORY = /^(Invalid typed array length|Invalid array (buffer )?length|Array buffer allocation failed)/;

/** An error of the data, the model or the loop, as one of the command. */
function failureOf(fn: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof CliError) return error;
  if (error instanceof RangeError && NO_MEMORY.test(error.message)) {
    const wayOut = 'take a smaller model, batchSize or numTraining';
    return new CliError(`${fn}: the run does not fit into memory (${error.message}); ${wayOut}`, undefined, {
      cause: error,
    });
  }
  return /^[\w.]+: /.test(error.message) ? new CliError(renamed(error, fn), undefined, { cause: error }) : error;
}

/** What there is of a run that ends before its end. */
interface Started extends Pick<Session, 'interruption'>, Pick<SessionOptions, 'ranks'> {
  readonly run: RunFolder | null;
  readonly writer: RunWriter | null;
}

/** What ended a run before its end: noted in its folder, and in words for people. */
function ended(io: Io, fn: string, error: unknown, { run, writer, interruption, ranks }: Started): unknown {
  const { received, signal } = interruption;
  // A disk that is full may come with a signal: the signal is not what ended the run then.
  const isInterrupted = received !== null && signal.aborted && error === signal.reason;
  const failure = failureOf(fn, error);
  const message = isInterrupted ? null : oneLine(failure);
  writer?.end({ state: isInterrupted ? 'interrupted' : 'failed', message, bestValAcc: null, testAcc: null });
  if (!isInterrupted) return failure;
  if (run === null) return interruption.error(`${fn}: ended by ${received} before the run was made`);
  const dir = dirInCommand(io, run.dir);
  const iteration = run.metrics().steps.iteration.at(-1) ?? 0;
  const words = `${fn} --resume ${dir}`;
  const call = ranks === null ? `${io.program} ${words}` : callOnRanks(io, ranks.comm.size, `${words} --distributed`);
  return interruption.error(`ended by ${received} at iteration ${iteration}; to go on: ${call}`);
}
