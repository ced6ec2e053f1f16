import { isNDArray } from '../../src/arrays/index.js';
import {
  FullyConnectedNet,
  type Model,
  type NDArray,
  Solver,
  type SolverOptions,
  type SolverState,
} from '../../src/index.js';
import { blobs } from './nets.js';

/** A Solver with everything that has state: dropout, running statistics, Adam, decay, drawn samples. Its best is not its last. */
export function makeSolver(options: SolverOptions = {}, model: Model = dropoutNet()): Solver {
  const settings = { verbose: false, seed: 1, batchSize: 10, numEpochs: 4, lrDecay: 0.9 };
  const samples = { numTrainSamples: 20, numValSamples: 7 };
  const rule = { updateRule: 'adam', optimConfig: { learningRate: 0.05 } } as const;
  return new Solver(model, blobs(80, 6, 3, 1), { ...settings, ...samples, ...rule, ...options });
}

/** A net of which every pass draws, and that keeps running statistics. */
export function dropoutNet(seed: string | undefined = 'net'): FullyConnectedNet {
  const sizes = { inputDim: 6, numClasses: 3, weightScale: 0.3 };
  return new FullyConnectedNet([8, 8], { ...sizes, dropout: 0.8, normalization: 'batchnorm', seed });
}

/** Trains a Solver from a state. @returns Where it ends. */
export function continuedSolver(state: SolverState): SolverState {
  const solver = makeSolver({}, dropoutNet('another'));
  solver.loadStateDict(state);
  solver.train();
  return solver.stateDict();
}

/** Everything in a state, with arrays as their bits: for `toEqual`. @throws {Error} if there is anything but plain data. */
export function bitsOf(value: unknown, path = 'state'): unknown {
  if (isNDArray(value)) return { shape: value.shape, values: Array.from((value as NDArray).data) };
  if (Array.isArray(value)) return value.map((entry, i) => bitsOf(entry, `${path}[${i}]`));
  if (typeof value === 'object' && value !== null) {
    if (Object.getPrototypeOf(value) !== Object.prototype) throw new Error(`${path} is no plain object`);
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, bitsOf(entry, `${path}.${key}`)]));
  }
  if (value === null || ['number', 'string', 'boolean'].includes(typeof value)) return value;
  throw new Error(`${path} is ${String(value)}`);
}
