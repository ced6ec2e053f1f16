export { isView } from './any-view.js';
export { type Architecture, type NamedArchitecture, type OptionValue, plainOptions } from './architecture.js';
export { checkAmount, checkCount, checkFlag, checkOptions, checkPath } from './arguments.js';
export { currentStorage, isRecording, withoutRecording, withStorage } from './context.js';
export {
  array,
  checkDType,
  checkRank,
  checkSizes,
  converted,
  empty,
  full,
  linspace,
  type Nested,
  ones,
  toNested,
  zeros,
} from './create.js';
export { ENDED_MESSAGE, ended, hasEnded, markEnded } from './ended.js';
export { argumentError, describe, type Fault, faultOf, printable, ShapeError, said, tuple } from './errors.js';
export { fingerprint } from './fingerprint.js';
export { checkLabelGrid, checkLabels, type LabelGrid, type Labels } from './labels.js';
export {
  arraysByName,
  type LoadedState,
  type LoadStateOptions,
  loadArrays,
  type StateLike,
  type StateTarget,
} from './load-arrays.js';
export {
  adopted,
  dtypeOf,
  hostRoom,
  hostValues,
  hostView,
  isDense,
  isNDArray,
  operand,
  overlap,
  reachProblem,
  sizeOf,
  wrap,
} from './ndarray.js';
export {
  AMOUNT,
  ANY,
  checkedIn,
  count,
  DTYPE,
  FINITE,
  FLAG,
  FRACTION,
  FUNCTION,
  type Option,
  type OptionsOf,
  type OptionTable,
  oneOf,
  option,
  orNull,
  POSITIVE,
  type Range,
  type RequiredOption,
  required,
  SEED,
  type Settings,
  SHARE,
  settingsOf,
  TEXT,
} from './options.js';
export { INSPECT, type InspectOptions, isNested, print } from './print.js';
export { Random, type RandomState } from './random.js';
export { isError, isFloat64, isFloats, isMap, isPlainObject, isSet, typedArrayName } from './realms.js';
export {
  checkArrays,
  checkNumbers,
  heapCopies,
  heapCopy,
  type Saved,
  savedCopy,
  savedEntries,
  statefulOf,
} from './saved.js';
export { anyShape, checkLike, checkSameDType, checkShapes, type Dim, remedyFor } from './shapes.js';
export { checkEntries, loadEntry, type Stateful } from './state-dict.js';
export { heap, type Storage } from './storage.js';
export { checkSynchronous } from './synchronous.js';
export { type DType, type Floats, MAX_RANK, type NDArray } from './types.js';
export { markChanged, overwrite, versionOf } from './versions.js';
export { ndarray, ops } from './views.js';
