// What an experiment is.

import type { Cifar10, ReportFigure, ReportTable } from '../../../src/index.js';

/** The inputs of an experiment. */
export interface Lab {
  readonly data: Cifar10;
  /** A sentence that describes the data. */
  readonly source: string;
  /** Tiny settings, to see that everything runs. */
  readonly quick: boolean;
  readonly seed: string;
  /** The report's folder. */
  readonly folder: string;
}

/** The results of an experiment, which are the parts of its report. */
export interface Findings {
  /** The result in a sentence, for the index. */
  readonly headline: string;
  /** The settings of the run, by name. */
  readonly settings: Readonly<Record<string, string | number>>;
  readonly tables: readonly ReportTable[];
  readonly figures: readonly ReportFigure[];
  /** The answer to the question, from the numbers. */
  readonly conclusions: readonly string[];
  /** The numbers themselves, for `results.json`. */
  readonly results: Readonly<Record<string, unknown>>;
}

/** One experiment. */
export interface Experiment {
  /** The name of its script and of its folder. */
  readonly name: string;
  readonly title: string;
  readonly question: string;
  /** How the question is answered, in a paragraph. */
  readonly method: string;
  /** Test images it needs. Default none. */
  readonly numTest?: number;
  run(lab: Lab): Promise<Findings>;
}

/** The outcome of an experiment. */
export type Outcome =
  | { readonly experiment: Experiment; readonly headline: string; readonly seconds: number }
  | { readonly experiment: Experiment; readonly error: Error };
