export { reportPage } from './page.js';
export type { ParameterView } from './parameters.js';
export { searchReport } from './search-report.js';
export {
  metricNames,
  ranked,
  type SearchView,
  scoreOf,
  type TrialState,
  type TrialView,
  textOfValue,
} from './view.js';
export { viewOf } from './view-of-folder.js';
