import { argumentError, type OptionsOf, option, settingsOf, TEXT } from '../arrays/index.js';
import { writeAtomically } from '../files/index.js';
import { SCALE } from './checks.js';
import { type Drawing, draw } from './draw.js';
import { checkFormat } from './files.js';
import { type Run, reachOf, runsOf, smoothed, type TrainingHistory, thinned } from './histories.js';
import { historyPage } from './history-page.js';
import { type Line, type Look, type Panel, panelSpec } from './line-panel.js';
import { marked } from './names.js';
import { toPng } from './save-chart.js';
import { colorOf, dashOf } from './theme.js';

const PLOT_HISTORY = {
  /** Default none; of a page, `'Training history'`. */
  title: option<string | undefined>(undefined, TEXT),
  /** Scale of the loss; a logarithmic one shows losses that go over several powers of ten. Default `'linear'`. */
  lossScale: option<'linear' | 'log'>('linear', SCALE),
};

/** Options of {@link plotHistory} and {@link historyChart}. */
export interface PlotHistoryOptions extends OptionsOf<typeof PLOT_HISTORY> {}

/**
 * How training went, as a picture: the loss of every iteration as a thin line under its running mean, and training and
 * validation accuracy at each epoch. Several runs are drawn into one chart, with a legend.
 *
 * The running mean is over 2 % of the run to either side of an iteration. A loss that is not finite, or not above zero
 * on a logarithmic scale, is a gap.
 *
 * @param solvers - A {@link Solver} that has trained, a list of them, or an object of them by name; anything with their
 *   histories will do.
 * @param file - The picture to write: `.svg`, `.png`, or `.html` for a page on its own, whose values can be read off
 *   with the pointer and the arrow keys, and whose runs can be hidden.
 * @throws {TypeError | RangeError} if `solvers` is none, has nothing to draw, or `file` has another ending.
 * @throws {Error} if the file cannot be written, or a package is not installed: vega and vega-lite, and for `.png`
 *   `@resvg/resvg-js`.
 *
 * @example
 * await plotHistory({ plain: solver, 'batch normalization': bnSolver }, 'history.html');
 */
export async function plotHistory(
  solvers: TrainingHistory | readonly TrainingHistory[] | Readonly<Record<string, TrainingHistory>>,
  file: string,
  options: PlotHistoryOptions = {},
): Promise<void> {
  const fn = 'plotHistory';
  const format = checkFormat(fn, file, ['.svg', '.png', '.html']);
  const { title, lossScale } = settingsOf(fn, PLOT_HISTORY, options);
  const runs = runsOf(fn, solvers);
  if (format === '.html') {
    // A page has its title above, and buttons in the legend's place.
    const panels = panelsOf(fn, runs, lossScale, false);
    const drawing = await drawPanels(fn, runs, panels);
    writeAtomically(fn, file, historyPage(title ?? 'Training history', runs, panels, drawing));
    return;
  }
  const { svg } = await drawPanels(fn, runs, panelsOf(fn, runs, lossScale, true), title);
  writeAtomically(fn, file, format === '.svg' ? svg : await toPng(fn, svg));
}

/**
 * What {@link plotHistory} draws, for a page such as {@link htmlReport}'s.
 *
 * @param solvers - As there.
 * @returns SVG.
 * @throws {TypeError | RangeError} if `solvers` is none, or has nothing to draw.
 * @throws {Error} if vega or vega-lite is not installed.
 */
export async function historyChart(
  solvers: TrainingHistory | readonly TrainingHistory[] | Readonly<Record<string, TrainingHistory>>,
  options: PlotHistoryOptions = {},
): Promise<string> {
  const fn = 'historyChart';
  const { title, lossScale } = settingsOf(fn, PLOT_HISTORY, options);
  const runs = runsOf(fn, solvers);
  return (await drawPanels(fn, runs, panelsOf(fn, runs, lossScale, true), title)).svg;
}

/** One under the other. */
function drawPanels(fn: string, runs: readonly Run[], panels: readonly Panel[], title?: string): Promise<Drawing> {
  const label = `${title ?? 'Training history'} of ${runs.map((run) => run.name).join(', ')}`;
  return draw(
    fn,
    {
      ...(title === undefined ? {} : { title: { text: marked(title), fontSize: 17 } }),
      vconcat: panels.map(panelSpec),
      spacing: 18,
      resolve: { scale: { color: 'independent', strokeDash: 'independent' } },
    },
    label,
  );
}

/** One run's accuracies share a panel; those of several have a panel each. */
function panelsOf(fn: string, runs: readonly Run[], lossScale: 'linear' | 'log', legend: boolean): Panel[] {
  const looks = runs.map(({ name }, i): Look => ({ name, color: colorOf(i), dash: dashOf(i) }));
  const loss = lossPanel(fn, runs, lossScale, { looks, legend: legend && runs.length > 1 });
  const training = accuracyLines(runs, 'trainAcc');
  const validation = accuracyLines(runs, 'valAcc');
  const accuracies =
    runs.length === 1
      ? [sharedPanel([...training, ...validation])]
      : [
          accuracyPanel('training', 'Training accuracy', training, { looks, legend: false }),
          accuracyPanel('validation', 'Validation accuracy', validation, { looks, legend: false }),
        ];
  return [loss, ...accuracies.filter(({ lines }) => lines.length > 0)];
}

/** The accuracies of one run. */
function sharedPanel(both: readonly Line[]): Panel {
  const lines = both.map((line) => ({ ...line, name: line.id.endsWith('trainAcc') ? 'training' : 'validation' }));
  const looks = lines.map(({ name }): Look => ({ name, color: colorOf(name === 'training' ? 1 : 0), dash: [] }));
  return accuracyPanel('accuracy', 'Accuracy', lines, { looks, legend: true });
}

function lossPanel(
  fn: string,
  runs: readonly Run[],
  yScale: 'linear' | 'log',
  style: Pick<Panel, 'looks' | 'legend'>,
): Panel {
  const shown = runs.map((run) => {
    const losses = yScale === 'log' ? run.losses.map((loss) => (loss > 0 ? loss : Number.NaN)) : run.losses;
    if (losses.some(Number.isFinite)) return { ...run, losses };
    const found = 'is above zero, which a logarithmic lossScale needs';
    throw argumentError(RangeError, { fn, arg: `no loss of ${run.name}`, found });
  });
  // The thin lines of many runs overlap.
  const faint = shown.length > 2 ? 0.18 : 0.3;
  const means = shown.filter(({ losses }) => reachOf(losses.length) > 0);
  return {
    id: 'loss',
    title: 'Training loss',
    ...(means.length > 0 ? { subtitle: 'thin: every iteration; thick: running mean over 4 % of the run' } : {}),
    xTitle: 'iteration',
    yTitle: yScale === 'log' ? 'loss (logarithmic)' : 'loss',
    yScale,
    height: 240,
    lines: [
      // All thin lines first, so that none covers a thick one.
      ...means.map((run): Line => ({ id: `${idOf(shown, run)}_raw`, name: run.name, faint, ...thinned(run.losses) })),
      ...shown.map((run): Line => ({ id: `${idOf(shown, run)}_loss`, name: run.name, ...smoothed(run.losses) })),
    ],
    ...style,
  };
}

function accuracyLines(runs: readonly Run[], history: 'trainAcc' | 'valAcc'): Line[] {
  return runs
    .filter((run) => run[history].some(Number.isFinite))
    .map((run) => {
      const y = run[history];
      return { id: `${idOf(runs, run)}_${history}`, name: run.name, x: run.epochs.slice(0, y.length), y };
    });
}

/** What the marks of a run are called, in all panels. */
function idOf<R>(runs: readonly R[], run: R): string {
  return `run${runs.indexOf(run)}`;
}

function accuracyPanel(
  id: string,
  title: string,
  lines: readonly Line[],
  style: Pick<Panel, 'looks' | 'legend'>,
): Panel {
  return { id, title, xTitle: 'epoch', yTitle: 'accuracy', yFormat: 'percent', height: 180, lines, ...style };
}
