import { argumentError, describe } from '../arrays/index.js';
import { Space } from './space/index.js';
import type { Config, Trial } from './types.js';

/** The mark of a function that {@link defineTrial} returned, the same in all copies of the library. */
const MARK = Symbol.for('layerwise.trial');

/** A function that {@link defineTrial} has marked, and the space that it goes with, if one was given. */
export type DefinedTrial<C extends Config = Config> = Trial<C> & {
  readonly space: Space<C> | null;
};

/**
 * Marks the function that a file exports as a trial, so that searches find it: `export default defineTrial(…)`.
 *
 * It is called once for each rung, with the epoch to train up to. It keeps its checkpoints in `report.dir`, and goes on
 * from there: after a rung, and where the process before has died.
 *
 * @param space - What is searched over where the search does not say; the types of configs follow from it.
 * @returns `trial`, marked.
 * @example
 * export default defineTrial(space({ lr: logUniform(1e-4, 1e-1) }), ({ lr }, seed, report) => {
 *   manualSeed(seed);
 *   const model = models.mlp([2, 50, 2]);
 *   const { valAccHistory } = fit(model, loader, {
 *     optimizer: new optim.Adam(model.parameters(), { lr }),
 *     epochs: report.epochs ?? 10,
 *     valLoader,
 *     checkpoint: { dir: report.dir },
 *     resume: true,
 *     onEpoch: (run) => report(run.valAccHistory.length, { valAcc: run.valAccHistory.at(-1) ?? 0 }),
 *   });
 *   return { valAcc: Math.max(...valAccHistory) };
 * });
 */
export function defineTrial<C extends Config>(space: Space<C>, trial: Trial<C>): DefinedTrial<C>;
export function defineTrial<C extends Config = Config>(trial: Trial<C>): DefinedTrial<C>;
export function defineTrial<C extends Config>(first: Space<C> | Trial<C>, second?: Trial<C>): DefinedTrial<C> {
  const fn = 'defineTrial';
  const [space, trial] = second === undefined ? [null, first as Trial<C>] : [first as Space<C>, second];
  if (space !== null && !(space instanceof Space)) {
    const found = `is ${describe(space)}`;
    throw argumentError(TypeError, { fn, arg: 'space', found, expected: 'what space(…) returned' });
  }
  if (typeof trial !== 'function') {
    const expected = 'a function (config, seed, report) => metrics';
    throw argumentError(TypeError, { fn, arg: 'trial', found: `is ${describe(trial)}`, expected });
  }
  return Object.defineProperties(trial, { [MARK]: { value: true }, space: { value: space } }) as DefinedTrial<C>;
}

/** Whether {@link defineTrial} has marked it. */
export function isTrial(value: unknown): value is DefinedTrial {
  return typeof value === 'function' && (value as { readonly [MARK]?: unknown })[MARK] === true;
}
