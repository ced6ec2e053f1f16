/** A name is no nearer than this share of its letters changed. */
const FARTHEST = 0.4;

/**
 * The name of `names` that is most like `word`: with the fewest letters left out, added, replaced or exchanged with
 * their neighbour; undefined where none is near. Capital letters count as small ones.
 */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const changes = distance(word.toLowerCase(), name.toLowerCase());
    if (changes < least && changes <= Math.max(1, FARTHEST * Math.max(word.length, name.length))) {
      [best, least] = [name, changes];
    }
  }
  return best;
}

/** `; did you mean NAME?`, or nothing where no name is near. */
export function didYouMean(word: string, names: Iterable<string>): string {
  const name = nearest(word, names);
  return name === undefined ? '' : `; did you mean ${name}?`;
}

/** The distance of two words after Damerau and Levenshtein, by optimal string alignment. */
function distance(a: string, b: string): number {
  let [before, last]: number[][] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, replaced);
      const exchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (exchanged) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length];
}
