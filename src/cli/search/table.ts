import { metricNames, ranked, type SearchView, type TrialView, textOfValue } from '../../search/report/index.js';
import { columnsOf, duration } from '../../terminal/index.js';
import type { Io } from '../io.js';
import { plain, UNKNOWN } from '../numbers.js';

/** Prints the trials of a search as a table, the best first. @param most - How many of them. */
export function printTrials(io: Io, view: SearchView, most = Number.POSITIVE_INFINITY): void {
  const { parameters } = view;
  const metrics = metricNames(view);
  const rows = ranked(view)
    .slice(0, most)
    .map((trial) => [
      String(trial.trial),
      ...metrics.map((name) => plain(trial.metrics?.[name] ?? null)),
      ...parameters.map(({ name }) => valueText(trial.config[name])),
      epochsOf(trial),
      trial.state === 'stopped' ? 'stopped early' : trial.state,
      duration(trial.seconds),
    ]);
  const columns = ['trial', ...metrics, ...parameters.map(({ name }) => name), 'epochs', 'state', 'time'];
  const [head, ...lines] = columnsOf(columns, rows, io.columns);
  io.print(io.style.dim(head));
  for (const line of lines) io.print(line);
}

function valueText(value: TrialView['config'][string]): string {
  if (value === undefined) return UNKNOWN;
  return typeof value === 'number' ? shortNumber(value) : textOfValue(value);
}

/** Whole numbers without commas, since they are names of things as often as counts. */
function shortNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : plain(value);
}

function epochsOf({ curve }: TrialView): string {
  const last = curve.at(-1);
  return last === undefined ? UNKNOWN : String(last.epoch);
}
