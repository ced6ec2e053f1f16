// Trains nets on all ranks, and on each rank by itself, and prints what each has found, a line of JSON a rank. With the
// argument `few` only what depends on the number of ranks.

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostRoom, hostValues } from '../../src/arrays/index.js';
import { averageGradients, type Communicator, mpi } from '../../src/distributed/index.js';
import {
  DataLoader,
  F,
  type FitHistory,
  type FitOptions,
  fit,
  fitAsync,
  fitSteps,
  manualSeed,
  nn,
  optim,
  Random,
  type Tensor,
  tensor,
  transforms,
} from '../../src/index.js';

const comm = mpi();
const { rank, size } = comm;
const random = new Random(7);
const [X, y] = [random.randn([46, 2, 6, 6], 'float64'), random.randint(0, 3, 46)];
const [XVal, yVal] = [random.randn([11, 2, 6, 6], 'float64'), random.randint(0, 3, 11)];

/** A convnet with all that depends on the other examples of a batch, or on its place in it. */
function convnet(seed = 1): nn.Sequential {
  manualSeed(seed);
  const net = new nn.Sequential(
    new nn.Conv2d(2, 4, 3, { padding: 1 }),
    new nn.BatchNorm2d(4),
    new nn.ReLU(),
    new nn.Dropout2d(0.2),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(36, 8),
    new nn.BatchNorm1d(8),
    new nn.ReLU(),
    new nn.Dropout(0.3),
    new nn.Linear(8, 3),
  );
  return net.double();
}

function loaderOf(seed: number | undefined = 3, batchSize = 10): DataLoader {
  const transform = transforms.compose([transforms.randomHorizontalFlip(), transforms.randomCrop(6, { padding: 1 })]);
  return new DataLoader({ X, y }, { batchSize, shuffle: true, transform, seed });
}

type Options = Partial<FitOptions>;

const quiet = { verbose: false };

/** Parameters and buffers after a run, and its history. */
function trained(net: nn.Module, options: Options = {}, loader = loaderOf(), distributed?: Communicator) {
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.05, momentum: 0.9, weightDecay: 1e-3 });
  const history = fit(net, loader as never, { ...quiet, optimizer, epochs: 3, ...options, distributed } as FitOptions);
  return { net, history };
}

const digest = (net: nn.Module): string => {
  const hash = createHash('sha256');
  for (const a of Object.values(net.stateDict())) hash.update(new Uint8Array(Float64Array.from(hostValues(a)).buffer));
  return hash.digest('hex').slice(0, 12);
};

function apart(a: nn.Module, b: nn.Module): number {
  const other = b.stateDict();
  let most = 0;
  for (const [name, values] of Object.entries(a.stateDict())) {
    const flat = hostValues(values);
    for (const [i, value] of hostValues(other[name]).entries()) most = Math.max(most, Math.abs(value - flat[i]));
  }
  return most;
}

const apartIn = (a: readonly number[], b: readonly number[]): number =>
  a.length === b.length ? a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0) : Number.NaN;

function historyApart(a: FitHistory, b: FitHistory): number {
  const lists = (history: FitHistory): (readonly number[])[] => [
    history.lossHistory,
    history.learningRates,
    history.trainAccHistory,
    history.valAccHistory,
    history.valLossHistory,
    [history.bestEpoch, history.bestValAcc, history.bestValue ?? -1, history.epoch],
    ...Object.values(history.metrics).flatMap(({ train, val }) => [train, val]),
  ];
  const [one, two] = [lists(a), lists(b)];
  return Math.max(...one.map((list, i) => apartIn(list, two[i])));
}

/** The same run of all ranks and of this one by itself. */
function compared(options: Options, make = convnet, loader = loaderOf) {
  const shared = trained(make(), options, loader(), comm);
  const alone = trained(make(), options, loader());
  return {
    apart: apart(shared.net, alone.net),
    history: historyApart(shared.history, alone.history),
    digest: digest(shared.net),
  };
}

function message(work: () => unknown): string {
  try {
    work();
    return 'no error';
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

/** An error of a run that the ranks enter with something else each. */
const refused = (options: Options, loader = loaderOf(), net = convnet()): string =>
  message(() => trained(net, options, loader, comm));

const right = (scores: { shape: number[] }, targets: { length: number }): number => scores.shape[0] + targets.length;
/** Depends on the order of the examples. */
const ordered = (scores: { get(n: number, c: number): number; shape: number[] }, targets: Int32Array): number => {
  let sum = 0;
  for (let n = 0; n < targets.length; n++) sum += scores.get(n, targets[n]) * (n + 1);
  return sum / targets.length;
};
class Seen {
  batches: number[] = [];
  reset(): void {
    this.batches = [];
  }
  update(scores: { shape: number[] }): void {
    this.batches.push(scores.shape[0]);
  }
  compute(): number {
    return this.batches.reduce((sum, n, i) => sum + n * (i + 1), 0);
  }
  stateDict(): unknown {
    return { batches: this.batches };
  }
  loadStateDict(state: unknown): void {
    this.batches = [...(state as Seen).batches];
  }
}

const valLoader = new DataLoader({ X: XVal, y: yVal }, { batchSize: 5 });
const results: Record<string, unknown> = { rank };
const few = process.argv[2] === 'few';

results.synchronized = compared({ syncBatchnorm: true, epochs: 10, verify: 20 });
results.everything = compared({
  ...{
    syncBatchnorm: true,
    valLoader,
    accumulate: 2,
    clipGradNorm: 0.5,
    weightAverage: 0.9,
    verify: 3,
    keepBest: false,
  },
  metrics: { right, ordered, seen: new Seen() } as never,
});

/** Validation that goes by the statistics of each batch, the last of which has fewer examples than there are ranks. */
function withoutStatistics(): nn.Sequential {
  manualSeed(8);
  const norm = new nn.BatchNorm1d(8, { trackRunningStats: false });
  const net = new nn.Sequential(new nn.Flatten(), new nn.Linear(72, 8), norm, new nn.ReLU(), new nn.Linear(8, 3));
  return net.double();
}
const valOf = (n: number): DataLoader =>
  new DataLoader({ X: XVal.hi(n, 2, 6, 6), y: yVal.subarray(0, n) }, { batchSize: 5 });
const byBatch = { syncBatchnorm: true, epochs: 2, valLoader: valOf(7), metrics: { right, ordered, seen: new Seen() } };
results.byBatch = compared(byBatch as never, withoutStatistics);
/** Two examples, of which a rank would have too few: all compute them. */
const pair = trained(withoutStatistics(), { epochs: 1, valLoader: valOf(2) }, loaderOf(), comm).history;
results.pair = pair.valLossHistory;

/** A buffer that nothing changes. */
class Scaled extends nn.Module {
  readonly scale = new nn.Buffer(new Random(9).rand([72], 'float64'));
  readonly linear = new nn.Linear(72, 3);
  forward(x: Tensor): Tensor {
    return this.linear.forward(F.mul(F.flatten(x), this.scale));
  }
}
const scaled = new Scaled().double();
const scales = Float64Array.from(hostValues(scaled.scale.data));
trained(scaled, { epochs: 2 }, loaderOf(), comm);
results.constant = hostValues(scaled.scale.data).every((value, i) => value === scales[i]);

/** Batch normalization by rank: no equal of one process, but all ranks the same. */
function byRank() {
  const { net, history } = trained(convnet(), { valLoader, verify: 1 }, loaderOf(), comm);
  return { digest: digest(net), losses: history.valLossHistory };
}
if (!few) results.byRank = byRank();

/** Weights and orders without a seed are rank 0's. */
function unseeded() {
  const options = { batchSize: 10, shuffle: true };
  const { net } = trained(convnet(100 + rank), { verify: 1 }, new DataLoader({ X, y }, options), comm);
  return digest(net);
}
if (!few) results.unseeded = unseeded();

/** Labels of places, many of which do not count; of the first part of a batch none does. */
class Places extends nn.Module {
  readonly conv = new nn.Conv2d(2, 3, 3, { padding: 1 });
  forward(x: Tensor): Tensor {
    return this.conv.forward(x);
  }
}
function places(): Places {
  manualSeed(4);
  return new Places().double();
}
const labels = random.rand([46, 6, 6], 'float64');
const marks = hostRoom(labels);
for (let i = 0; i < marks.length; i++) marks[i] = i % 360 < 130 || marks[i] < 0.3 ? -100 : Math.floor(3 * marks[i]);
const placed = (): DataLoader => new DataLoader({ X, y: labels } as never, { batchSize: 10 }) as never;
results.ignored = compared({ valLoader: placed() as never }, places as never, placed);

/** Several inputs and targets, in lists and records, as batches in a list. */
class Two extends nn.Module {
  readonly left = new nn.Linear(72, 4);
  readonly right = new nn.Linear(72, 4);
  forward(inputs: { a: Tensor; b: Tensor }): Tensor {
    return F.add(this.left.forward(F.flatten(inputs.a)), this.right.forward(F.flatten(inputs.b))) as Tensor;
  }
}
function two(): Two {
  manualSeed(5);
  return new Two().double();
}
const goals = random.randn([46, 4], 'float64');
const rows = (a: typeof X, from: number, to: number) => a.lo(from, 0, 0, 0).hi(to - from, 2, 6, 6);
const batches = [0, 10, 20, 30, 40].map((from) => {
  const to = Math.min(46, from + 10);
  const target = [goals.lo(from, 0).hi(to - from, 4), y.subarray(from, to)];
  return [{ a: rows(X, from, to), b: rows(X, from, to) }, target];
});
const both = (scores: Tensor, [goal, label]: [never, Int32Array]): Tensor =>
  F.add(F.mseLoss(scores, goal), F.crossEntropy(scores, label)) as Tensor;
if (!few) results.parts = compared({ loss: both as never }, two as never, () => batches as never);

/** Ends when rank 0 says so. */
function stopped() {
  const epochs: number[] = [];
  const onEpoch = ({ epoch }: FitHistory): boolean => {
    epochs.push(epoch);
    return !(epoch >= 2 + rank);
  };
  trained(convnet(), { onEpoch, epochs: 5 }, loaderOf(), comm);
  return epochs;
}
if (!few) results.stopped = stopped();

/** Rank 0 alone sees the folder, from which a run of all goes on. */
function resumed() {
  const dir = mkdtempSync(join(tmpdir(), `layerwise-rank-${rank}-`));
  const options = { checkpoint: { dir, every: 3 }, syncBatchnorm: true, accumulate: 2, valLoader, keepBest: false };
  const whole = trained(convnet(), { ...options, checkpoint: undefined }, loaderOf(), comm);
  const net = convnet();
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.05, momentum: 0.9, weightDecay: 1e-3 });
  const all = { ...quiet, ...options, optimizer, epochs: 3, distributed: comm } as FitOptions;
  for (const { iteration } of fitSteps(net, loaderOf() as never, all)) if (iteration === 7) break;
  // One process goes on from there too.
  const alone = rank === 0 && trained(convnet(9), { ...options, checkpoint: undefined, resume: dir }, loaderOf());
  const again = trained(convnet(50 + rank), { ...options, resume: true }, loaderOf(), comm);
  rmSync(dir, { recursive: true });
  return {
    digests: [digest(again.net), digest(whole.net)],
    alone: alone ? apart(alone.net, whole.net) : 0,
  };
}
if (!few) results.resumed = resumed();

/** A loop of one's own, with parts of several sizes. */
function own() {
  const step = (from: number, to: number, ranks: Communicator | null): number[] => {
    const net = two();
    const loss = F.mseLoss(
      net.forward({ a: tensor(rows(X, from, to)), b: tensor(rows(X, from, to)) }),
      tensor(goals.lo(from, 0).hi(to - from, 4)),
    );
    loss.backward();
    if (ranks !== null) averageGradients(net, ranks, { examples: to - from });
    return net.parameters().flatMap((p) => Array.from(hostValues((p.grad as Tensor).data)));
  };
  const ends = [0, 3, 10, 12];
  return apartIn(step(ends[rank], ends[rank + 1], comm), step(0, ends[size], null));
}
if (!few) results.own = own();

class Half extends nn.Module {
  readonly linear = new nn.Linear(72, 3);
  forward(x: Tensor): Tensor {
    return this.linear.forward(F.flatten(x));
  }
}
function half(): Half {
  manualSeed(6);
  return new Half().double();
}
const spoilt = random.randn([46, 2, 6, 6], 'float64');
spoilt.set(9, 0, 0, 0, Number.NaN);
const damaged = half();
results.errors = few
  ? {}
  : {
      options: refused({
        epochs: rank === 1 ? 4 : 3,
        loss: rank === 1 ? (a: never, b: never) => F.crossEntropy(a, b) : undefined,
      } as never),
      data: refused({}, new DataLoader({ X: rank === 1 ? XVal : X.hi(11, 2, 6, 6), y: yVal }, { batchSize: 4 })),
      seed: refused({}, loaderOf(rank)),
      one: refused(rank === 1 ? { optimizer: 3 as never } : {}),
      few: refused({}, loaderOf(3, 1)),
      last: refused({}, loaderOf(3, 15)),
      list: refused({}, [[rows(X, 0, 1), y.subarray(0, 1)]] as never, half() as never),
      diverged: refused({}, new DataLoader({ X: spoilt, y }, { batchSize: 10 }), half() as never),
      order: refused({}, [[rows(X, rank, rank + 6), y.subarray(0, 6)]] as never, half() as never),
      sampler: refused(
        {},
        new DataLoader(
          { X, y },
          {
            batchSize: 10,
            sampler: { length: 46, order: () => Array.from({ length: 46 }, (_, i) => (i + 5 * rank) % 46) },
          },
        ),
        half() as never,
      ),
      metric: refused({ metrics: { wrong: () => 'x' } as never }, loaderOf(), half() as never),
      verify: refused(
        {
          verify: 2,
          onStep: ({ iteration }: FitHistory) => {
            if (iteration === 3 && rank === 1) hostRoom(damaged.linear.bias?.data as never)[1] += 1e-12;
          },
        },
        loaderOf(),
        damaged as never,
      ),
    };

/** The signal of rank 0 ends the run of all. */
async function aborted() {
  const stop = new AbortController();
  const net = convnet();
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.05 });
  const onStep = ({ iteration }: FitHistory): void => {
    if (iteration === 3 && rank === 0) stop.abort(new Error('enough'));
  };
  const history: { last: FitHistory | null } = { last: null };
  const see = (at: FitHistory): void => {
    history.last = at;
    onStep(at);
  };
  const options = { ...quiet, optimizer, distributed: comm, signal: stop.signal, onStep: see };
  const error = await fitAsync(net, loaderOf() as never, options as never).catch(({ message }: Error) => message);
  return [error, history.last?.iteration, digest(net)];
}

async function main(): Promise<void> {
  if (!few) results.aborted = await aborted();
  console.log(JSON.stringify(results));
}

void main();
