// The optimizer and the schedule of a run, which decide what other settings there are.

import { argumentError, describe } from '../arrays/index.js';
import { nearest } from '../terminal/index.js';
import { OPTIMIZERS, OTHER_NAMES, SCHEDULES } from './settings.js';
import type { ConfigSection, Loop } from './types.js';
import type { Given } from './values.js';

/** What has been chosen. */
export interface Choices {
  readonly optimizer: string;
  /** Null of a Solver. */
  readonly schedule: string | null;
  /** The settings, and among them what the name of the optimizer says beside it. */
  readonly given: readonly Given[];
}

/** The name that a loop has for an optimizer: `sgd` is SGD for fit. */
export function optimizerNamed(loop: Loop, name: string): string {
  return Object.hasOwn(OPTIMIZERS[loop], name) ? name : (OTHER_NAMES[loop][name]?.[0] ?? name);
}

/** The names of all settings that some optimizer has. */
export const OPTIMIZER_SETTINGS: ReadonlySet<string> = new Set(
  Object.values(OPTIMIZERS).flatMap((rules) => Object.values(rules).flatMap((table) => Object.keys(table))),
);

/**
 * What the settings choose, else the recipe.
 *
 * @throws {RangeError} naming an optimizer or a schedule that there is not, or not for this loop.
 */
export function choicesOf(
  fn: string,
  loop: Loop,
  modelName: string,
  given: readonly Given[],
  recipe: ConfigSection,
): Choices {
  const at = given.findLastIndex(({ key }) => key === 'training.optimizer');
  const [optimizer, implied] = at < 0 ? [String(recipe.optimizer), {}] : optimizerOf(fn, loop, given[at]);
  const { arg, from } = given[at] ?? { arg: '', from: 'file' };
  const beside = Object.entries(implied).map(([name, value]) => ({ key: `training.${name}`, value, arg, from }));
  return {
    optimizer,
    schedule: scheduleOf(fn, loop, modelName, given, recipe),
    given: [...given.slice(0, at + 1), ...beside, ...given.slice(at + 1)],
  };
}

function optimizerOf(fn: string, loop: Loop, { value, arg, from }: Given): [string, ConfigSection] {
  const names = Object.keys(OPTIMIZERS[loop]);
  if (names.includes(value as string)) return [value as string, {}];
  const others = OTHER_NAMES[loop];
  if (typeof value === 'string' && Object.hasOwn(others, value)) return others[value];
  const like = typeof value === 'string' ? nearest(value, [...names, ...Object.keys(others)]) : undefined;
  const wayOut = like === undefined ? undefined : `did you mean ${like}?`;
  const found = from === 'set' ? ': there is no such optimizer' : `is ${describe(value)}`;
  throw argumentError(RangeError, { fn, arg, found, expected: names.join(', '), wayOut });
}

function scheduleOf(
  fn: string,
  loop: Loop,
  modelName: string,
  given: readonly Given[],
  recipe: ConfigSection,
): string | null {
  const choice = given.findLast(({ key }) => key === 'training.schedule');
  const names = Object.keys(SCHEDULES);
  if (choice !== undefined && !names.includes(choice.value as string)) {
    const { value, arg, from } = choice;
    const like = typeof value === 'string' ? nearest(value, names) : undefined;
    const found = from === 'set' ? ': there is no such schedule' : `is ${describe(value)}`;
    const wayOut = like === undefined ? undefined : `did you mean ${like}?`;
    throw argumentError(RangeError, { fn, arg, found, expected: names.join(', '), wayOut });
  }
  if (loop === 'fit') return String(choice?.value ?? recipe.schedule ?? 'constant');
  if (choice === undefined || choice.value === 'constant') return null;
  const found = `: it is for modules, which fit trains, and this run has the model ${modelName}, which a Solver trains`;
  throw argumentError(RangeError, { fn, arg: choice.arg, found, wayOut: 'set lrDecay' });
}
