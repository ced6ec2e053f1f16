export {
  type Cifar10,
  type Cifar10Batch,
  cifar10Size,
  type LoadCifar10Options,
  loadCifar10,
  readCifar10Batch,
} from './cifar10.js';
export { type DownloadCifar10Options, type DownloadProgress, downloadCifar10 } from './download-cifar10.js';
export { type SyntheticCifar10Options, writeSyntheticCifar10 } from './synthetic-cifar10.js';
