import type { Config, ConfigValue, Metrics } from '../types.js';
import type { ParameterView } from './parameters.js';

/** What has become of a trial. */
export type TrialState = 'finished' | 'stopped' | 'failed' | 'unfinished';

/** A trial as people see it. */
export interface TrialView {
  /** Its number in the search, from 0. */
  readonly trial: number;
  /** The name of its folder. */
  readonly id: string;
  readonly config: Config;
  readonly seed: number;
  readonly state: TrialState;
  /** Of its last call that succeeded; null: there is none. */
  readonly metrics: Metrics | null;
  /** What it has reported, in the order of epochs. */
  readonly curve: readonly { readonly epoch: number; readonly metrics: Metrics }[];
  /** Of all its calls. */
  readonly seconds: number;
  /** Why it failed. */
  readonly error: string | null;
}

/** A search as people see it. */
export interface SearchView {
  readonly name: string;
  readonly strategy: string;
  readonly metric: string;
  readonly mode: 'max' | 'min';
  readonly parameters: readonly ParameterView[];
  /** What else it was run with, by name. */
  readonly settings: Readonly<Record<string, string | number>>;
  /** Whether nothing is left to run. */
  readonly isComplete: boolean;
  /** How many trials there are to be in all. */
  readonly planned: number;
  /** Those that have begun, in the order of their numbers. */
  readonly trials: readonly TrialView[];
}

/** The value of the metric that the search looks at; null: it has none, or no finite one. */
export function scoreOf({ metric }: SearchView, { metrics }: TrialView): number | null {
  const value = metrics?.[metric];
  return value !== undefined && Number.isFinite(value) ? value : null;
}

/** The trials with the best first; those without a value are last. Equal ones keep the order of their numbers. */
export function ranked(view: SearchView): TrialView[] {
  const sign = view.mode === 'max' ? -1 : 1;
  const keys = new Map(view.trials.map((trial) => [trial, scoreOf(view, trial)]));
  return [...view.trials].sort((a, b) => {
    const [x, y] = [keys.get(a) ?? null, keys.get(b) ?? null];
    if (x === null || y === null) return Number(x === null) - Number(y === null) || a.trial - b.trial;
    return sign * (x - y) || a.trial - b.trial;
  });
}

/** The names of all metrics: that of the search first. */
export function metricNames({ metric, trials }: SearchView): string[] {
  return [...new Set([metric, ...trials.flatMap(({ metrics }) => Object.keys(metrics ?? {}))])];
}

/** A value of a config as a text. */
export function textOfValue(value: ConfigValue | undefined): string {
  return value === undefined ? '–' : String(value);
}
