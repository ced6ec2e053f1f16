export {
  type AffineCache,
  type AffineGrads,
  type AffineReluCache,
  type AffineWeightGrads,
  affineBackward,
  affineBackwardWeights,
  affineForward,
  affineReluBackward,
  affineReluBackwardWeights,
  affineReluForward,
} from './affine.js';
export { type LossAndGrad, softmaxLoss, svmLoss } from './losses.js';
export { type ReluCache, reluBackward, reluForward } from './relu.js';
