import { Random } from '../../arrays/index.js';
import { trialId } from '../identity.js';
import type { Space } from '../space/index.js';
import type { Config } from '../types.js';

/** Draws in a row that give a known config, after which a space counts as used up. */
const MOST_DRAWS = 1000;

/** Different configs of a space at random, the same for the same seed however many are asked for. */
export class Draws {
  readonly #space: Space;
  readonly #seed: number;
  readonly #random: Random;
  readonly #seen = new Set<string>();

  constructor(space: Space, seed: number) {
    [this.#space, this.#seed, this.#random] = [space, seed, new Random(`search ${seed}`)];
  }

  /** The next config that is not in `also` either; null where the space seems to have no more. */
  next(also: ReadonlySet<string> = new Set()): Config | null {
    for (let i = 0; i < MOST_DRAWS; i++) {
      const config = this.#space.sample(this.#random);
      const id = trialId(config, this.#seed);
      if (this.#seen.has(id) || also.has(id)) continue;
      this.#seen.add(id);
      return config;
    }
    return null;
  }
}
