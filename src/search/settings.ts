import { isAbsolute, join, relative, resolve } from 'node:path';
import {
  argumentError,
  count,
  describe,
  isPlainObject,
  oneOf,
  option,
  type Range,
  required,
  settingsOf,
  TEXT,
} from '../arrays/index.js';
import type { Goal } from './objective.js';
import { Space } from './space/index.js';
import { type StrategySettings, strategySettings } from './strategies.js';

/** What is searched: what `search.json` contains. */
export interface SearchSettings extends Goal {
  /** The file of the trial, absolute, and after `#` the name that it exports it by; null: a function of the program. */
  readonly trial: string | null;
  readonly space: Space;
  readonly strategy: StrategySettings;
  /** Of the draws of configs, and of each trial. */
  readonly seed: number;
}

/** What ends a search, or a worker. */
export const SIGNAL: Range = {
  allows: (value) => value instanceof AbortSignal,
  expected: 'an AbortSignal',
  Kind: TypeError,
};

/** Options of a search that are plain values. */
export const GOAL = {
  /** The name of the metric that is made better. */
  metric: required<string>(TEXT),
  /** Whether more of it is better, or less. Default `'max'`. */
  mode: option<'max' | 'min'>('max', oneOf('max', 'min')),
  /** Of the draws of configs, and of each trial: all are compared on the same one. Default 0. */
  seed: option(0, count(0)),
};

/** Strategies of which more trials are those of before and others. */
const GROWING = ['random', 'asha', 'tpe'];

/** The text of `search.json` in a folder. The trial's file is named from there, so that both can be moved together. */
export function settingsToJson(dir: string, settings: SearchSettings): string {
  const { trial, ...rest } = settings;
  const [file, name] = trial === null ? [null, ''] : splitTrial(trial);
  const near = file === null ? null : `${relative(resolve(dir), file)}${name === '' ? '' : `#${name}`}`;
  return `${JSON.stringify({ trial: near, ...rest }, null, 2)}\n`;
}

/**
 * What is searched, from the text of `search.json`.
 *
 * @throws {Error} naming the file, if it is none.
 */
export function settingsFromJson(fn: string, dir: string, text: string): SearchSettings {
  const file = join(dir, 'search.json');
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== 'object' || json === null || !isPlainObject(json)) throw new Error(describe(json));
    const { trial, space, strategy, ...goal } = json as Record<string, unknown>;
    const at = typeof trial === 'string' ? resolve(dir, trial) : null;
    const checked = settingsOf(fn, GOAL, goal as unknown as { metric: string });
    return { trial: at, space: new Space(space), strategy: strategySettings(fn, strategy), ...checked };
  } catch (cause) {
    const found = `is damaged: ${(cause as Error).message}`;
    throw argumentError(Error, { fn, arg: file, found, wayOut: 'delete the folder' }, { cause });
  }
}

/** The file of a trial, and the name behind `#`; empty where there is none. A folder may have a `#` in its name. */
export function splitTrial(trial: string): readonly [file: string, name: string] {
  const at = trial.lastIndexOf('#');
  return at < 0 || /[\\/]/.test(trial.slice(at)) ? [trial, ''] : [trial.slice(0, at), trial.slice(at + 1)];
}

/**
 * In what two searches differ, in words; null where the second goes on with the first. More trials may be asked for of
 * strategies that begin with the same ones.
 */
export function difference(before: SearchSettings, now: SearchSettings): string | null {
  for (const [name, one, other] of [
    ...pairs('space ', before.space.toJSON(), now.space.toJSON()),
    ...pairs('', { trial: before.trial }, { trial: now.trial }),
    ...pairs('strategy ', before.strategy, now.strategy),
    ...pairs('', goalOf(before), goalOf(now)),
  ]) {
    if (JSON.stringify(one) === JSON.stringify(other)) continue;
    const grows = name === 'strategy trials' && GROWING.includes(now.strategy.name);
    if (grows && (one as number) <= (other as number)) continue;
    return `${name} is ${said(one)} there, ${said(other)} here`;
  }
  const orders = [before, now].map(({ space }) => [...space.parameters.keys()].join(', '));
  return orders[0] === orders[1] ? null : `the order of its space is ${orders[0]}, here ${orders[1]}`;
}

function goalOf({ metric, mode, seed }: SearchSettings): object {
  return { metric, mode, seed };
}

/** What two objects have under each name. */
function pairs(prefix: string, a: object, b: object): [name: string, a: unknown, b: unknown][] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].map((name) => [
    `${prefix}${name}`,
    (a as Record<string, unknown>)[name],
    (b as Record<string, unknown>)[name],
  ]);
}

function said(value: unknown): string {
  if (value === undefined) return 'missing';
  return typeof value === 'string' && !isAbsolute(value) ? describe(value) : JSON.stringify(value);
}
