import { dtypeOf, isNDArray, type NDArray, tuple } from '../arrays/index.js';
import type { Model } from '../classifiers/model.js';
import { type Description, describeBatches, describeParts, shortened } from '../data/description.js';
import { DataLoader } from '../data/index.js';
import { kernelInfo } from '../kernels/index.js';
import type { Module } from '../nn/index.js';
import { updateRules } from '../optim/index.js';
import { RateSchedule, SequentialLR } from '../optim/schedules/index.js';
import type { AsyncBatches, Batches } from './batches.js';
import type { CheckedFitOptions, Schedule, Stepper } from './fit-options.js';
import type { Kept } from './solver-model.js';
import type { CheckedOptions } from './solver-options.js';

/** What a run was made with, as plain values: a checkpoint has it, and a run that continues it is compared by it. */
export interface RunConfig {
  readonly options: Description;
  readonly data: Description;
  readonly model: Description;
  /** What the last bits depend on. */
  readonly kernels: Description;
  readonly versions: Description;
}

/** The kernels and the runtime, now. */
function environment(): Pick<RunConfig, 'kernels' | 'versions'> {
  const { kernels, simd, exact, threads } = kernelInfo();
  const node = typeof process === 'object' ? (process.versions?.node ?? null) : null;
  return { kernels: { kernels, simd, exact, threads }, versions: { node } };
}

/** What a Solver was made with. */
export function solverConfig<S>(options: CheckedOptions<S>, model: Model, train: Kept, val: Kept): RunConfig {
  const {
    updateRule,
    optimConfig,
    fields: _,
    checkpoint: _checkpoint,
    resume: _resume,
    loggers: _loggers,
    ui: _ui,
    // A run may go on with another number of processes.
    distributed: _distributed,
    syncBatchnorm: _sync,
    verify: _verify,
    ...rest
  } = options;
  const name = Object.entries(updateRules).find(([, rule]) => (rule as unknown) === updateRule)?.[0];
  const own = { ...rest, updateRule: name ?? 'a function' };
  const data = { XTrain: train.X, yTrain: train.y, XVal: val.X, yVal: val.y };
  const { bnParams = [], dropoutParams = [] } = model;
  const { reg } = model as { reg?: unknown };
  return {
    options: { ...plain(own), optimConfig: plain(optimConfig) },
    data: Object.fromEntries(Object.entries(data).map(([part, values]) => [part, describeParts(values)])),
    model: {
      class: classOf(model),
      ...arrays(model.params),
      ...(typeof reg === 'number' && { reg }),
      ...listed('bnParams', bnParams, ({ eps, momentum }) => ({ eps, momentum })),
      ...listed('dropoutParams', dropoutParams, ({ p }) => ({ p })),
    },
    ...environment(),
  };
}

/** What a run of `fit` was made with. Of its loaders, what can be looked at without making batches. */
export function fitConfig(
  options: CheckedFitOptions,
  model: Module<unknown>,
  loader: Batches | AsyncBatches,
): RunConfig {
  const {
    optimizer,
    schedule,
    metrics,
    checkpoint: _,
    resume: _resume,
    state: _state,
    loggers: _loggers,
    ui: _ui,
    // A run may go on with another number of processes.
    distributed: _distributed,
    syncBatchnorm: _sync,
    verify: _verify,
    ...rest
  } = options;
  const { valLoader, signal: _signal, ...own } = rest;
  const metricNames = Object.keys(metrics);
  // Of those that are made of others the class says how these are put together.
  const parts = model.namedModules().map(([name, module]) => {
    return [name === '' ? 'itself' : name, module.children().length === 0 ? String(module) : classOf(module)];
  });
  const parameters = model.namedParameters();
  const shapes = arrays(Object.fromEntries([...parameters, ...model.namedBuffers()].map(([n, t]) => [n, t.data])));
  const frozen = parameters.filter(([, { requiresGrad }]) => !requiresGrad);
  return {
    options: {
      ...plain(own),
      optimizer: { class: classOf(optimizer), ...groupsOf(optimizer, parameters) },
      schedule: schedule === undefined ? null : scheduleOf(schedule),
      metrics: metricNames.length === 0 ? null : metricNames.join(', '),
    },
    data: { loader: loaderOf(loader), valLoader: valLoader === undefined ? null : loaderOf(valLoader) },
    model: {
      class: classOf(model),
      ...Object.fromEntries(parts.filter(([name]) => name !== 'itself' || model.children().length === 0)),
      ...shapes,
      ...Object.fromEntries(frozen.map(([name]) => [name, `${shapes[name]}, frozen`])),
    },
    ...environment(),
  };
}

function loaderOf(loader: Batches | AsyncBatches): Description {
  if (loader instanceof DataLoader) return loader.description();
  const { length } = loader as { length?: unknown };
  const batches = typeof length === 'number' ? length : null;
  if (!Array.isArray(loader) || !Array.isArray(loader[0])) return { class: classOf(loader), batches };
  return { class: classOf(loader), batches, ...describeBatches(loader) };
}

/** The options of the optimizer's groups, and the names of their parameters. */
function groupsOf(
  optimizer: Stepper,
  parameters: readonly (readonly [name: string, parameter: object])[],
): Description {
  const groups = (optimizer.paramGroups ?? []) as readonly Readonly<Record<string, unknown>>[];
  const names = new Map(parameters.map(([name, parameter]) => [parameter, name]));
  return listed('paramGroups', groups, ({ params, ...options }) => {
    const own = Array.isArray(params)
      ? Array.from(params, (param: object) => names.get(param) ?? 'one of no module')
      : [];
    const listing = `${own.length}${own.length === 0 ? '' : `: ${own.join(', ')}`}`;
    return { ...options, params: params === undefined ? undefined : shortened(listing) };
  });
}

/** The settings of a schedule of the library; of another one the class is all that is known. */
function scheduleOf(schedule: Schedule): Description {
  const isOwn = schedule instanceof RateSchedule || schedule instanceof SequentialLR;
  return {
    class: classOf(schedule),
    ...(isOwn && settingsIn(schedule.stateDict() as unknown as Record<string, unknown>)),
  };
}

/** What of the state of a schedule stays as it was made. */
function settingsIn(state: Readonly<Record<string, unknown>>): Description {
  const { schedulers = [], ...rest } = state;
  const settings = Object.entries(rest).filter(([name]) => !PROGRESS.has(name));
  const nested = listed('schedulers', schedulers as readonly Record<string, unknown>[], settingsIn);
  return { ...plain(Object.fromEntries(settings)), ...nested };
}

/** What the steps of a schedule change in its state. */
const PROGRESS = new Set(['lastEpoch', 'lastLr', 'best', 'numBadEpochs', 'cooldownCounter']);

/** Plain values as they are, lists as texts; that an option is a function is all that can be said of it. */
function plain(options: object): Description {
  const entries = Object.entries(options).map(([name, value]) => {
    if (value === undefined || value === null) return [name, null] as const;
    if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean')
      return [name, value] as const;
    if (typeof value === 'function') return [name, 'a function'] as const;
    if (isNDArray(value)) return [name, describeParts(value)] as const;
    return [name, JSON.stringify(value) ?? null] as const;
  });
  return Object.fromEntries(entries);
}

/** Entries of a list under their numbers. */
function listed<T>(name: string, list: readonly T[], of: (entry: T) => object): Description {
  return Object.fromEntries(list.map((entry, i) => [`${name}[${i}]`, plain(of(entry))]));
}

/** Shapes and dtypes by name. */
function arrays(values: Readonly<Record<string, NDArray>>): Description {
  return Object.fromEntries(Object.entries(values).map(([name, a]) => [name, `${tuple(a.shape)} ${dtypeOf(a)}`]));
}

function classOf(value: object): string {
  return value.constructor?.name ?? 'Object';
}
