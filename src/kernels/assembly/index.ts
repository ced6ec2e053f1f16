import {
  CALLER_SLEEPS,
  DONE,
  GENERATION,
  JOB_ITEMS,
  JOB_KERNEL,
  JOB_WIDE,
  Kernel,
  REMAINING,
  SIGNAL,
  SLEEPING,
  TRAPS,
  WORKERS,
} from "../wasm/protocol";
import {
  addRow,
  addRowRelu,
  leakyRelu,
  leakyReluBackward,
  relu,
  reluBackward,
  reluBackwardSumRows,
} from "./activations";
import { add, divide, lerp, multiply, scale, subtract } from "./arithmetic";
import { batchnormChannels, batchnormChannelsBackward, normalizeChannels } from "./batchnorm-channels";
import {
  batchnormColumns,
  batchnormColumnsBackward,
  batchnormColumnsGraph,
  normalizeColumns,
} from "./batchnorm-columns";
import {
  convBackwardInput,
  convBackwardWeights,
  convForward,
  packTurned,
  reluBackwardSumChannels,
  sumChannels,
} from "./convolution";
import { convBackwardPhases, packPhases } from "./convolution-phases";
import { convRunsForward } from "./convolution-runs";
import { convRunsBackwardWeights } from "./convolution-runs-weights";
import { convSquaresBackwardWeights } from "./convolution-squares";
import { dropout } from "./dropout";
import { product, productPackingA, productPackingB, productShare } from "./gemm";
import { setThread } from "./job";
import { groupnorm, groupnormBackward, groupnormWeights } from "./groupnorm";
import { layernorm, layernormBackward, layernormWeights } from "./layernorm";
import { hingeLoss, softmaxLoss } from "./losses";
import { avgPool, avgPoolBackward, maxPool, maxPoolBackward } from "./pooling";
import { maxout, maxoutBackward } from "./maxout";
import { preluRows, preluRowsBackward, preluRuns, preluRunsBackward } from "./prelu";
import {
  elu,
  eluBackward,
  gelu,
  geluBackward,
  sigmoid,
  sigmoidBackward,
  tanh,
  tanhBackward,
} from "./smooth-activations";
import { addL2Gradient, gatherRows, sumColumns, sumRows, sumSquares } from "./sums";
import { clamp, maxAbs, sumAbs } from "./norms";
import { packA, packB } from "./packing";
import { adagrad, adam, dampedMomentum, nesterov, rmsprop, sgd, sgdMomentum } from "./updates";
import { winogradFilters, winogradForward } from "./winograd";
import { winogradBlock, winogradProducts, winogradWeights } from "./winograd-weights";

// A job is a kernel and a number of work items, each of which writes its own part of the output; its arguments lie in
// shared memory (job.ts). Threads claim items from a counter until none is left. Who computes an item changes nothing
// in it, so the bits are the same for any number of threads, and a thread that is late or held up costs nothing but its
// help.

/**
 * Looks at the counter this often before a worker goes to sleep: a step's pauses between kernels are shorter. A step of
 * the benchmark's fc_5x100_bn_b50_adam takes 1.16 ms with 1,000 looks, 1.00 with 10,000, 0.96 with 100,000 and with a
 * million, one of conv2_b64_nesterov 17.0, 15.9, 15.6 and 15.8 (two threads of an EPYC, Node 20).
 */
// @ts-ignore: decorator
@inline const WORKER_SPINS: i32 = 100000;

/** Looks at the counter this often before the caller sleeps until the others are done. */
// @ts-ignore: decorator
@inline const CALLER_SPINS: i32 = 100000;

/**
 * A worker that finds no item for this long ends its generation: the caller starts another when there is work again.
 */
let idle: i64 = 0;

/** Items that this thread has claimed and not yet counted as done. */
let held = 0;

/**
 * Runs a job on the calling thread and on all workers that come to help, and returns when it is done: 0, or how many
 * workers trapped. A trap on this thread leaves the job half done: `recover` ends it.
 */
export function run(kernel: i32, wide: i32, items: i32): i32 {
  if (items <= 1 || atomic.load<i32>(WORKERS) == 0) {
    for (let item = 0; item < items; item++) perform(kernel, wide, item);
    return 0;
  }
  store<i32>(JOB_KERNEL, kernel);
  store<i32>(JOB_WIDE, wide);
  store<i32>(JOB_ITEMS, items);
  atomic.store<i32>(TRAPS, 0);
  atomic.store<i32>(DONE, 0);
  atomic.store<i32>(REMAINING, items);
  // A worker counts itself asleep before it looks at REMAINING for the last time, so none is missed.
  if (atomic.load<i32>(SLEEPING) > 0) {
    atomic.add<i32>(SIGNAL, 1);
    atomic.notify(SIGNAL, -1);
  }
  for (let left = items; left > 0; left = atomic.load<i32>(REMAINING)) {
    const count = share(left);
    performRun(kernel, wide, items, claim(count), count);
  }
  finishHeld();
  awaitDone(items);
  return atomic.load<i32>(TRAPS);
}

/**
 * Ends the job that a trap on the calling thread broke off: claims what is left of it and waits for what others hold.
 */
export function recover(): void {
  const left = atomic.xchg<i32>(REMAINING, 0);
  if (held == 0 && left <= 0) return;
  held += max(0, left);
  finishHeld();
  awaitDone(load<i32>(JOB_ITEMS));
}

function awaitDone(items: i32): void {
  let spins = CALLER_SPINS;
  while (atomic.load<i32>(DONE) != items) {
    if (--spins > 0) continue;
    atomic.store<i32>(CALLER_SLEEPS, 1);
    const done = atomic.load<i32>(DONE);
    if (done != items) atomic.wait<i32>(DONE, done, -1);
    atomic.store<i32>(CALLER_SLEEPS, 0);
  }
}

/**
 * How many of the items that are left a thread claims at a time: an eighth of its share, which leaves single items to
 * the end. A claim costs as much as a thousand values: pooling 1,600 planes of 32 × 32 took twice as long with one item
 * to a claim.
 */
// @ts-ignore: decorator
@inline function share(left: i32): i32 {
  return max(1, left / (8 * (atomic.load<i32>(WORKERS) + 1)));
}

/** The number of unclaimed items before this claim; it holds for as many of its `count` items as that is. */
// @ts-ignore: decorator
@inline function claim(count: i32): i32 {
  return atomic.sub<i32>(REMAINING, count);
}

/** Performs what a claim holds for. */
function performRun(kernel: i32, wide: i32, items: i32, left: i32, count: i32): void {
  const first = items - left, claimed = min(count, max(0, left));
  held += claimed;
  for (let item = first; item < first + claimed; item++) perform(kernel, wide, item);
}

/** Counts what this thread holds as done. */
// @ts-ignore: decorator
@inline function finishHeld(): void {
  const count = held;
  held = 0;
  atomic.add<i32>(DONE, count);
}

/**
 * A worker's life: to help with every job until its generation is over.
 *
 * @param idleMs - Without a job for so long it ends the generation. Nobody depends on a worker, so it may leave at any
 *   time.
 */
export function work(thread: i32, generation: i32, idleMs: i32): void {
  setThread(thread);
  idle = <i64>idleMs * 1000000;
  atomic.add<i32>(WORKERS, 1);
  let spins = WORKER_SPINS;
  while (atomic.load<i32>(GENERATION) == generation) {
    const unclaimed = atomic.load<i32>(REMAINING);
    if (unclaimed <= 0) {
      if (--spins > 0) continue;
      if (!sleep()) endGeneration(generation);
      spins = WORKER_SPINS;
      continue;
    }
    // Should another job begin in between, this is a claim to that one's items: of any job, it is for as many as it
    // says.
    const count = share(unclaimed);
    const left = claim(count);
    if (left <= 0) continue;
    // While a claimed item is not done the job cannot end, so what describes it holds still.
    performRun(load<i32>(JOB_KERNEL), load<i32>(JOB_WIDE), load<i32>(JOB_ITEMS), left, count);
    deliver();
    spins = WORKER_SPINS;
  }
  atomic.sub<i32>(WORKERS, 1);
}

/**
 * After a trap in `work`: reports it, and lets the job end without the items that nobody has done. The worker may go on
 * then.
 */
export function trapped(): void {
  atomic.add<i32>(TRAPS, 1);
  // The job cannot end before this worker's items have, so what is left is of the same job.
  held += max(0, atomic.xchg<i32>(REMAINING, 0));
  deliver();
  atomic.sub<i32>(WORKERS, 1);
}

/** Counts what this worker holds as done, and wakes the caller if it waits for that. */
function deliver(): void {
  finishHeld();
  if (atomic.load<i32>(CALLER_SLEEPS) != 0) atomic.notify(DONE, 1);
}

/** Waits for a job; false where none came for as long as a worker stays idle. */
function sleep(): bool {
  const signal = atomic.load<i32>(SIGNAL);
  atomic.add<i32>(SLEEPING, 1);
  const timedOut = atomic.load<i32>(REMAINING) <= 0 && atomic.wait<i32>(SIGNAL, signal, idle) == 2;
  atomic.sub<i32>(SLEEPING, 1);
  return !timedOut;
}

/** Lets all workers of a generation leave. */
function endGeneration(generation: i32): void {
  if (atomic.cmpxchg<i32>(GENERATION, generation, generation + 1) != generation) return;
  atomic.add<i32>(SIGNAL, 1);
  atomic.notify(SIGNAL, -1);
}

/** Ends the workers' generation and waits until all have left. */
export function dismiss(): void {
  atomic.add<i32>(GENERATION, 1);
  while (atomic.load<i32>(WORKERS) > 0) {
    atomic.add<i32>(SIGNAL, 1);
    atomic.notify(SIGNAL, -1);
  }
}

function perform(kernel: i32, wide: i32, item: i32): void {
  if (wide) performIn<f64>(kernel, item);
  else performIn<f32>(kernel, item);
}

function performIn<T>(kernel: i32, item: i32): void {
  switch (kernel) {
    case Kernel.PackA: return packA<T>(item);
    case Kernel.PackB: return packB<T>(item);
    case Kernel.Product: return product<T>(item);
    case Kernel.ProductPackingA: return productPackingA<T>(item);
    case Kernel.ProductPackingB: return productPackingB<T>(item);
    case Kernel.ProductShare: return productShare<T>(item);
    case Kernel.AddRow: return addRow<T>(item);
    case Kernel.AddRowRelu: return addRowRelu<T>(item);
    case Kernel.Relu: return relu<T>(item);
    case Kernel.ReluBackward: return reluBackward<T>(item);
    case Kernel.ReluBackwardSumRows: return reluBackwardSumRows<T>(item);
    case Kernel.SumRows: return sumRows<T>(item);
    case Kernel.SumColumns: return sumColumns<T>(item);
    case Kernel.SumSquares: return sumSquares<T>(item);
    case Kernel.SumAbs: return sumAbs<T>(item);
    case Kernel.MaxAbs: return maxAbs<T>(item);
    case Kernel.Clamp: return clamp<T>(item);
    case Kernel.AddL2Gradient: return addL2Gradient<T>(item);
    case Kernel.SoftmaxLoss: return softmaxLoss<T>(item);
    case Kernel.HingeLoss: return hingeLoss<T>(item);
    case Kernel.GatherRows: return gatherRows<T>(item);
    case Kernel.Sgd: return sgd<T>(item);
    case Kernel.SgdMomentum: return sgdMomentum<T>(item);
    case Kernel.DampedMomentum: return dampedMomentum<T>(item);
    case Kernel.Nesterov: return nesterov<T>(item);
    case Kernel.Rmsprop: return rmsprop<T>(item);
    case Kernel.Adagrad: return adagrad<T>(item);
    case Kernel.Adam: return adam<T>(item);
    case Kernel.BatchnormColumns: return batchnormColumns<T>(item);
    case Kernel.BatchnormColumnsBackward: return batchnormColumnsBackward<T>(item);
    case Kernel.BatchnormColumnsGraph: return batchnormColumnsGraph<T>(item);
    case Kernel.NormalizeColumns: return normalizeColumns<T>(item);
    case Kernel.BatchnormChannels: return batchnormChannels<T>(item);
    case Kernel.BatchnormChannelsBackward: return batchnormChannelsBackward<T>(item);
    case Kernel.NormalizeChannels: return normalizeChannels<T>(item);
    case Kernel.Layernorm: return layernorm<T>(item);
    case Kernel.LayernormBackward: return layernormBackward<T>(item);
    case Kernel.LayernormWeights: return layernormWeights<T>(item);
    case Kernel.Groupnorm: return groupnorm<T>(item);
    case Kernel.GroupnormBackward: return groupnormBackward<T>(item);
    case Kernel.GroupnormWeights: return groupnormWeights<T>(item);
    case Kernel.Dropout: return dropout<T>(item);
    case Kernel.Multiply: return multiply<T>(item);
    case Kernel.ConvForward: return convForward<T>(item);
    case Kernel.PackTurned: return packTurned<T>(item);
    case Kernel.ConvBackwardWeights: return convBackwardWeights<T>(item);
    case Kernel.ConvBackwardInput: return convBackwardInput<T>(item);
    case Kernel.PackPhases: return packPhases<T>(item);
    case Kernel.ConvBackwardPhases: return convBackwardPhases<T>(item);
    case Kernel.ConvRunsForward: return convRunsForward<T>(item);
    case Kernel.ConvRunsBackwardWeights: return convRunsBackwardWeights<T>(item);
    case Kernel.ConvSquaresBackwardWeights: return convSquaresBackwardWeights<T>(item);
    case Kernel.ReluBackwardSumChannels: return reluBackwardSumChannels<T>(item);
    case Kernel.SumChannels: return sumChannels<T>(item);
    case Kernel.MaxPool: return maxPool<T>(item);
    case Kernel.MaxPoolBackward: return maxPoolBackward<T>(item);
    case Kernel.AvgPool: return avgPool<T>(item);
    case Kernel.AvgPoolBackward: return avgPoolBackward<T>(item);
    case Kernel.LeakyRelu: return leakyRelu<T>(item);
    case Kernel.LeakyReluBackward: return leakyReluBackward<T>(item);
    case Kernel.Sigmoid: return sigmoid<T>(item);
    case Kernel.SigmoidBackward: return sigmoidBackward<T>(item);
    case Kernel.Tanh: return tanh<T>(item);
    case Kernel.TanhBackward: return tanhBackward<T>(item);
    case Kernel.Elu: return elu<T>(item);
    case Kernel.EluBackward: return eluBackward<T>(item);
    case Kernel.Gelu: return gelu<T>(item);
    case Kernel.GeluBackward: return geluBackward<T>(item);
    case Kernel.PreluRuns: return preluRuns<T>(item);
    case Kernel.PreluRunsBackward: return preluRunsBackward<T>(item);
    case Kernel.PreluRows: return preluRows<T>(item);
    case Kernel.PreluRowsBackward: return preluRowsBackward<T>(item);
    case Kernel.Maxout: return maxout<T>(item);
    case Kernel.MaxoutBackward: return maxoutBackward<T>(item);
    case Kernel.Add: return add<T>(item);
    case Kernel.Subtract: return subtract<T>(item);
    case Kernel.Divide: return divide<T>(item);
    case Kernel.Scale: return scale<T>(item);
    case Kernel.Lerp: return lerp<T>(item);
    case Kernel.WinogradFilters: return winogradFilters(item);
    case Kernel.WinogradForward: return winogradForward(item);
    case Kernel.WinogradBlock: return winogradBlock(item);
    case Kernel.WinogradProducts: return winogradProducts(item);
    case Kernel.WinogradWeights: return winogradWeights(item);
  }
}
