export type { Communicator, Reduction, Values } from '../training/parallel/index.js';
export { mpi } from './mpi.js';
export { singleProcess } from './single-process.js';
