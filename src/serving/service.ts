import { Worker } from 'node:worker_threads';
import { hostValues, type NDArray, wrap } from '../arrays/index.js';
import { type Program, programOf } from '../data/workers/program.js';
import { type FromModel, type FromRequests, SLOTS, type ThreadData } from './protocol.js';
import { type ServiceSettings, type Spec, sizeOfExample } from './spec.js';

let program: Program | undefined;

/** A model that is served. */
export interface Served {
  readonly spec: Spec;
  /** @returns What it makes of examples (N, …inputShape) as they came: probabilities or numbers, (N, outputs). */
  predict(X: NDArray): NDArray;
}

/** How a service ended. */
export interface Ended {
  /** Whether all that had come in was answered. */
  readonly inTime: boolean;
}

/**
 * A model behind HTTP. Requests are read by a thread of its own while the calling one predicts: examples and results
 * are in memory that both see.
 */
export class Service {
  /** Where it listens. */
  readonly port: number;
  /** When it has ended. Rejected if its thread ended by itself. */
  readonly ended: Promise<Ended>;
  readonly #worker: Worker;

  private constructor(worker: Worker, port: number, ended: Promise<Ended>) {
    this.#worker = worker;
    this.port = port;
    this.ended = ended;
  }

  /**
   * Begins to serve.
   *
   * @param onNote - Takes what is to be said of requests that failed by our fault.
   * @throws {Error} if it cannot listen: a port in use, say.
   */
  static start(served: Served, settings: ServiceSettings, onNote: (message: string) => void): Promise<Service> {
    const { spec } = served;
    const sizes = [sizeOfExample(spec), spec.outputs.length];
    const [inputs, outputs] = sizes.map((size) => new SharedArrayBuffer(4 * SLOTS * settings.maxBatch * size));
    const workerData: ThreadData = { spec, settings, inputs, outputs };
    program ??= programOf('serve', __filename, 'thread');
    const { code, isText } = program;
    const worker = new Worker(code, {
      workerData,
      eval: isText,
      // It computes nothing that is worth threads of its own.
      env: { ...process.env, LAYERWISE_KERNELS: 'reference', LAYERWISE_THREADS: '1' },
      // It needs none of the loaders of this process.
      execArgv: [],
      // Most of what a request leaves behind is gone before it is copied.
      resourceLimits: { maxYoungGenerationSizeMb: 64 },
    });
    return new Promise((started, failed) => {
      let end: (ended: Ended) => void = () => {};
      let break_: (error: Error) => void = () => {};
      const ended = new Promise<Ended>((resolve, reject) => {
        end = resolve;
        break_ = reject;
      });
      ended.catch(() => {});
      const over = (error: Error): void => {
        failed(error);
        break_(error);
      };
      worker.on('error', (error) => over(error as Error));
      worker.on('exit', () => over(new Error('serve: the thread of requests ended')));
      worker.on('message', (message: FromRequests) => {
        if (message.kind === 'batch') {
          worker.postMessage(predicted(served, settings, inputs, outputs, message, onNote));
        } else if (message.kind === 'listening') started(new Service(worker, message.port, ended));
        else if (message.kind === 'note') onNote(message.message);
        else {
          if (message.kind === 'ended') end({ inTime: message.inTime });
          else over(new Error(message.message));
          void worker.terminate();
        }
      });
    });
  }

  /**
   * Ends it: what has come in is answered first. A second call may have a nearer deadline.
   *
   * @param deadline - Milliseconds.
   */
  end(deadline: number): Promise<Ended> {
    this.#worker.postMessage({ kind: 'end', deadline } satisfies FromModel);
    return this.ended;
  }
}

/** Predicts a batch. */
function predicted(
  { spec, predict }: Served,
  { maxBatch }: ServiceSettings,
  inputs: SharedArrayBuffer,
  outputs: SharedArrayBuffer,
  { slot, count }: { slot: number; count: number },
  onNote: (message: string) => void,
): FromModel {
  const [inputSize, outputSize] = [sizeOfExample(spec), spec.outputs.length];
  try {
    const values = new Float32Array(inputs, 4 * slot * maxBatch * inputSize, count * inputSize);
    const results = predict(wrap(values, [count, ...spec.inputShape]));
    if (results.shape.join() !== `${count},${outputSize}`) {
      throw new Error(`serve: the model gives shape (${results.shape}), expected (${count}, ${outputSize})`);
    }
    const room = new Float32Array(outputs, 4 * slot * maxBatch * outputSize, count * outputSize);
    room.set(hostValues(results));
    return { kind: 'predicted', slot };
  } catch (error) {
    onNote(String((error as Error)?.stack ?? error));
    return { kind: 'faulty', slot };
  }
}
