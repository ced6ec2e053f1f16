import { basename } from 'node:path';
import { statOf } from '../../files/index.js';
import type { SearchFolder } from '../folder.js';
import { planOf } from '../plans/index.js';
import type { SearchSettings } from '../settings.js';
import type { Job, Outcome } from '../types.js';
import { constantsOf, parametersOf } from './parameters.js';
import type { SearchView, TrialState, TrialView } from './view.js';

/** What is known of a trial. */
interface Known {
  readonly job: Job;
  /** Of its calls, in their order. */
  readonly outcomes: Outcome[];
  /** Whether a call of it has begun, or is the next to be made. */
  isOpen: boolean;
}

/** A search as it is now in its folder, also while it goes on. */
export function viewOf(fn: string, folder: SearchFolder): SearchView {
  const { settings } = folder;
  const trials = new Map<number, Known>();
  const knownOf = (job: Job): Known => {
    const known = trials.get(job.trial) ?? { job, outcomes: [], isOpen: false };
    trials.set(job.trial, known);
    return known;
  };
  const plan = planOf(settings);
  for (const outcome of folder.outcomes()) {
    knownOf(outcome.job).outcomes.push(outcome);
    plan.tell(outcome);
  }
  const next = openJobs(plan);
  for (const job of next.jobs) {
    if (trials.has(job.trial) || statOf(fn, folder.trial(job)) !== undefined) knownOf(job).isOpen = true;
  }
  const inOrder = [...trials.values()].sort((a, b) => a.job.trial - b.job.trial);
  return {
    name: basename(folder.dir),
    strategy: settings.strategy.name,
    metric: settings.metric,
    mode: settings.mode,
    parameters: parametersOf(settings.space),
    settings: settingsOf(settings),
    isComplete: next.isDone,
    planned: plannedOf(settings),
    trials: inOrder.map((known) => trialOf(folder, settings, known)),
  };
}

/** The jobs that a plan asks for now, and whether there are no others. */
function openJobs(plan: ReturnType<typeof planOf>): { jobs: Job[]; isDone: boolean } {
  const jobs: Job[] = [];
  for (;;) {
    const next = plan.next();
    if (typeof next === 'string') return { jobs, isDone: next === 'done' && jobs.length === 0 };
    jobs.push(next);
  }
}

function trialOf(folder: SearchFolder, { strategy }: SearchSettings, { job, outcomes, isOpen }: Known): TrialView {
  const last = outcomes.at(-1);
  const scored = outcomes.filter(({ metrics }) => metrics !== null).at(-1);
  return {
    trial: job.trial,
    id: job.id,
    config: job.config,
    seed: job.seed,
    state: stateOf(last, isOpen, strategy.epochs),
    metrics: scored?.metrics ?? null,
    curve: folder.reports(job),
    seconds: outcomes.reduce((sum, { seconds }) => sum + seconds, 0),
    error: last?.error ?? null,
  };
}

function stateOf(last: Outcome | undefined, isOpen: boolean, epochs: number | null): TrialState {
  if (last === undefined || isOpen) return 'unfinished';
  if (last.error !== null) return 'failed';
  return last.stopped || last.job.epochs !== epochs ? 'stopped' : 'finished';
}

/** How many trials there will be. */
function plannedOf({ strategy, space }: SearchSettings): number {
  return strategy.name === 'grid' ? space.grid(strategy.points).length : strategy.trials;
}

/** What else a search was made with, as texts. */
function settingsOf({ strategy, seed, space }: SearchSettings): Record<string, string | number> {
  const { name: _, trials: __, ...options } = strategy as unknown as Record<string, unknown>;
  const given = Object.entries({ ...constantsOf(space), ...options, seed }).filter(([, value]) => value !== null);
  return Object.fromEntries(
    given.map(([name, value]) => [
      name,
      typeof value === 'number' ? value : typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}
