// What a model says of examples, as `predict` has it.

import type { NDArray } from '../../arrays/index.js';
import type { Trained } from '../../runs/index.js';

/** A class and its probability. */
export interface Choice {
  readonly label: string;
  readonly probability: number;
}

/** What is said of one example: classes, the likeliest first, or numbers by the names of the targets. */
export type Prediction =
  | { readonly kind: 'classes'; readonly choices: readonly Choice[] }
  | { readonly kind: 'numbers'; readonly values: Readonly<Record<string, number>> };

/** What the rows of `Trained.predict` say. */
export function predictionsOf({ classes, preprocessing }: Trained, values: NDArray): Prediction[] {
  const [N, width] = values.shape;
  const rows = Array.from({ length: N }, (_, n) => Array.from({ length: width }, (__, c) => values.get(n, c)));
  if (classes === null) {
    const names = preprocessing.kind === 'rows' ? preprocessing.targets : [];
    return rows.map((row) => {
      return { kind: 'numbers', values: Object.fromEntries(row.map((value, i) => [names[i] ?? `y${i + 1}`, value])) };
    });
  }
  return rows.map((row) => ({ kind: 'classes', choices: choicesOf(classes, row) }));
}

/** All classes, the likeliest first. A single probability is that of the second class. */
function choicesOf(classes: readonly string[], row: readonly number[]): Choice[] {
  const probabilities = row.length === 1 ? [1 - row[0], row[0]] : row;
  const choices = probabilities.map((probability, c) => ({ label: classes[c], probability }));
  return choices.sort((a, b) => b.probability - a.probability);
}
