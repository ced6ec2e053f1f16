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
  WORKERS,
} from "../wasm/protocol";
import { addRow, addRowRelu, leakyRelu, leakyReluBackward, relu, reluBackward, reluBackwardSumRows } from "./activations";
import { add, multiply, scale, subtract } from "./arithmetic";
import { batchnormChannels, batchnormChannelsBackward, normalizeChannels } from "./batchnorm-channels";
import {
  batchnormColumns,
  batchnormColumnsBackward,
  batchnormColumnsGraph,
  normalizeColumns,
} from "./batchnorm-columns";
import { convBackwardInput, convBackwardWeights, convForward, packTurned, reluBackwardSumChannels, sumChannels } from "./convolution";
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
import { elu, eluBackward, gelu, geluBackward, sigmoid, sigmoidBackward, tanh, tanhBackward } from "./smooth-activations";
import { addL2Gradient, gatherRows, sumColumns, sumRows, sumSquares } from "./sums";
import { clamp, maxAbs, sumAbs } from "./norms";
import { packA, packB } from "./packing";
import { adagrad, adam, nesterov, rmsprop, sgd, sgdMomentum } from "./updates";
import { winogradFilters, winogradForward } from "./winograd";
import { winogradBlock, winogradProducts, winogradWeights } from "./winograd-weights";

// A job is a kernel and a number of work items, each of which writes its own part of the output; its arguments lie in
// shared memory (job.ts). Threads claim items from a counter until none is left. Who computes an item changes nothing in
// it, so the bits are the same for any number of threads, and a thread that is late or held up costs nothing but its help.

/**
 * Looks at the counter this often before a worker goes to sleep: a step's pauses between kernels are shorter. A step of the
 * benchmark's fc_5x100_bn_b50_adam takes 1.16 ms with 1,000 looks, 1.00 with 10,000, 0.96 with 100,000 and with a million, one of
 * conv2_b64_nesterov 17.0, 15.9, 15.6 and 15.8 (two threads of an EPYC, Node 20).
 */
// @ts-ignore: decorator
@inline const WORKER_SPINS: i32 = 100000;

/** Looks at the counter this often before the caller sleeps until the others are done. */
// @ts-ignore: decorator
@inline const CALLER_SPINS: i32 = 100000;

/** Runs a job on the calling thread and on all workers that come to help, and returns when it is done. */
export function run(kernel: i32, wide: i32, items: i32): void {
  if (items == 1 || atomic.load<i32>(WORKERS) == 0) {
    for (let item = 0; item < items; item++) perform(kernel, wide, item);
    return;
  }
  store<i32>(JOB_KERNEL, kernel);
  store<i32>(JOB_WIDE, wide);
  store<i32>(JOB_ITEMS, items);
  atomic.store<i32>(DONE, 0);
  atomic.store<i32>(REMAINING, items);
  // A worker counts itself asleep before it looks at REMAINING for the last time, so none is missed.
  if (atomic.load<i32>(SLEEPING) > 0) {
    atomic.add<i32>(SIGNAL, 1);
    atomic.notify(SIGNAL, -1);
  }
  let own = 0;
  for (let left = items; left > 0; left = atomic.load<i32>(REMAINING)) {
    const count = share(left);
    own += performRun(kernel, wide, items, claim(count), count);
  }
  atomic.add<i32>(DONE, own);
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
 * How many of the items that are left a thread claims at a time: an eighth of its share, which leaves single items to the end. A
 * claim costs as much as a thousand values: pooling 1,600 planes of 32 × 32 took twice as long with one item to a claim.
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

/** Performs what a claim holds for, and returns how many items those are. */
function performRun(kernel: i32, wide: i32, items: i32, left: i32, count: i32): i32 {
  const first = items - left, held = min(count, max(0, left));
  for (let item = first; item < first + held; item++) perform(kernel, wide, item);
  return held;
}

/** A worker's life: to help with every job until its generation is over. */
export function work(thread: i32, generation: i32): void {
  setThread(thread);
  atomic.add<i32>(WORKERS, 1);
  let spins = WORKER_SPINS;
  while (atomic.load<i32>(GENERATION) == generation) {
    const unclaimed = atomic.load<i32>(REMAINING);
    if (unclaimed <= 0) {
      if (--spins > 0) continue;
      sleep();
      spins = WORKER_SPINS;
      continue;
    }
    // Should another job begin in between, this is a claim to that one's items: of any job, it is for as many as it says.
    const count = share(unclaimed);
    const left = claim(count);
    if (left <= 0) continue;
    // While a claimed item is not done the job cannot end, so what describes it holds still.
    const done = performRun(load<i32>(JOB_KERNEL), load<i32>(JOB_WIDE), load<i32>(JOB_ITEMS), left, count);
    atomic.add<i32>(DONE, done);
    if (atomic.load<i32>(CALLER_SLEEPS) != 0) atomic.notify(DONE, 1);
    spins = WORKER_SPINS;
  }
  atomic.sub<i32>(WORKERS, 1);
}

function sleep(): void {
  const signal = atomic.load<i32>(SIGNAL);
  atomic.add<i32>(SLEEPING, 1);
  if (atomic.load<i32>(REMAINING) <= 0) atomic.wait<i32>(SIGNAL, signal, -1);
  atomic.sub<i32>(SLEEPING, 1);
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
    case Kernel.Scale: return scale<T>(item);
    case Kernel.WinogradFilters: return winogradFilters(item);
    case Kernel.WinogradForward: return winogradForward(item);
    case Kernel.WinogradBlock: return winogradBlock(item);
    case Kernel.WinogradProducts: return winogradProducts(item);
    case Kernel.WinogradWeights: return winogradWeights(item);
  }
}
