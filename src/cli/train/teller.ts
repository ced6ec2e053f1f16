import { isNDArray } from '../../arrays/index.js';
import { kernelInfo } from '../../kernels/index.js';
import type { Logger } from '../../loggers/index.js';
import type { EndEvent, Outcome, RunFolder, Task } from '../../runs/index.js';
import { duration, hasBraille, plot } from '../../terminal/index.js';
import type { Io } from '../io.js';
import { dirInCommand, shownDir } from './plan.js';

/** What of a run is told, and how. */
export interface Telling {
  readonly isQuiet: boolean;
  readonly hasPlot: boolean;
}

/** The scores of a run. */
type Ends = Pick<EndEvent, 'bestValAcc' | 'testAcc' | 'seconds'>;

/** The most columns of a picture. */
const WIDEST = 100;

/** Tells of a run: lines for people; with `--json` an object for each event; with `--quiet` only the folder. */
export class Teller {
  readonly #io: Io;
  readonly #telling: Telling;

  constructor(io: Io, telling: Telling) {
    this.#io = io;
    this.#telling = telling;
  }

  /** Whether the loop itself prints: lines of loss, a progress bar. */
  get isVerbose(): boolean {
    return !this.#io.isJson && !this.#telling.isQuiet;
  }

  /** What tells of each event. */
  get loggers(): Logger[] {
    if (!this.#io.isJson || this.#telling.isQuiet) return [];
    const tell = (event: object): void => this.#io.json(event);
    return [{ onStep: tell, onEpoch: tell, onCommand: tell }];
  }

  /** Progress of what comes before and after the training. */
  onProgress(): (what: string, done: number, total: number) => void {
    let [last, bar] = ['', this.#io.progress(1, '')];
    return (what, done, total) => {
      // In a pipe a line of a single step tells nothing.
      if (this.#telling.isQuiet || (total === 1 && !this.#io.isTerminal)) return;
      if (what !== last) {
        bar.clear();
        [last, bar] = [what, this.#io.progress(total, 'it')];
      }
      bar.update(done);
      if (done >= total) bar.clear();
    };
  }

  /** What is trained, on what, and where it is kept. */
  begin(task: Task, folder: RunFolder, isResumed: boolean, ranks: number): void {
    const { data, config, model, total, kind } = task;
    const parameters = parameterCount(model);
    if (this.#io.isJson) {
      const { name } = config.model;
      this.#io.json({
        kind: 'run',
        dir: folder.dir,
        model: name,
        parameters,
        data: data.source,
        total,
        isResumed,
        ...(ranks > 1 && { ranks }),
        config,
      });
      return;
    }
    const { kernels, simd, threads } = kernelInfo();
    const { epochs, batchSize, optimizer } = config.training;
    const vectors = simd === null ? '' : ` with ${simd} SIMD`;
    this.#line('data', data.source);
    this.#line('model', `${config.model.name} by ${kind}, ${parameters.toLocaleString('en-US')} parameters`);
    const each = ranks > 1 ? ` in each of ${ranks} ranks` : '';
    this.#line('kernels', `${kernels}${vectors}, ${threads === 1 ? '1 thread' : `${threads} threads`}${each}`);
    this.#line(
      'training',
      `${epochs === 1 ? '1 epoch' : `${epochs} epochs`}, ${total} iterations of ${batchSize} examples, ${optimizer}`,
    );
    this.#line('run', `${shownDir(this.#io, folder.dir)}${isResumed ? ', which goes on' : ''}`);
  }

  /** What the run has come to. */
  finish({ data }: Task, folder: RunFolder, end: Ends, outcome: Outcome): void {
    const { bestValAcc, testAcc, seconds } = end;
    const { iteration, epoch, bestValLoss } = outcome;
    const dir = shownDir(this.#io, folder.dir);
    if (this.#io.isJson) {
      this.#io.json({ kind: 'end', state: 'finished', dir: folder.dir, iteration, epoch, ...end, bestValLoss });
      return;
    }
    if (this.#telling.isQuiet) {
      this.#io.print(dir);
      return;
    }
    if (this.#telling.hasPlot) this.plot(folder);
    const found = [
      ...(bestValAcc === null ? [] : [`best validation accuracy ${percent(bestValAcc)}`]),
      ...(bestValLoss === null ? [] : [`lowest validation loss ${bestValLoss.toPrecision(4)}`]),
      ...(testAcc === null ? [] : [`test accuracy ${percent(testAcc)}`]),
    ];
    const { style } = this.#io;
    this.#io.print();
    this.#io.print(style.bold(`Finished in ${duration(seconds)}${found.length === 0 ? '' : `: ${found.join(', ')}`}`));
    const part = data.test === null ? (data.val === null ? 'train' : 'val') : 'test';
    const at = dirInCommand(this.#io, folder.dir);
    const next = [`report ${at} --open`, `predict ${at} ${part}:0`, `serve ${at}`];
    for (const command of next) this.#io.print(`${style.dim('$')} ${this.#io.program} ${command}`);
  }

  /** Draws loss and accuracies over the iterations. */
  plot(folder: RunFolder): void {
    const { steps, epochs } = folder.metrics();
    const { columns, env, style } = this.#io;
    const paint = (text: string, curve: number): string => (curve === 0 ? style.cyan(text) : style.green(text));
    const options = { width: Math.min(columns, WIDEST), isPlain: !hasBraille(env), paint };
    const x = epochs.map(({ iteration }) => iteration);
    const numbers = (values: (number | null)[]): number[] => values.map((value) => Number(value ?? Number.NaN));
    const curves = [
      { name: 'training', x, y: numbers(epochs.map(({ trainAcc }) => trainAcc)) },
      { name: 'validation', x, y: numbers(epochs.map(({ valAcc }) => valAcc)) },
    ].filter(({ y }) => y.some(Number.isFinite));
    const loss = { name: 'loss', x: steps.iteration, y: steps.loss };
    for (const line of plot('loss by iteration', [loss], options)) this.#io.print(line);
    if (curves.length === 0) return;
    for (const line of plot('accuracy by iteration', curves, options)) this.#io.print(line);
  }

  /** A line with a name, before the training. */
  #line(name: string, text: string): void {
    if (!this.#telling.isQuiet) this.#io.print(`${this.#io.style.bold(name.padEnd(8))}  ${text}`);
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}

/** How many values the parameters of a model have. */
function parameterCount(model: Task['model']): number {
  const arrays = 'parameters' in model ? model.parameters().map(({ data }) => data) : Object.values(model.params);
  return arrays.reduce((sum, array) => sum + (isNDArray(array) ? array.size : 0), 0);
}
