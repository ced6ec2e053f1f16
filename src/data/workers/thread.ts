import { Random } from '../../arrays/index.js';
import { requireBuiltin } from '../../node.js';
import { makeBatch } from '../share.js';
import { type Source, sourceOf } from '../source.js';
import type { Step } from '../transforms/steps.js';
import { ANSWERS, type Answer, OLDEST, type Task, type ThreadData } from './protocol.js';
import { datasetFrom, stepFrom } from './remade.js';
import { sentError } from './sent-error.js';

// The program of a worker thread: it makes batches until its loader ends it.

const { port, signals, job } = requireBuiltin('DataLoader', 'node:worker_threads').workerData as ThreadData;

/** Sends an answer, whose arrays change hands without a copy, and wakes the thread that waits for it. */
function send(answer: Answer): void {
  port.postMessage(answer, 'batch' in answer ? buffersIn(answer.batch) : []);
  Atomics.add(signals, ANSWERS, 1);
  Atomics.notify(signals, ANSWERS);
}

/** The memory of all arrays in a batch, but for what is shared. */
function buffersIn(value: unknown, found = new Set<ArrayBuffer>()): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) buffersIn(part, found);
  }
  return [...found];
}

/** Made at the first task, so that an error in it is the answer. */
let program: { readonly source: Source; readonly steps: readonly Step[] } | undefined;

function answer({ id, seed, ...wanted }: Task): Answer {
  try {
    program ??= { source: sourceOf('DataLoader', datasetFrom(job.dataset)), steps: job.recipes.map(stepFrom) };
    const random = new Random(seed ?? 0);
    const batch = makeBatch(program.source, program.steps, job.cut, wanted, random);
    return { id, batch, random: seed === null ? null : random.stateDict() };
  } catch (error) {
    return { id, error: sentError(error) };
  }
}

port.on('message', (task: Task | null) => {
  if (task !== null && task.run >= Atomics.load(signals, OLDEST)) send(answer(task));
});

// What a dataset throws outside of its calls ends the worker, and the loader says why.
process.on('uncaughtException', (error) => {
  send({ id: 0, error: sentError(error) });
  process.exit(1);
});
