/** A value of a config. */
export type ConfigValue = string | number | boolean | null;

/** What a trial is run with: a value for each name of the space that applies. */
export type Config = Readonly<Record<string, ConfigValue>>;

/** Numbers by name, such as `{ valAcc: 0.53 }`. */
export type Metrics = Readonly<Record<string, number>>;

/** What a trial is told, and tells. */
export interface Report {
  /** Tells of the metrics after an epoch. @returns Whether to go on: false once the trial is to stop early. */
  (epoch: number, metrics: Metrics): boolean;
  /** The folder of the trial, for its checkpoints: the same where it goes on in another process or elsewhere. */
  readonly dir: string;
  /** How far to train now; null: as far as the trial likes. Later calls go further, from the trial's checkpoint. */
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
  /** How far to train; null: as far as the trial likes. */
  readonly epochs: number | null;
}

/** What has become of a job. */
export interface Outcome {
  readonly job: Job;
  /** Null where it failed. */
  readonly metrics: Metrics | null;
  readonly error: string | null;
  readonly seconds: number;
}

/** Which jobs there are, from the outcomes so far: the same for all ways to run them. */
export interface Plan {
  /** The next job; `'wait'`: it depends on jobs that run; `'done'`: there are no more. */
  next(): Job | 'wait' | 'done';
  tell(outcome: Outcome): void;
}
