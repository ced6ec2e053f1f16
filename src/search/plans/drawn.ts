import { Random } from '../../arrays/index.js';
import { trialId } from '../identity.js';
import type { Space } from '../space/index.js';
import type { Config } from '../types.js';
import { numbersOf } from './numbers.js';

/** Draws in a row that give a known config, after which a space counts as used up. */
const MOST_DRAWS = 1000;

/** Different configs of a space at random, the same for the same seed however many are asked for. */
export class Draws {
  readonly #space: Space;
  readonly #seed: number;
  readonly #uniform: () => number;
  readonly #seen = new Set<string>();

  constructor(space: Space, seed: number) {
    [this.#space, this.#seed, this.#uniform] = [space, seed, numbersOf(new Random(`search ${seed}`))];
  }

  /** The next config that is not in `also` either; null where the space seems to have no more. */
  next(also: ReadonlySet<string> = new Set()): Config | null {
    for (let i = 0; i < MOST_DRAWS; i++) {
      const config = this.#space.draw(this.#uniform);
      const id = trialId(config, this.#seed);
      if (this.#seen.has(id) || also.has(id)) continue;
      this.#seen.add(id);
      return config;
    }
    return null;
  }
}
