import type { EpochRow } from '../../protocol.js';
import { Chart } from '../chart.js';
import { Controls, isOver } from '../controls.js';
import { el, fill, write } from '../dom.js';
import { decimal, duration, integer, percent } from '../format.js';
import { pen } from '../palette.js';
import type { Line } from '../plot.js';
import { Smoothed } from '../points.js';
import type { Curve } from '../resample.js';
import { better, type Change } from '../store.js';
import { type RunContext, settings, type View } from '../view.js';

/** The state of a run, its buttons and its curves. */
export class Overview implements View {
  readonly root = el('div', { class: 'overview' });
  readonly #context: RunContext;
  readonly #controls: Controls;
  readonly #message = el('p', { class: 'panel message' });
  readonly #tiles = el('dl', { class: 'tiles' });
  readonly #progress = el('progress', { max: 1, 'aria-label': 'Progress of the run' });
  readonly #charts = el('div', { class: 'charts' });
  #made: Chart[] = [];
  #lines = '';
  #smoothed = new Smoothed(averaged());

  constructor(context: RunContext) {
    this.#context = context;
    this.#controls = new Controls(context);
    fill(this.root, this.#message, this.#tiles, this.#progress, this.#controls.root, this.#charts);
    this.update(new Set(['info', 'status', 'epochs', 'points']));
  }

  update(changes: ReadonlySet<Change>): void {
    if (changes.has('status') || changes.has('epochs') || changes.has('info')) this.#showStatus();
    if (changes.has('status') || changes.has('connection')) this.#controls.update();
    if (changes.has('epochs') || changes.has('info')) this.#arrange();
    if (changes.has('epochs') || changes.has('points')) for (const chart of this.#made) chart.refresh();
  }

  repaint(): void {
    for (const chart of this.#made) chart.redraw();
  }

  close(): void {
    for (const chart of this.#made) chart.close();
  }

  #showStatus(): void {
    const { info, status, epochs } = this.#context.run;
    const best = epochs.reduce<EpochRow | null>((found, row) => (better(row, found) ? row : found), null);
    const last = epochs.at(-1);
    const of = (value: number, total: number | null) =>
      total === null ? integer(value) : `${integer(value)} of ${integer(total)}`;
    const isGoing = !isOver(status);
    const tiles: (readonly [string, string] | null)[] = [
      ['Epoch', of(status.epoch, info.totalEpochs)],
      ['Iteration', of(status.iteration, info.totalIterations)],
      isGoing ? ['Time left', duration(status.secondsLeft)] : null,
      ['Time taken', duration(status.seconds)],
      isGoing ? ['Images per second', integer(status.imagesPerSecond)] : null,
      ['Learning rate', decimal(status.learningRate)],
      ['Loss', decimal(status.loss)],
      last?.valAcc === undefined || last.valAcc === null ? null : ['Validation accuracy', percent(last.valAcc)],
      best?.valAcc === undefined || best.valAcc === null
        ? null
        : [isGoing ? 'Best so far' : 'Best validation accuracy', percent(best.valAcc)],
    ];
    fill(
      this.#tiles,
      ...tiles
        .filter((tile) => tile !== null)
        .map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))),
    );
    this.#progress.hidden = info.totalIterations === null || !isGoing;
    this.#progress.value = status.iteration / Math.max(1, info.totalIterations ?? 1);
    write(this.#message, status.message ?? '');
    this.#message.hidden = !status.message;
    this.#message.classList.toggle('failed', status.state === 'failed');
  }

  /** Makes the charts anew, where there are others to be shown. */
  #arrange(): void {
    const { epochs } = this.#context.run;
    const has = (value: (row: EpochRow) => number | null) => epochs.some((row) => value(row) !== null);
    const metrics = [...new Set(epochs.flatMap((row) => Object.keys(row.metrics)))];
    const hasLoss = has((row) => row.valLoss);
    const hasTrain = has((row) => row.trainAcc);
    const hasVal = has((row) => row.valAcc);
    const lines = JSON.stringify([metrics, hasLoss, hasTrain, hasVal]);
    if (lines === this.#lines) return;
    this.#lines = lines;
    this.close();
    const accuracies = [
      ...(hasTrain ? [this.#ofEpochs('training', 0, (row) => row.trainAcc)] : []),
      ...(hasVal ? [this.#ofEpochs('validation', 1, (row) => row.valAcc)] : []),
    ];
    this.#made = [
      this.#lossChart(hasLoss),
      ...(accuracies.length === 0 ? [] : [accuracyChart('Accuracy', accuracies)]),
      this.#rateChart(),
      ...metrics.map((name) => this.#metricChart(name)),
    ];
    fill(this.#charts, ...this.#made.map(({ root }) => root));
    for (const chart of this.#made) chart.refresh();
  }

  #lossChart(hasValidation: boolean): Chart {
    const { points } = this.#context.run;
    const value = el('output', { for: 'smoothing' }, averageText());
    const slide = (event: Event) => {
      settings.smoothing = Number((event.target as HTMLInputElement).value);
      this.#smoothed = new Smoothed(averaged());
      write(value, averageText());
      (event.target as HTMLInputElement).setAttribute('aria-valuetext', averageText());
      chart.refresh();
    };
    const lines: Line[] = [
      { name: 'each iteration', pen: { color: 0, dash: [], isFaint: true }, curve: () => this.#ofPoints(points.loss) },
      { name: 'average', pen: pen(0), curve: () => this.#ofPoints(this.#smoothed.of(points.loss)) },
      ...(hasValidation ? [this.#ofEpochs('validation', 1, (row) => row.valLoss)] : []),
    ];
    const slider = { id: 'smoothing', type: 'range', min: 0, max: 4, step: 0.25, value: settings.smoothing };
    const chart = new Chart({
      title: 'Loss',
      unit: 'iteration',
      format: decimal,
      lines,
      isLog: settings.isLogLoss,
      note: () => {
        const { notFinite } = points;
        return notFinite === 0 ? '' : `${integer(notFinite)} losses are not finite, and are not drawn.`;
      },
      controls: [
        el(
          'span',
          { class: 'tool' },
          el('label', { for: 'smoothing' }, 'Average'),
          el('input', { ...slider, 'aria-valuetext': averageText(), input: slide }),
          value,
        ),
        logSwitch('loss', settings.isLogLoss, (isLog) => {
          settings.isLogLoss = isLog;
          chart.setLog(isLog);
        }),
      ],
    });
    return chart;
  }

  #rateChart(): Chart {
    const { points } = this.#context.run;
    const chart = new Chart({
      title: 'Learning rate',
      unit: 'iteration',
      format: decimal,
      lines: [{ name: 'learning rate', pen: pen(3), curve: () => this.#ofPoints(points.learningRate) }],
      isLog: settings.isLogRate,
      controls: [
        logSwitch('rate', settings.isLogRate, (isLog) => {
          settings.isLogRate = isLog;
          chart.setLog(isLog);
        }),
      ],
    });
    return chart;
  }

  #metricChart(name: string): Chart {
    const lines = [
      this.#ofEpochs('training', 0, (row) => row.metrics[name]?.train ?? null),
      this.#ofEpochs('validation', 1, (row) => row.metrics[name]?.val ?? null),
    ].filter((line) => line.curve().x.length > 0);
    return new Chart({ title: name, unit: 'iteration', format: decimal, lines });
  }

  #ofPoints(y: Float64Array): Curve {
    const x = this.#context.run.points.iteration;
    return { x, y };
  }

  #ofEpochs(name: string, i: number, value: (row: EpochRow) => number | null): Line {
    return { name, pen: pen(i), isMarked: true, curve: () => curveOfEpochs(this.#context.run.epochs, value) };
  }
}

/** A value of evaluations over iterations, where there is one. */
export function curveOfEpochs(epochs: readonly EpochRow[], value: (row: EpochRow) => number | null): Curve {
  const rows = epochs.filter((row) => value(row) !== null);
  return { x: rows.map(({ iteration }) => iteration), y: rows.map((row) => value(row)!) };
}

/** A chart of shares in [0, 1]. */
export function accuracyChart(title: string, lines: readonly Line[]): Chart {
  return new Chart({ title, unit: 'iteration', format: percent, lines, bounds: [0, 1] });
}

/** Over about how many iterations the loss is averaged. */
export function averaged(): number {
  return 10 ** settings.smoothing;
}

function averageText(): string {
  return averaged() <= 1 ? 'off' : `${integer(averaged())} iterations`;
}

/** A box that makes an axis logarithmic. */
export function logSwitch(name: string, isLog: boolean, change: (isLog: boolean) => void): HTMLElement {
  const box = el('input', {
    id: `log-${name}`,
    type: 'checkbox',
    checked: isLog,
    change: () => change(box.checked),
  });
  return el('span', { class: 'tool' }, box, el('label', { for: `log-${name}` }, 'Log axis'));
}
