/**
 * What a model's answers are worth: numbers of predictions and targets, by scikit-learn's definitions.
 *
 * @module
 */

export { argmax, type Predicted } from './classes.js';
export {
  type Average,
  type AverageOptions,
  type ConfusionMatrixOptions,
  confusionMatrix,
  f1Score,
  precision,
  recall,
  type TopKAccuracyOptions,
  topKAccuracy,
} from './classification.js';
export { meanAbsoluteError, meanSquaredError, r2Score } from './regression.js';
