export type { Communicator, Reduction, Values } from '../training/parallel/index.js';
export { singleProcess } from './single-process.js';
