import { argumentError, describe } from '../../arrays/index.js';
import { didYouMean } from '../../terminal/index.js';
import type { Space } from '../space/index.js';
import type { StrategySettings } from '../strategies.js';

/**
 * Refuses a grid that the space does not have.
 *
 * @throws {RangeError} if `points` has a name that is no range of the space, or the grid has too many configs.
 */
export function checkGrid(fn: string, space: Space, strategy: StrategySettings): void {
  if (strategy.name !== 'grid') return;
  const { points } = strategy;
  const ranges = [...space.parameters].flatMap(([name, parameter]) => ('choice' in parameter ? [] : [name]));
  for (const name of typeof points === 'number' ? [] : Object.keys(points)) {
    if (ranges.includes(name)) continue;
    const expected = `names of ranges: ${ranges.join(', ') || 'the space has none'}${didYouMean(name, ranges)}`;
    const found = `has ${describe(name)}`;
    throw argumentError(RangeError, { fn: `${fn}: strategy grid`, arg: 'points', found, expected });
  }
  space.grid(points);
}
