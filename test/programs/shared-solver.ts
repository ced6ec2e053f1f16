// Trains by a Solver on all ranks of a job in several ways, and in one process; prints one line of JSON a rank, with
// what came of it by way. `--brief`: two of the ways.

import { createHash } from 'node:crypto';
import { type Communicator, mpi, singleProcess } from '../../src/distributed/index.js';
import {
  type Dataset,
  F,
  FullyConnectedNet,
  type Labels,
  type Model,
  type NDArray,
  Random,
  Solver,
  type SolverOptions,
  Tensor,
} from '../../src/index.js';

const ranks = mpi();
/** The job, or this process alone. */
let comm: Communicator = ranks;
/** What is done by this process alone. */
function alone<T>(work: () => T): T {
  comm = singleProcess();
  try {
    return work();
  } finally {
    comm = ranks;
  }
}

/** 103 examples of 6 features in 3 classes. */
function examples() {
  const random = new Random('data');
  const labels = (count: number) => Int32Array.from(random.randint(0, 3, count));
  const X = (count: number) => random.randn([count, 6], 'float64');
  return { XTrain: X(103), yTrain: labels(103), XVal: X(31), yVal: labels(31) };
}

function net(seed: number | undefined, more: object = {}): FullyConnectedNet {
  const sizes = { inputDim: 6, numClasses: 3, weightScale: 0.3, dtype: 'float64' as const };
  return new FullyConnectedNet([9, 8], {
    ...sizes,
    normalization: 'batchnorm',
    dropout: 0.7,
    reg: 1e-2,
    seed,
    ...more,
  });
}

// A rule whose steps are proportional to the gradients: the biases in front of a normalization have gradients of
// rounding errors alone, which Adam would make steps of full length.
const OPTIONS = { updateRule: 'sgd_momentum', batchSize: 25, verbose: false } as const;

const flat = (a: NDArray | undefined): number[] => Array.from(a?.data ?? []);

function ending(model: Model, solver: Solver<'sgd_momentum'>) {
  const { lossHistory, trainAccHistory, valAccHistory, valLossHistory } = solver;
  return {
    params: Object.values(model.params).flatMap((param) => flat(param)),
    statistics: (model.bnParams ?? []).flatMap(({ runningMean, runningVar }) =>
      [runningMean, runningVar].flatMap(flat),
    ),
    ...{ lossHistory, trainAccHistory, valAccHistory, valLossHistory },
    epoch: [solver.epoch],
  };
}

function solverOf(model: Model, options: SolverOptions<'sgd_momentum'>, data: Dataset = examples()) {
  const optimConfig = { learningRate: 2e-2 };
  return new Solver(model, data, { ...OPTIONS, optimConfig, distributed: comm, seed: 5, ...options });
}

function trained(model: Model, options: SolverOptions<'sgd_momentum'>, data?: Dataset) {
  const solver = solverOf(model, options, data);
  solver.train();
  return ending(model, solver);
}

/** The message of what `work` throws, and what is left behind. */
function failing(work: () => unknown, left: () => unknown = () => null) {
  try {
    work();
    return { message: 'no error' };
  } catch (error) {
    const { name, message } = error as Error;
    return { message: `${name}: ${message}`, left: left() };
  }
}

/** A normalized linear model of two numbers, whose loss fails where it is told to. */
function regression(fails: (call: number) => boolean = () => false): Model & { call: number } {
  const params = { W: new Random('regression').randn([2, 6], 'float64') };
  const model = {
    params,
    call: 0,
    loss: (X: NDArray, y?: Labels) => {
      if (fails(++model.call)) throw new RangeError('the loss refuses');
      const W = new Tensor(params.W, { requiresGrad: true });
      const out = F.batchNorm(F.linear(X, W), null, null, null, null, { training: true });
      if (y === undefined) return out.data;
      const loss = F.mseLoss(out, y as NDArray);
      loss.backward();
      return { loss: loss.item(), grads: { W: (W.grad as Tensor).data } };
    },
  };
  return model;
}

/** As many validation examples as leave two for the last batch. */
function numbers(): Dataset {
  const random = new Random('numbers');
  const some = (...shape: number[]) => random.randn(shape, 'float64');
  return { XTrain: some(40, 6), yTrain: some(40, 2), XVal: some(202, 6), yVal: some(202, 2) };
}

/** What is the same on all ranks, and as in one process. */
const SAME: Record<string, () => Record<string, number[]>> = {
  synchronized: () => trained(net(1), { numEpochs: 13, syncBatchnorm: true, verify: 10 }),
  'weights of rank 0': () =>
    trained(net(comm.rank + 1), { numEpochs: 1, syncBatchnorm: true, batchSize: 103, numTrainSamples: null }),
  numbers: () => trained(regression(), { numEpochs: 3, batchSize: 9, syncBatchnorm: true }, numbers()),
  accuracies: () => {
    const solver = solverOf(net(1), {});
    const { XVal, yVal } = examples();
    return { of: [{ batchSize: 7 }, { numSamples: 20 }].map((options) => solver.checkAccuracy(XVal, yVal, options)) };
  },
  'stopped by rank 0': () => {
    const onEpoch = ({ epoch }: Solver) => comm.rank > 0 || epoch < 2;
    return trained(net(1), { syncBatchnorm: true, onEpoch });
  },
};

/** Where the checkpoints of rank 0 are; the others do not see the folder. */
const folder = (): string => (comm.rank === 0 ? (process.env.RUN_FOLDER as string) : '/nowhere');

/** The end of a run that was saved, from there on. */
function resumed() {
  const solver = solverOf(net(2), { numEpochs: 13, syncBatchnorm: true, resume: folder() });
  const { iteration } = solver;
  solver.train();
  return { ...ending(solver.model, solver), from: [iteration] };
}

/** What is the same on all ranks. */
const ALIKE = {
  'by rank': () => trained(net(1), { numEpochs: 2, verify: 1 }),
  resumed: () => {
    const checkpoint = { dir: folder(), every: 10 };
    const solver = solverOf(net(1), { numEpochs: 13, syncBatchnorm: true, checkpoint });
    for (const { iteration } of solver.steps()) if (iteration === 30) break;
    const { from, ...rest } = resumed();
    // The others have no folder, and wait for the next thing that all do.
    const one = ranks.rank > 0 ? null : alone(resumed);
    const [apart] = ranks.broadcast(Float64Array.of(one === null ? 0 : distance(one, { ...rest, from })));
    return [from, digestOf(rest), apart];
  },
  aborted: async () => {
    const controller = new AbortController();
    const onIteration = ({ iteration }: Solver) => {
      if (iteration === 3 && comm.rank === 0) controller.abort(new Error('enough'));
    };
    const solver = solverOf(net(1), { onIteration });
    const message = await solver.trainAsync({ signal: controller.signal }).catch((error: Error) => error.message);
    return [message, solver.iteration];
  },
  'not finite': () => {
    const data = examples();
    data.XTrain.set(7, 3, Number.NaN);
    return failing(() => trained(net(1), {}, data));
  },
  'a rank that goes its own way': () => {
    const onIteration = ({ iteration, model }: Solver) => {
      if (iteration === 3 && comm.rank === 1) model.params.b2.set(0, 7);
    };
    return failing(() => trained(net(1), { onIteration, verify: 2 }));
  },
  'other data': () => {
    const data = examples();
    if (comm.rank === 1) data.XTrain.set(0, 0, 3);
    return failing(() => solverOf(net(1), {}, data));
  },
  'other options': () => failing(() => solverOf(net(1), { batchSize: 20 + comm.rank, seed: 5 + comm.rank })),
  'too few': () => failing(() => solverOf(net(1), { batchSize: 1 })),
};

/** Fails on rank 1 at a call of its loss. */
function failingAt(which: number) {
  const model = regression((call) => comm.rank === 1 && call === which);
  const solver = solverOf(model, { batchSize: 9 }, numbers());
  return failing(
    () => solver.train(),
    () => solver.iteration,
  );
}

/** What each rank has of its own. */
const OWN = {
  'a wrong option': () => failing(() => solverOf(net(1), { lrDecay: comm.rank === 1 ? -1 : 1 })),
  'a loss that fails at once': () => {
    const model = regression(() => comm.rank === 1);
    return failing(
      () => trained(model, { batchSize: 9 }, numbers()),
      () => model.params.W.get(0, 0) === regression().params.W.get(0, 0),
    );
  },
  'a loss that fails later': () => failingAt(7),
  'a loss that fails in an evaluation': () => failingAt(9),
  printed: () => {
    const lines: unknown[] = [];
    const { log } = console;
    console.log = (line) => lines.push(line);
    let logged = 0;
    try {
      trained(net(1), { verbose: comm.rank < 2, numEpochs: 1, loggers: { onStep: () => logged++ } });
    } finally {
      console.log = log;
    }
    return [lines.length > 0, logged];
  },
};

/** How far two results are apart at most. */
function distance(one: Record<string, readonly number[]>, other: Record<string, readonly number[]>): number {
  const [a, b] = [Object.values(one).flat(), Object.values(other).flat()];
  return a.length === b.length ? Math.max(...a.map((value, i) => Math.abs(value - b[i]))) : Number.POSITIVE_INFINITY;
}

function digestOf(result: unknown): string {
  return createHash('sha256').update(JSON.stringify(result)).digest('hex');
}

async function main(): Promise<void> {
  const isBrief = process.argv.includes('--brief');
  const same = Object.entries(SAME).flatMap(([way, run]) => {
    if (isBrief && way !== 'synchronized' && way !== 'numbers') return [];
    const result = run();
    return [[way, digestOf(result), distance(result, alone(run))]];
  });
  const alike: Record<string, unknown> = {};
  for (const [way, run] of Object.entries(isBrief ? {} : ALIKE)) alike[way] = await run();
  const own = Object.fromEntries(Object.entries(isBrief ? {} : OWN).map(([way, run]) => [way, run()]));
  console.log(JSON.stringify({ rank: ranks.rank, same, alike, own }));
}

void main();
