import { ByteDataset, DataLoader, DivergedError, fitAsync, optim } from 'layerwise';
import type { Settings } from '../protocol.js';
import type { ImageSet } from './image-set.js';
import type { Net } from './net.js';

const BATCH = 64;

/** What a run tells as it goes. */
export interface RunEvents {
  onStep(loss: number, learningRate: number, epoch: number): void;
  onEpoch(accuracy: number): void;
}

/** One training, that can be paused, stopped and given another learning rate. */
export class Run {
  readonly settings: Settings;
  readonly #net: Net;
  readonly #set: ImageSet;
  readonly #events: RunEvents;
  readonly #optimizer: optim.Adam;
  readonly #stop = new AbortController();
  /** Where a step waits while the run is paused. */
  #pause: { readonly over: Promise<void>; end(): void } | null = null;

  constructor(net: Net, set: ImageSet, settings: Settings, events: RunEvents) {
    this.settings = settings;
    this.#net = net;
    this.#set = set;
    this.#events = events;
    this.#optimizer = new optim.Adam(net.model.parameters(), { lr: settings.learningRate });
  }

  get isPaused(): boolean {
    return this.#pause !== null;
  }

  set learningRate(rate: number) {
    for (const group of this.#optimizer.paramGroups) group.lr = rate;
  }

  pause(): void {
    if (this.#pause !== null) return;
    let end = () => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#pause = { over, end };
  }

  resume(): void {
    this.#pause?.end();
    this.#pause = null;
  }

  stop(): void {
    this.#stop.abort();
    this.resume();
  }

  /** Trains. @returns Whether it came to its end. @throws {Error} if the training diverges. */
  async go(): Promise<boolean> {
    const { shape, training } = this.#set;
    const { images, labels } = training;
    const dataset = new ByteDataset({ data: images, shape: [labels.length, ...shape] }, labels);
    const loader = new DataLoader(dataset, {
      batchSize: BATCH,
      shuffle: true,
      seed: this.#net.iterations,
      transform: this.#net.normalize,
    });
    const { signal } = this.#stop;
    const stepsAnEpoch = Math.ceil(labels.length / BATCH);
    try {
      await fitAsync(this.#net.model, loader, {
        optimizer: this.#optimizer,
        epochs: this.settings.epochs,
        verbose: false,
        signal,
        onStep: ({ lossHistory }) => {
          this.#net.iterations++;
          const epoch = lossHistory.length / stepsAnEpoch;
          this.#events.onStep(lossHistory.at(-1)!, this.#optimizer.paramGroups[0]!.lr, epoch);
          return this.#pause?.over;
        },
        onEpoch: ({ trainAccHistory }) => this.#events.onEpoch(trainAccHistory.at(-1)!),
      });
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      if (!(error instanceof DivergedError)) throw error;
      const { iteration, learningRate } = error;
      const found = `At step ${iteration}, at a learning rate of ${learningRate}, the loss is no number any more`;
      throw new Error(`${found}: the training has ended. Try a lower rate, with a new network.`, { cause: error });
    }
  }
}
