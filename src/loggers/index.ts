export { AppendFile } from './append-file.js';
export { flushedAtExit } from './at-exit.js';
export { Loggers } from './broadcast.js';
export { csvLogger } from './csv.js';
export { eventLine, jsonLinesLogger, stepLine } from './json-lines.js';
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
