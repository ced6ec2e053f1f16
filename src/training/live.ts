import type { Inspected } from '../insight/index.js';
import type { Loggers } from '../loggers/index.js';
import { type CheckedUi, type EpochRow, openPage, type RunChannel, type RunInfo } from '../ui/index.js';
import { layerRows } from './live-insight.js';
import { LiveLook } from './live-look.js';
import type { LiveSample } from './live-sample.js';

/** A run, as its live page sees it. */
export interface LiveSubject {
  /** The function to name in errors. */
  readonly fn: string;
  readonly loggers: Loggers;
  readonly model: Inspected;
  /** Examples to look at the model with; null where there are none yet. */
  sample(): LiveSample | null;
  /** What it is made of. */
  info(): Omit<RunInfo, 'layers' | 'id' | 'title' | 'fn' | 'startedAt' | 'isControllable'>;
  /** Where it is, and what it has found so far. */
  now(): LivePlace;
  /** Sets the learning rate of the following steps. @returns Whether it can be set. */
  setRate(rate: number): boolean;
}

/** Where a run is. */
export interface LivePlace {
  readonly iteration: number;
  readonly epoch: number;
  /** Of each iteration so far. */
  readonly losses: readonly number[];
  /** Of each iteration so far, as far as they are known. */
  readonly rates: readonly number[];
}

/** Milliseconds between two looks whether a run that is paused goes on, where the event loop turns meanwhile. */
const PATIENCE = 50;

/** The live page of a run: what its loop tells it, and what it makes of the commands. */
export class Live {
  readonly #subject: LiveSubject;
  readonly #settings: CheckedUi;
  readonly look: LiveLook;
  #channel: RunChannel | null = null;
  /** Whether the page knows the layers. */
  #hasLayers = false;
  #isPaused = false;
  #isStopped = false;

  constructor(subject: LiveSubject, settings: CheckedUi) {
    this.#subject = subject;
    this.#settings = settings;
    this.look = new LiveLook(subject.model, settings.every, settings.classes ?? null);
  }

  /** To be called before the first step. @throws {Error} if the port of the page is taken. */
  begin(): void {
    const { fn } = this.#subject;
    const { title = fn, config, classes } = this.#settings;
    const page = openPage(fn, this.#settings);
    const info = this.#subject.info();
    this.look.sample ??= this.#subject.sample();
    const layers = layerRows(this.#subject.model, this.look.sample);
    this.#hasLayers = layers.length > 0;
    const { losses, rates, ...at } = this.#subject.now();
    [this.#isPaused, this.#isStopped] = [false, false];
    this.#channel = page.begin(
      fn,
      {
        ...{ title, fn, startedAt: Date.now(), ...info, layers, isControllable: true },
        ...(config !== undefined && { config: config as RunInfo['config'] }),
        ...(classes !== undefined && { classes }),
      },
      at,
    );
    this.#channel.past(at.iteration, losses, rates);
  }

  /** Notes a step. @param rate - Null where it is not known. @param examples - In its batch. */
  step(iteration: number, epoch: number, loss: number, rate: number | null, examples: number): void {
    const channel = this.#channel;
    if (channel === null) return;
    channel.step(iteration, epoch, loss, rate ?? Number.NaN, examples);
    this.look.stepped(channel.now);
  }

  /** Notes an evaluation. */
  epoch(row: Omit<EpochRow, 'seconds'>): void {
    const channel = this.#channel;
    if (channel === null) return;
    channel.epoch(row);
    this.look.evaluated(channel.now);
  }

  /** Whether there is something to do between two steps. */
  get isTold(): boolean {
    return this.#channel !== null && (this.look.isReady || this.#channel.isTold);
  }

  /** Does what the page said; blocks while the run is paused. @returns Whether it is to stop. */
  obey(): boolean {
    this.#look();
    while (this.#obeyed()) this.#channel?.wait();
    return this.#isStopped;
  }

  /** The same, while the event loop turns. @param signal - Ends a pause too. */
  async obeyAsync(signal: AbortSignal | undefined): Promise<boolean> {
    this.#look();
    while (this.#obeyed() && signal?.aborted !== true) await new Promise((resolve) => setTimeout(resolve, PATIENCE));
    return this.#isStopped;
  }

  /** The run is complete: the page gets a last look at the model, which has its final weights. */
  finished(): void {
    this.look.evaluated(Number.POSITIVE_INFINITY);
    this.#look();
    this.#end('finished', null);
  }

  /**
   * The run has ended before its end.
   *
   * @param error - What ended it; undefined if nothing did but the caller.
   * @param folder - Where it was saved; null if it was not.
   */
  left(error: unknown, folder: string | null): void {
    if (error !== undefined) {
      this.#end('failed', error instanceof Error ? error.message : String(error));
      return;
    }
    const { iteration } = this.#subject.now();
    const rest = folder === null ? 'nothing was saved' : `saved in ${folder}, from where it may be resumed`;
    this.#end('interrupted', `Stopped after iteration ${iteration}; ${rest}`);
  }

  #end(state: 'finished' | 'interrupted' | 'failed', message: string | null): void {
    this.#channel?.state(state, message);
    this.#channel = null;
  }

  /** Shows what the model is like, if that is due. */
  #look(): void {
    const channel = this.#channel;
    if (channel === null || !this.look.isReady) return;
    const { model } = this.#subject;
    if (!this.#hasLayers && this.look.sample !== null) channel.layers(layerRows(model, this.look.sample));
    this.#hasLayers = true;
    channel.insight(this.look.take(this.#subject.now().iteration));
  }

  /** Does what has been said so far. @returns Whether the run is paused then. */
  #obeyed(): boolean {
    const channel = this.#channel;
    if (channel === null) return false;
    for (const told of channel.take()) {
      const { command } = told;
      if (command === 'pause' ? this.#isPaused : command === 'resume' && !this.#isPaused) continue;
      const { iteration, epoch } = this.#subject.now();
      const value = told.command === 'learningRate' ? told.value : null;
      if (value !== null) {
        if (!this.#subject.setRate(value)) continue;
      } else if (command === 'stop') this.#isStopped = true;
      else {
        this.#isPaused = command === 'pause';
        channel.state(this.#isPaused ? 'paused' : 'running');
      }
      this.#subject.loggers.command({ iteration, epoch, command, value });
    }
    return this.#isPaused && !this.#isStopped;
  }
}
