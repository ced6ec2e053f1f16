import { isNDArray } from '../../arrays/index.js';
import { ByteDataset } from '../byte-dataset.js';
import { type AnyDataset, TensorDataset } from '../dataset.js';
import { ImageFolder, type ImageFolderParts } from '../image-folder.js';
import type { PortableDataset } from '../portable.js';
import { mapParts } from '../structure.js';
import { concatDatasets, Subset } from '../subset.js';
import * as transforms from '../transforms/index.js';
import { type Step, stepsOf } from '../transforms/steps.js';
import type { Recipe } from '../transforms/transform.js';
import { WorkerDataset, type WorkerDatasetParts } from './worker-dataset.js';

/** The dataset that another thread gave as plain data. */
export function datasetFrom(dataset: PortableDataset): AnyDataset {
  switch (dataset.kind) {
    case 'arrays':
      // Arrays lose their methods on the way, and isNDArray gives them back.
      for (const parts of [dataset.X, dataset.y]) mapParts(parts, '', isNDArray);
      return new TensorDataset(dataset.X, dataset.y) as unknown as AnyDataset;
    case 'bytes':
      return new ByteDataset(dataset.X, dataset.y);
    case 'subset':
      return new Subset(datasetFrom(dataset.of) as never, dataset.indices);
    case 'all':
      return concatDatasets(dataset.of.map(datasetFrom) as never[]);
    case 'images':
      return new ImageFolder(dataset.parts as ImageFolderParts);
    case 'module':
      return new WorkerDataset(dataset.parts as WorkerDatasetParts);
  }
}

/** The step of a transform that `recipe` makes. */
export function stepFrom({ of, name, args }: Recipe): Step {
  const make = Object.entries(transforms).find(([known]) => known === name)?.[1] as (...args: unknown[]) => unknown;
  const [step] = of === 'inputs' ? stepsOf(make(...args), undefined) : stepsOf(undefined, make(...args));
  return step;
}
