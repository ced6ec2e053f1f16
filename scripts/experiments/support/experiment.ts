// What an experiment is.

import type { Cifar10, ReportFigure, ReportTable } from '../../../src/index.js';

/** What an experiment works with. */
export interface Lab {
  readonly data: Cifar10;
  /** The data in words. */
  readonly source: string;
  /** Tiny settings, to see that everything runs. */
  readonly quick: boolean;
  readonly seed: string;
  /** The report's folder. */
  readonly folder: string;
}

/** What an experiment found: the parts of its report. */
export interface Findings {
  /** The result in a sentence, for the index. */
  readonly headline: string;
  /** What was run, by name. */
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
  /** Of its script and its folder. */
  readonly name: string;
  readonly title: string;
  readonly question: string;
  /** How the question is put to the nets; a paragraph. */
  readonly method: string;
  /** Test images it needs. Default none. */
  readonly numTest?: number;
  run(lab: Lab): Promise<Findings>;
}

/** What became of an experiment. */
export type Outcome =
  | { readonly experiment: Experiment; readonly headline: string; readonly seconds: number }
  | { readonly experiment: Experiment; readonly error: Error };
