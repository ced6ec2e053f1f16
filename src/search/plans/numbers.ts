import { hostValues, type Random } from '../../arrays/index.js';

/** How many numbers are drawn at a time: an array for each takes longer than the number. */
const AT_ONCE = 256;

/** The uniform numbers of a generator, one a call. */
export function numbersOf(random: Random): () => number {
  let [values, at] = [hostValues(random.rand([AT_ONCE], 'float64')), 0];
  return () => {
    if (at === AT_ONCE) [values, at] = [hostValues(random.rand([AT_ONCE], 'float64')), 0];
    return values[at++];
  };
}
