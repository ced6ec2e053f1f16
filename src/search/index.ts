export type {
  Config,
  ConfigValue,
  Job,
  Metrics,
  Outcome,
  Plan,
  Report,
  Trial,
} from './types.js';
