export type { Communicator, Reduction, Values } from './communicator.js';
