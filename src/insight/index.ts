/**
 * What a model has learned and how it is doing, for a report or a page: pure functions of a model and examples, cheap
 * enough to be called while it trains. They draw no random number, and a training around them ends with the same bits.
 *
 * @module
 */

export { type ActivationStatistics, activationStatistics } from './activations.js';
export { type Distribution, distributionOf, type Histogram } from './distribution.js';
export {
  type FilterChange,
  type Filters,
  type FiltersOptions,
  type FilterWeights,
  filtersOf,
  filterWeights,
} from './filters.js';
export { type LayerRow, layerTable } from './layers.js';
export { confusion, type Mistake, mostConfidentMistakes, type ScoresOptions, shares } from './mistakes.js';
export {
  type Inspected,
  type ParameterSamples,
  type ParameterStatistics,
  type ParameterStatisticsOptions,
  parameterSamples,
  parameterStatistics,
} from './parameters.js';
export { base64, channelsLast, filtersView, layerRows, layerStats } from './views.js';
