/**
 * What runs are made from: configs, data, models, and the loops that train them.
 *
 * @module
 */

export { changeOfModelFile } from './build-model.js';
export { type ComparedRun, type Comparison, compareRuns, type Difference, differences } from './comparison.js';
export { type ConfigParts, makeConfig } from './config.js';
export { allKeys, type SettingRow, settingRows, settingsOf } from './context.js';
export { DATA_KINDS, DATA_NAMES, USUAL_PLACE } from './data-sources.js';
export {
  type ClassScores,
  type LabelScores,
  type NumberScores,
  type RunScores,
  type ScoredPart,
  scoresOf,
} from './evaluation.js';
export type { EndEvent, RunEvent, RunState, StartEvent } from './events.js';
export { listRuns, NAMES, RunFolder } from './folder.js';
export { FolderSource, type Learned } from './folder-source.js';
export { type Metrics, MetricsReader, type StepColumns } from './metrics.js';
export { MODELS } from './models.js';
export { openData } from './open-data.js';
export { type OtherData, otherData } from './other-data.js';
export { shownPath, syntheticFolder } from './places.js';
export { PREPROCESSING_FILE, writePreprocessing } from './preprocessing.js';
export { writeReport } from './report.js';
export { pointsOf, type Seen, snapshotOf } from './snapshot.js';
export { bestEpoch, epochRows, infoOf, statusOf, summaryOf } from './summary.js';
export { openTask } from './task.js';
export { openTrained, WEIGHTS_FILE } from './trained.js';
export type {
  ConfigSection,
  ConfigValue,
  DataKind,
  ImagePreprocessing,
  Loop,
  OnProgress,
  Outcome,
  Preprocessing,
  RowPreprocessing,
  RunConfig,
  RunPlace,
  Task,
  TaskData,
  TaskPart,
  Trained,
  TrainOptions,
} from './types.js';
export { VERSION } from './version.js';
export { hasWeights } from './weights.js';
export { RunWriter } from './writer.js';
