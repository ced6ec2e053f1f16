import { parentPort, workerData } from 'node:worker_threads';
import { Batcher } from './batcher.js';
import { Endpoint } from './endpoint.js';
import { type FromModel, type FromRequests, SLOTS, type ThreadData } from './protocol.js';
import { QUEUE_BATCHES, sizeOfExample } from './spec.js';

// The program of the thread that reads requests, beside the one that predicts.

const { spec, settings, inputs, outputs } = workerData as ThreadData;
const { maxBatch, maxWait } = settings;
const [inputSize, outputSize] = [sizeOfExample(spec), spec.outputs.length];

function tell(message: FromRequests): void {
  parentPort?.postMessage(message);
}

/** The part of shared memory that each slot has. */
function slotsOf(memory: SharedArrayBuffer, size: number): Float32Array[] {
  return Array.from(
    { length: SLOTS },
    (_, slot) => new Float32Array(memory, 4 * slot * maxBatch * size, maxBatch * size),
  );
}

const batcher = new Batcher({
  ...{ maxBatch, maxWait, inputSize, outputSize },
  timeout: settings.timeout * 1000,
  maxQueue: QUEUE_BATCHES * maxBatch,
  inputs: slotsOf(inputs, inputSize),
  outputs: slotsOf(outputs, outputSize),
  send: (slot, count) => tell({ kind: 'batch', slot, count }),
});

const endpoint = new Endpoint(spec, settings, batcher, (error) =>
  tell({ kind: 'note', message: String((error as Error)?.stack ?? error) }),
);

parentPort?.on('message', (message: FromModel) => {
  if (message.kind === 'predicted') batcher.predicted(message.slot);
  else if (message.kind === 'faulty') batcher.faulty(message.slot);
  else void endpoint.close(message.deadline).then((inTime) => tell({ kind: 'ended', inTime }));
});

endpoint.server.listen().then(
  (port) => tell({ kind: 'listening', port }),
  (error) => tell({ kind: 'failed', message: (error as Error).message }),
);
