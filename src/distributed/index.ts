export {
  type AverageGradientsOptions,
  averageGradients,
  type Communicator,
  type Reduction,
  type Values,
} from '../training/parallel/index.js';
export { mpi } from './mpi.js';
export { singleProcess } from './single-process.js';
