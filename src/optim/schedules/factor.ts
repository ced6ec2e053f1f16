import type { Range } from '../../arrays/index.js';

/** What a rate is multiplied by for some steps, and divided by afterwards. */
export const FACTOR: Range = {
  allows: (value) => typeof value === 'number' && value > 0 && value <= 1,
  expected: 'a number above 0, up to 1',
  Kind: RangeError,
};
