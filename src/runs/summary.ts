import type { LoggedEpoch } from '../loggers/index.js';
import type { EpochRow, Json, RunInfo, RunSummary, Status } from '../ui/protocol.js';
import type { RunState } from './events.js';
import type { RunFolder } from './folder.js';
import type { Metrics } from './metrics.js';
import { parameterCount } from './parameter-count.js';
import { shownPath } from './places.js';
import type { RunConfig } from './types.js';

/** The models that a Solver trains; other names, and files, are modules. */
const SOLVERS: readonly string[] = ['twolayer', 'fc', 'convnet3'];

/** Seconds at the end of a run that its speed is measured over. */
const RECENT = 5;

/** What a run is and how far it is, by its folder alone: no model is built, no data are read. */
export function summaryOf(run: RunFolder): RunSummary {
  // Before the metrics, whose columns the next reading may change.
  const { state } = run;
  const metrics = run.metrics();
  const epochs = epochRows(metrics);
  return {
    info: infoOf(run, metrics),
    status: statusOf(run.config, metrics, state),
    last: epochs.at(-1) ?? null,
    best: bestEpoch(epochs),
  };
}

/** What a run is made of. Layers are left out, as they take the model: see `snapshotOf`. */
export function infoOf(run: RunFolder, metrics: Metrics): RunInfo {
  const { config, name } = run;
  const started = metrics.started === null ? Number.NaN : Date.parse(metrics.started);
  return {
    id: name,
    title: name,
    fn: SOLVERS.includes(config.model.name) && config.model.file === undefined ? 'Solver' : 'fit',
    startedAt: Number.isNaN(started) ? null : started,
    totalIterations: totalIterations(config, metrics),
    totalEpochs: config.training.epochs,
    batchSize: config.training.batchSize,
    classes: null,
    layers: [],
    parameters: parameterCount('run', run) ?? 0,
    config: shownConfig(config),
    folder: shownPath(run.dir),
    isControllable: false,
  };
}

/** A config to show: its paths are relative to this or the home folder, as a report may be published. */
export function shownConfig(config: RunConfig): Record<string, Json> {
  const { model, data } = config;
  return {
    ...config,
    model: { ...model, ...(model.file !== undefined && { file: shownPath(model.file) }) },
    data: { ...data, path: data.path === null ? null : shownPath(data.path) },
  };
}

/** How far a run is. */
export function statusOf(config: RunConfig, metrics: Metrics, state: RunState): Status {
  const { steps, epochs, end } = metrics;
  const last = steps.iteration.length - 1;
  const iteration = Math.max(steps.iteration[last] ?? 0, epochs.at(-1)?.iteration ?? 0, end?.iteration ?? 0);
  const seconds = Math.max(steps.seconds[last] ?? 0, epochs.at(-1)?.seconds ?? 0);
  const isRunning = state === 'running';
  const perSecond = isRunning ? iterationsPerSecond(metrics) : null;
  const total = totalIterations(config, metrics);
  return {
    state,
    iteration,
    epoch: Math.max(epochs.at(-1)?.epoch ?? 0, end?.epoch ?? 0),
    loss: finite(steps.loss[last]),
    learningRate: finite(steps.learningRate[last]),
    imagesPerSecond: perSecond === null ? null : perSecond * config.training.batchSize,
    secondsLeft: perSecond === null || total === null ? null : Math.max(0, total - iteration) / perSecond,
    seconds,
    points: steps.iteration.length,
    message: end?.message ?? null,
  };
}

/** The evaluations of a run. */
export function epochRows({ epochs }: Metrics): EpochRow[] {
  return epochs.map((row) => ({
    iteration: row.iteration,
    epoch: row.epoch,
    trainAcc: finite(row.trainAcc),
    valAcc: finite(row.valAcc),
    valLoss: finite(row.valLoss),
    learningRate: finite(row.learningRate),
    seconds: row.seconds,
    metrics: Object.fromEntries(
      Object.entries(row.metrics ?? {}).map(([name, { train, val }]) => {
        return [name, { train: finite(train), val: finite(val) }] as const;
      }),
    ),
  }));
}

/** The first evaluation with the best validation accuracy; without accuracies that with the lowest validation loss. */
export function bestEpoch(epochs: readonly EpochRow[]): EpochRow | null {
  const first = (score: (row: EpochRow) => number | null): EpochRow | null =>
    epochs.reduce<EpochRow | null>((best, row) => {
      const value = score(row);
      if (value === null) return best;
      const least = best === null ? null : score(best);
      return least === null || value > least ? row : best;
    }, null);
  return first(({ valAcc }) => valAcc) ?? first(({ valLoss }) => (valLoss === null ? null : -valLoss));
}

/** Iterations of the whole run, once an epoch has shown how many it has; null before. */
function totalIterations({ training }: RunConfig, { epochs }: Metrics): number | null {
  const row = epochs.findLast(({ epoch }: LoggedEpoch) => epoch > 0);
  return row === undefined ? null : Math.round((row.iteration / row.epoch) * training.epochs);
}

/** Of the last seconds; null where nothing is known. */
function iterationsPerSecond({ steps: { iteration, seconds } }: Metrics): number | null {
  const last = iteration.length - 1;
  let first = last;
  while (first > 0 && seconds[last] - seconds[first] < RECENT) first--;
  const duration = seconds[last] - seconds[first];
  return duration > 0 ? (iteration[last] - iteration[first]) / duration : null;
}

/** A number that JSON has, else null. Lines of metrics have the others as texts. */
export function finite(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
