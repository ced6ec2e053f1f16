export { ByteDataset, type Bytes } from './byte-dataset.js';
export { type ChannelStats, channelStats } from './channel-stats.js';
export {
  type Cifar10,
  type Cifar10Batch,
  cifar10Size,
  decodeCifar10Batch,
  type LoadCifar10Options,
  loadCifar10,
  readCifar10Batch,
} from './cifar10.js';
export { type Cifar100, type LoadCifar100Options, loadCifar100 } from './cifar100.js';
export { type Column, type CsvData, type CsvOptions, csv, type LabelledCsvData, parseCsv } from './csv.js';
export { DataLoader, type DataLoaderOptions, type DataLoaderState } from './data-loader.js';
export {
  type ArrayDataset,
  type DatasetOf,
  type Example,
  type ExampleDataset,
  TensorDataset,
  type UnlabelledDataset,
} from './dataset.js';
export { type DownloadCifar10Options, type DownloadProgress, downloadCifar10 } from './download-cifar10.js';
export { decodeIdx, type IdxData, type IdxNumbers, readIdx } from './idx.js';
export {
  ImageFolder,
  type ImageFolderOptions,
  type ImageFolderParts,
  imageFolder,
  type SkippedImage,
} from './image-folder.js';
export { type LoadMnistOptions, loadFashionMnist, loadMnist, type Mnist } from './mnist.js';
export {
  RandomSampler,
  type Sampler,
  type SamplerOptions,
  type SamplerState,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
  type WeightedRandomSamplerOptions,
} from './samplers.js';
export { type RandomSplitOptions, randomSplit } from './split.js';
export { Standardizer, type StandardizerState, standardize } from './standardizer.js';
export type { Arrays, Batch, Batched, Single, Targets } from './structure.js';
export { concatDatasets, Subset } from './subset.js';
export {
  type SyntheticCifar10BatchOptions,
  type SyntheticCifar10Options,
  syntheticCifar10Batch,
  writeSyntheticCifar10,
} from './synthetic-cifar10.js';
export type {
  BatchTransform,
  ColorJitterOptions,
  CutoutOptions,
  MixOptions,
  RandomCropOptions,
  RandomErasingOptions,
  RandomResizedCropOptions,
  RandomRotationOptions,
  Transform,
} from './transforms/index.js';
export * as transforms from './transforms/index.js';
export { WorkerDataset, type WorkerDatasetParts, workerDataset } from './workers/worker-dataset.js';
