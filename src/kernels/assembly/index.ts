import {
  CALLER_SLEEPS,
  DONE,
  GENERATION,
  JOB_ITEMS,
  JOB_KERNEL,
  JOB_WIDE,
  REMAINING,
  SIGNAL,
  SLEEPING,
  TRAPS,
  WORKERS,
} from "../wasm/protocol";
import { perform } from "./dispatch.generated";
import { setThread } from "./job";

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

/** Whether this thread may sleep. */
let maySleep = true;

/** For a thread that may not sleep, as the one that a page runs on: as a caller it spins until the others are done. */
export function neverSleep(): void {
  maySleep = false;
}

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
    if (--spins > 0 || !maySleep) continue;
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
 * @param idleMs - Without a job for so long it ends the generation; a negative time never ends. Nobody depends on a
 *   worker, so it may leave at any time.
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
