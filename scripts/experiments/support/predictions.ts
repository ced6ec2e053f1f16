// The commonest mistake, in words.

import { percent } from './words.js';

/**
 * The mistake that is made most often.
 *
 * @param confusion - For each true class, the share of its images that each class was predicted for.
 */
export function commonestMistake(confusion: readonly (readonly number[])[], classes: readonly string[]): string {
  const mistakes = confusion.flatMap((row, label) =>
    row.map((share, predicted) => ({ share, label, predicted })).filter((one) => one.predicted !== label),
  );
  const most = mistakes.reduce((a, b) => (b.share > a.share ? b : a));
  return (
    `The commonest mistake is to take '${classes[most.label]}' for '${classes[most.predicted]}' ` +
    `(${percent(most.share)} of them).`
  );
}
