/** A value of a config. */
export type ConfigValue = string | number | boolean | null;

/** What a trial is run with: a value for each name of the space that applies. */
export type Config = Readonly<Record<string, ConfigValue | undefined>>;

/** Numbers by name, such as `{ valAcc: 0.53 }`. NaN and infinity are those of a run that has diverged. */
export type Metrics = Readonly<Record<string, number>>;

/** What a trial is told, and tells. */
export interface Report {
  /**
   * Tells of the metrics after an epoch, counted from 1 over all calls of the trial.
   *
   * @returns Whether to go on: false once the trial is to stop early, and return what it has.
   */
  (epoch: number, metrics: Metrics): boolean;
  /** The folder of the trial, for its checkpoints: the same where it goes on in another process or elsewhere. */
  readonly dir: string;
  /**
   * Up to which epoch to train, counted from the trial's first; null: as far as the trial likes. Later calls go
   * further, from the trial's checkpoint.
   */
  readonly epochs: number | null;
  /** How many threads its kernels may use. */
  readonly threads: number;
}

/** What is searched over: trains with a config and a seed, and returns how good that was. */
export type Trial<C extends Config = Config> = (config: C, seed: number, report: Report) => Metrics | Promise<Metrics>;

/** One call of a trial. */
export interface Job {
  /** A hash of the config and the seed: the name of the trial's folder. */
  readonly id: string;
  /** The number of the trial in the search, from 0. */
  readonly trial: number;
  /** Which of its calls this is, from 0; each goes further than the one before. */
  readonly rung: number;
  readonly config: Config;
  readonly seed: number;
  /** Up to which epoch to train; null: as far as the trial likes. */
  readonly epochs: number | null;
}

/** What has become of a job: what the file of the rung contains. */
export interface Outcome {
  readonly job: Job;
  /** Null where it failed. */
  readonly metrics: Metrics | null;
  /** Why it failed, in one line; null where it did not. */
  readonly error: string | null;
  /** Whether it was told to stop early. */
  readonly stopped: boolean;
  /** How long the call took, by the clock. */
  readonly seconds: number;
}

/**
 * Which jobs there are, from the outcomes so far: the same for all ways to run them.
 *
 * A plan is a pure function of its settings and of what it was told, so that it can be made anew, told the outcomes of
 * earlier starts in the order of trial and rung before anything is asked for, and goes on: jobs whose outcomes it knows
 * are not asked for again.
 */
export interface Plan {
  /** The next job; `'wait'`: it depends on jobs that run; `'done'`: there are no more. */
  next(): Job | 'wait' | 'done';
  /** The outcome of a job. A second one of the same job changes nothing. */
  tell(outcome: Outcome): void;
  /** A running trial has reported. @returns Whether it is to go on. Left out: all do. */
  hear?(job: Job, epoch: number, metrics: Metrics): boolean;
}

/** A way to run jobs: in this process, in others of this machine, on a queue. */
export interface Runner {
  /** How many jobs it takes at a time, now. */
  readonly slots: number;
  /**
   * Runs a job to its end with `runJob`, wherever that is.
   *
   * @param hears - Called with each report of the trial that reaches this process.
   * @returns What the file of the rung contains. A trial that fails is an outcome; rejects only where the search itself
   *   cannot go on.
   */
  run(job: Job, hears: (epoch: number, metrics: Metrics) => void): Promise<Outcome>;
  /** Set by the search: to be called when there are more slots. */
  onSlots?: () => void;
  /** Called as soon as the search fails or is aborted, be it within a report: trials that run here come to an end. */
  halt?(): void;
  /** Ends what it has started. Jobs that run are given up: another start of the search goes on with them. */
  close(): Promise<void>;
}
