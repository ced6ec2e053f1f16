import type { RunState, RunSummary } from '../ui/protocol.js';
import type { RunFolder } from './folder.js';
import { summaryOf } from './summary.js';
import type { ConfigValue } from './types.js';

/** A run in a comparison. What is not known is null. */
export interface ComparedRun {
  readonly name: string;
  /** Its folder, as an absolute path. */
  readonly dir: string;
  readonly state: RunState;
  readonly model: string;
  readonly data: string;
  /** The best and the last validation accuracy, in [0, 1]. */
  readonly bestValAcc: number | null;
  readonly lastValAcc: number | null;
  /** Of the best weights, in [0, 1]: known of a finished run. */
  readonly testAcc: number | null;
  /** The lowest validation loss, where there is one. */
  readonly bestValLoss: number | null;
  /** The last loss of training. */
  readonly loss: number | null;
  readonly epochs: number;
  readonly totalEpochs: number | null;
  readonly iterations: number;
  readonly seconds: number;
  readonly parameters: number | null;
  /** What ended a run that failed. */
  readonly message: string | null;
}

/** A setting in which runs differ, such as `training.lr`. */
export interface Difference {
  readonly key: string;
  /** A value for each run; undefined where its config has no such key. */
  readonly values: readonly (ConfigValue | undefined)[];
}

/** Runs side by side. */
export interface Comparison {
  readonly runs: readonly ComparedRun[];
  readonly differences: readonly Difference[];
}

/** Compares runs by what is in their folders; running ones as far as they are. */
export function compareRuns(runs: readonly RunFolder[]): Comparison {
  return { runs: runs.map(comparedRun), differences: differences(runs.map(({ config }) => config)) };
}

function comparedRun(run: RunFolder): ComparedRun {
  const { info, status, last, best } = summaryOf(run);
  const { end, steps } = run.metrics();
  return {
    name: run.name,
    dir: run.dir,
    state: status.state,
    model: run.config.model.name,
    data: run.config.data.kind,
    bestValAcc: best?.valAcc ?? null,
    lastValAcc: last?.valAcc ?? null,
    testAcc: end?.testAcc ?? null,
    bestValLoss: best?.valLoss ?? null,
    loss: steps.loss.length === 0 ? null : status.loss,
    epochs: status.epoch,
    totalEpochs: info.totalEpochs,
    iterations: status.iteration,
    seconds: status.seconds,
    parameters: knownParameters(info),
    message: status.message,
  };
}

/** A run without a checkpoint yet has no count. */
function knownParameters({ parameters }: RunSummary['info']): number | null {
  return parameters === 0 ? null : parameters;
}

/**
 * The settings in which configs differ, each by the names of the objects that it is in, with dots between them, in the
 * order in which they come in the configs.
 */
export function differences(configs: readonly object[]): Difference[] {
  const flat = configs.map((config) => new Map(settingsIn(config as ConfigValue)));
  const keys = new Set(flat.flatMap((settings) => [...settings.keys()]));
  return [...keys]
    .map((key) => ({ key, values: flat.map((settings) => settings.get(key)) }))
    .filter(({ values }) => new Set(values.map((value) => JSON.stringify(value))).size > 1);
}

/** Every setting with its key. A list is one setting. */
function settingsIn(value: ConfigValue, key = ''): [string, ConfigValue][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[key, value]];
  return Object.entries(value).flatMap(([name, below]) => settingsIn(below, key === '' ? name : `${key}.${name}`));
}
