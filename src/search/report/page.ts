import {
  curveBundle,
  type Dimension,
  type DimensionValue,
  htmlReport,
  parallelCoordinates,
  type ReportFigure,
  type ReportTable,
  scatterPanels,
} from '../../pictures/index.js';
import { duration } from '../../terminal/index.js';
import { metricNames, ranked, type SearchView, scoreOf, type TrialView, textOfValue } from './view.js';

/** The table has at most so many trials. */
const SHOWN = 25;

/** At most so many failures are told. */
const FAILURES = 10;

/** The share of the trials that the figures mark, and how many at least. */
const [MARKED_SHARE, FEWEST_MARKED] = [0.1, 1];

/** Values spread over more powers of ten than this are shown on a logarithmic axis. */
const POWERS = 2;

/**
 * A search as one page: what was run, the best trials in a table, parallel coordinates, the metric over each parameter,
 * and the curves of the trials.
 *
 * @returns HTML, which needs nothing beside itself.
 * @throws {Error} if vega or vega-lite is not installed.
 */
export async function reportPage(view: SearchView): Promise<string> {
  const order = ranked(view);
  const scored = order.filter((trial) => scoreOf(view, trial) !== null);
  const best = scored.slice(0, Math.max(FEWEST_MARKED, Math.round(MARKED_SHARE * scored.length)));
  return htmlReport({
    title: `Search ${view.name}`,
    ...noticeOf(view),
    intro: introOf(view, scored),
    settings: settingsOf(view),
    tables: order.length === 0 ? [] : [tableOf(view, order)],
    figures: scored.length === 0 ? [] : await figuresOf(view, scored, new Set(best)),
    conclusions: failuresOf(view),
  });
}

function noticeOf({ trials, planned, isComplete }: SearchView): { notice?: string } {
  const done = trials.filter(({ state }) => state !== 'unfinished').length;
  return isComplete ? {} : { notice: `The search has not ended: ${done} of ${planned} trials are done.` };
}

function introOf(view: SearchView, [best]: readonly TrialView[]): string[] {
  const { metric, mode, strategy, trials } = view;
  const wanted = `The ${mode === 'max' ? 'highest' : 'lowest'} ${metric} is looked for, by ${strategy}.`;
  if (best === undefined) return [`${wanted} No trial has a value of it yet.`];
  const config = Object.entries(best.config).map(([name, value]) => `${name} = ${shown(value ?? null)}`);
  const setting = config.length === 0 ? '' : `, with ${config.join(', ')}`;
  const found = `number ${best.trial} has the best: ${metric} = ${shown(scoreOf(view, best))}${setting}`;
  return [`${wanted} Of ${trials.length} trials, ${found}.`];
}

function settingsOf(view: SearchView): Record<string, string | number> {
  const { trials, strategy, metric, mode, settings, parameters } = view;
  const count = (state: TrialView['state']): number => trials.filter((trial) => trial.state === state).length;
  const states = (['finished', 'stopped', 'failed', 'unfinished'] as const).filter((state) => count(state) > 0);
  const seconds = trials.reduce((sum, trial) => sum + trial.seconds, 0);
  return {
    strategy,
    metric: `${metric}, ${mode === 'max' ? 'the higher the better' : 'the lower the better'}`,
    trials:
      states.map((state) => `${count(state)} ${state === 'stopped' ? 'stopped early' : state}`).join(', ') || 'none',
    'time of all trials': duration(seconds),
    ...Object.fromEntries(parameters.map(({ name, range }) => [name, range])),
    ...settings,
  };
}

function tableOf(view: SearchView, order: readonly TrialView[]): ReportTable {
  const { parameters } = view;
  const metrics = metricNames(view);
  const rows = order
    .slice(0, SHOWN)
    .map((trial) => [
      String(trial.trial),
      ...metrics.map((name) => trial.metrics?.[name] ?? '–'),
      ...parameters.map(({ name }) => cellOf(trial.config[name])),
      trial.state === 'stopped' ? 'stopped early' : trial.state,
      duration(trial.seconds),
    ]);
  const caption = order.length > SHOWN ? `The best ${SHOWN} of ${order.length} trials.` : 'Trials, the best first.';
  return { caption, columns: ['trial', ...metrics, ...parameters.map(({ name }) => name), 'state', 'time'], rows };
}

function cellOf(value: string | number | boolean | null | undefined): string | number {
  return typeof value === 'number' ? value : textOfValue(value);
}

async function figuresOf(
  view: SearchView,
  scored: readonly TrialView[],
  best: ReadonlySet<TrialView>,
): Promise<ReportFigure[]> {
  const { metric, parameters } = view;
  const names = [best.size === 1 ? 'the best trial' : `the best ${best.size} trials`, 'the others'] as const;
  const dimensions = parameters.map(({ name, scale }): Dimension => {
    return { name, scale: typeof scale === 'string' ? scale : scale.map(textOfValue) };
  });
  const valuesOf = ({ config }: TrialView): DimensionValue[] =>
    parameters.map(({ name, scale }) => {
      const value = config[name];
      return value === undefined ? null : typeof scale === 'string' ? Number(value) : textOfValue(value);
    });
  const of = (trial: TrialView) => ({ y: scoreOf(view, trial) as number, isMarked: best.has(trial) });
  const yScale = scaleOf(scored.map((trial) => of(trial).y));
  const points = scored.map((trial) => ({ values: valuesOf(trial), ...of(trial) }));
  const lines = points.map(({ values, y, isMarked }) => ({ values: [...values, y], isMarked }));
  const curves = scored
    .map((trial) => ({ ...curveOf(trial, metric), isMarked: best.has(trial) }))
    .filter(({ x }) => x.length > 0);
  const order = [...scored].sort((a, b) => a.trial - b.trial);
  const figures: ReportFigure[] = [];
  if (dimensions.length > 0) {
    const all = [...dimensions, { name: metric, scale: yScale }];
    figures.push(
      { svg: await parallelCoordinates({ dimensions: all, lines, names }), caption: PARALLEL },
      {
        svg: await scatterPanels({ dimensions, yTitle: metric, yScale, points, names }),
        caption: `${metric} over each parameter.`,
      },
    );
  }
  if (curves.some(({ x }) => x.length > 1)) {
    const caption = 'What each trial has reported; those that were stopped early end sooner.';
    figures.push({ svg: await curveBundle({ xTitle: 'epoch', yTitle: metric, yScale, curves, names }), caption });
  }
  if (order.length > 1) {
    figures.push({
      svg: await progressOf(view, order, yScale),
      caption: 'The best value after each trial, in the order of their numbers.',
    });
  }
  return figures;
}

const PARALLEL =
  'Each line is a trial. It crosses the axis of a parameter at its value, and the last axis at its result.';

function curveOf({ curve }: TrialView, metric: string): { x: number[]; y: number[] } {
  const known = curve.filter(({ metrics }) => Number.isFinite(metrics[metric]));
  return { x: known.map(({ epoch }) => epoch), y: known.map(({ metrics }) => metrics[metric]) };
}

/** The values of the trials, and the best one so far. */
function progressOf(view: SearchView, order: readonly TrialView[], yScale: 'linear' | 'log'): Promise<string> {
  const pick = view.mode === 'max' ? Math.max : Math.min;
  const x = order.map(({ trial }) => trial);
  const y = order.map((trial) => scoreOf(view, trial) as number);
  const best = y.map((_, i) => pick(...y.slice(0, i + 1)));
  const alone = x.map((at, i) => ({ x: [at], y: [y[i]], isMarked: false }));
  // A better value holds from its trial on: steps, no slopes.
  const steps = {
    x: x.flatMap((at, i) => (i === 0 ? [at] : [at, at])),
    y: best.flatMap((value, i) => (i === 0 ? [value] : [best[i - 1], value])),
    isMarked: true,
  };
  const names = ['the best so far', 'a trial'] as const;
  return curveBundle({
    xTitle: 'trial',
    yTitle: view.metric,
    yScale,
    curves: [...alone, steps],
    names,
  });
}

function scaleOf(values: readonly number[]): 'linear' | 'log' {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low > 0 && Math.log10(high / low) > POWERS ? 'log' : 'linear';
}

function failuresOf({ trials }: SearchView): string[] {
  const failed = trials.filter(({ error, state }) => state === 'failed' && error !== null);
  const lines = failed.slice(0, FAILURES).map(({ trial, error }) => `Trial ${trial} failed: ${error}`);
  return failed.length > FAILURES ? [...lines, `${failed.length - FAILURES} more have failed.`] : lines;
}

function shown(value: string | number | boolean | null): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(4))) : textOfValue(value);
}
