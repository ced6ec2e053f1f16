import { dtypeOf, isNDArray, type NDArray, tuple } from '../arrays/index.js';
import type { Model } from '../classifiers/model.js';
import { type Description, describeLabels, describeParts } from '../data/description.js';
import { DataLoader } from '../data/index.js';
import { kernelInfo } from '../kernels/index.js';
import type { Module } from '../nn/index.js';
import { updateRules } from '../optim/index.js';
import type { AsyncBatches, Batches } from './batches.js';
import type { CheckedFitOptions, Stepper } from './fit-options.js';
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
    ...rest
  } = options;
  const { valLoader, signal: _signal, ...own } = rest;
  const metricNames = Object.keys(metrics);
  const modules = model.namedModules().filter(([, module]) => module.children().length === 0);
  return {
    options: {
      ...plain(own),
      optimizer: { class: classOf(optimizer), ...groupsOf(optimizer) },
      schedule: schedule === undefined ? null : classOf(schedule),
      metrics: metricNames.length === 0 ? null : metricNames.join(', '),
    },
    data: { loader: loaderOf(loader), valLoader: valLoader === undefined ? null : loaderOf(valLoader) },
    model: {
      class: classOf(model),
      ...Object.fromEntries(modules.map(([name, module]) => [name === '' ? 'itself' : name, String(module)])),
      ...arrays(Object.fromEntries([...model.namedParameters(), ...model.namedBuffers()].map(([n, t]) => [n, t.data]))),
    },
    ...environment(),
  };
}

function loaderOf(loader: Batches | AsyncBatches): Description {
  if (loader instanceof DataLoader) return loader.description();
  const { length } = loader as { length?: unknown };
  const batches = typeof length === 'number' ? length : null;
  if (!Array.isArray(loader) || !Array.isArray(loader[0])) return { class: classOf(loader), batches };
  const [X, y] = loader[0] as readonly unknown[];
  const labels = Array.isArray(y) && typeof y[0] === 'number' ? describeLabels(y) : describeParts(y);
  return { class: classOf(loader), batches, X: describeParts(X), y: labels };
}

/** The options of the optimizer's groups. */
function groupsOf(optimizer: Stepper): Description {
  const groups = (optimizer.paramGroups ?? []) as readonly Readonly<Record<string, unknown>>[];
  return listed('paramGroups', groups, ({ params, ...options }) => {
    return { ...options, params: (params as ArrayLike<unknown> | undefined)?.length };
  });
}

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
