export { type IndexResult, type SearchByIndexOptions, searchByIndex } from './by-index/index.js';
export { SearchFolder } from './folder.js';
export { type JobOptions, runJob } from './job.js';
export type { Goal } from './objective.js';
export { type PlanSettings, planOf } from './plans/index.js';
export type { RedisOptions } from './redis/options.js';
export { type SearchWorkerOptions, searchWorker } from './redis/worker.js';
export { searchReport } from './report/index.js';
export { type SearchOptions, type SearchResult, search } from './search.js';
export type { SearchSettings } from './settings.js';
export {
  type Choice,
  type Condition,
  type Conditional,
  type ConfigOf,
  choice,
  type Integer,
  integer,
  type LogUniform,
  logUniform,
  type Parameter,
  type Parameters,
  Space,
  space,
  type Uniform,
  uniform,
  when,
} from './space/index.js';
export type { Reported } from './stored.js';
export { STRATEGIES, type Strategy, type StrategyName, type StrategySettings } from './strategies.js';
export { type DefinedTrial, defineTrial } from './trial.js';
export type {
  Config,
  ConfigValue,
  Job,
  Metrics,
  Outcome,
  Plan,
  Report,
  Runner,
  Trial,
} from './types.js';
