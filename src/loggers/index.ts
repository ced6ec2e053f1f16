export { Loggers } from './broadcast.js';
export { csvLogger } from './csv.js';
export { jsonLinesLogger } from './json-lines.js';
export type { LineLoggerOptions } from './lines.js';
export {
  LOGGERS,
  type LoggedCommand,
  type LoggedEpoch,
  type LoggedStep,
  type Logger,
  type RunStart,
} from './logger.js';
export { type TensorBoardLoggerOptions, tensorBoardLogger } from './tensorboard.js';
