import { syntheticCifar10Batch } from 'layerwise';
import { type ImageSet, imageSet } from './image-set.js';

const SHAPE = [3, 32, 32] as const;
const VALIDATION = 500;

/** Ten classes of drawn shapes: the stand-in for CIFAR-10, drawn here. */
export function syntheticSet(images: number): ImageSet {
  const { classes, ...training } = syntheticCifar10Batch({ length: images });
  const validation = syntheticCifar10Batch({ file: 'test_batch.bin', length: VALIDATION });
  return imageSet({ name: 'Synthetic shapes', shape: SHAPE, classes }, training, validation);
}
