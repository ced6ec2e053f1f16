import { argumentError, describe, isPlainObject, printable } from '../../arrays/index.js';
import { didYouMean } from '../../terminal/index.js';
import type { ConfigValue } from '../types.js';
import type { Condition, Parameter } from './parameters.js';

const FN = 'space';
const KINDS = ['uniform', 'logUniform', 'integer', 'choice'] as const;
const WAYS = 'uniform(low, high), logUniform(low, high), integer(low, high), choice(...) or a constant';

/** Parameters that have been checked, parents of conditions before those that depend on them. */
export type Checked = ReadonlyMap<string, Parameter>;

/**
 * Checks the parameters of a space, and puts them in an order in which each stands behind those that it depends on.
 *
 * @throws {TypeError | RangeError} naming the parameter: as the first that is wrong, or contradicts itself or others.
 */
export function checkedParameters(parameters: unknown): Checked {
  if (!isRecord(parameters)) {
    const expected = `an object: for each name ${WAYS}`;
    throw argumentError(TypeError, { fn: FN, arg: 'parameters', found: `is ${describe(parameters)}`, expected });
  }
  const named = Object.entries(parameters).map(([name, value]) => [name, checkedParameter(name, value)] as const);
  if (named.length === 0) fail('parameters', 'is an empty object', `for each name ${WAYS}`);
  const byName = new Map(named);
  for (const [name, { when }] of byName) if (when !== undefined) checkCondition(name, when, byName);
  const ordered = inOrder(byName);
  checkReachable(ordered);
  return ordered;
}

/** The values that a condition's parameter may have, as a list. */
export function valuesOf(wanted: Condition[string]): readonly ConfigValue[] {
  return Array.isArray(wanted) ? wanted : [wanted as ConfigValue];
}

function checkedParameter(name: string, value: unknown): Parameter {
  if (name === '') fail("''", 'is no name', 'a name of at least one letter');
  if (isValue(value)) return checkedParameter(name, { choice: [value] });
  if (!isRecord(value)) fail(name, `is ${describe(value)}`, WAYS);
  const kinds = KINDS.filter((kind) => kind in value);
  if (kinds.length !== 1) {
    const found = kinds.length === 0 ? `has ${Object.keys(value).map(quoted).join(', ') || 'nothing'}` : `is ${kinds}`;
    fail(name, found, `one of ${KINDS.join(', ')}`);
  }
  const [kind] = kinds;
  const allowed: readonly string[] = [kind, 'when', ...(kind === 'integer' ? ['log'] : [])];
  for (const key of Object.keys(value)) {
    if (!allowed.includes(key)) fail(name, `has ${quoted(key)}`, `${allowed.join(', ')}${didYouMean(key, allowed)}`);
  }
  const when = value.when === undefined ? {} : { when: value.when as Condition };
  const checked = kind === 'choice' ? checkedChoice(name, value) : checkedRange(name, kind, value);
  return Object.freeze({ ...checked, ...when });
}

function checkedChoice(name: string, { choice }: Readonly<Record<string, unknown>>): Parameter {
  if (!Array.isArray(choice) || choice.length === 0) {
    fail(name, `chooses from ${describe(choice)}`, 'a list of at least one value');
  }
  const seen = new Set<ConfigValue>();
  for (const value of choice as unknown[]) {
    if (!isValue(value)) fail(name, `chooses from ${describe(value)}`, 'texts, finite numbers, true, false or null');
    if (seen.has(value)) fail(name, `has ${describe(value)} twice`, 'different values');
    seen.add(value);
  }
  return { choice: Object.freeze([...choice]) };
}

function checkedRange(
  name: string,
  kind: 'uniform' | 'logUniform' | 'integer',
  value: Readonly<Record<string, unknown>>,
): Parameter {
  const ends = value[kind];
  const test = kind === 'integer' ? Number.isSafeInteger : Number.isFinite;
  if (!Array.isArray(ends) || ends.length !== 2 || !ends.every(test)) {
    const expected = `low and high, two ${kind === 'integer' ? 'whole' : 'finite'} numbers`;
    fail(name, `has the range ${describe(ends)}`, expected);
  }
  const [low, high] = ends as [number, number];
  const isEmpty = kind === 'integer' ? low > high : low >= high;
  if (isEmpty) fail(name, `goes from ${low} to ${high}`, `low ${kind === 'integer' ? '≤' : '<'} high`);
  // Nothing could be drawn from a line of infinite length.
  if (!Number.isFinite(high - low)) fail(name, `goes from ${low} to ${high}`, 'high - low to be a finite number');
  if (value.log !== undefined && typeof value.log !== 'boolean') {
    fail(name, `has log: ${describe(value.log)}`, 'true or false');
  }
  const isLog = kind === 'logUniform' || value.log === true;
  if (isLog && low <= 0) fail(name, `goes from ${low} to ${high} by orders of magnitude`, 'low > 0');
  const range = Object.freeze([low, high] as const);
  if (kind === 'integer') return value.log === undefined ? { integer: range } : { integer: range, log: isLog };
  return kind === 'uniform' ? { uniform: range } : { logUniform: range };
}

function checkCondition(name: string, when: unknown, parameters: Checked): void {
  if (!isRecord(when) || Object.keys(when).length === 0) {
    fail(name, `applies when ${describe(when)}`, "names of the space with values: when({ act: 'gelu' }, …)");
  }
  for (const [other, wanted] of Object.entries(when)) {
    const parent = parameters.get(other);
    if (parent === undefined) {
      fail(name, `depends on ${quoted(other)}`, `a name of the space${didYouMean(other, parameters.keys())}`);
    }
    if ('uniform' in parent || 'logUniform' in parent) {
      fail(name, `depends on ${other}, which is any number of a range`, 'a choice, a whole number or a constant');
    }
    const values = valuesOf(wanted as Condition[string]);
    if (values.length === 0) fail(name, `depends on no value of ${other}`, 'at least one');
    for (const value of values) {
      if (!canBe(parent, value)) fail(name, `depends on ${other} being ${describe(value)}`, said(other, parent));
    }
  }
}

function canBe(parameter: Parameter, value: unknown): boolean {
  if ('choice' in parameter) return parameter.choice.includes(value as ConfigValue);
  if (!('integer' in parameter)) return false;
  const [low, high] = parameter.integer;
  return Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high;
}

function said(name: string, parameter: Parameter): string {
  if ('choice' in parameter) return `one of its values, ${parameter.choice.map(describe).join(', ')}`;
  return 'integer' in parameter ? `a whole number from ${parameter.integer.join(' to ')}` : name;
}

/** Parents first; otherwise as they were given. */
function inOrder(parameters: Checked): Checked {
  const ordered = new Map<string, Parameter>();
  const visit = (name: string, path: readonly string[]): void => {
    if (ordered.has(name)) return;
    const parameter = parameters.get(name) as Parameter;
    if (path.includes(name)) {
      const circle = [...path.slice(path.indexOf(name)), name].join(' depends on ');
      fail(name, `depends on itself: ${circle}`, 'conditions without a circle');
    }
    for (const parent of Object.keys(parameter.when ?? {})) visit(parent, [...path, name]);
    ordered.set(name, parameter);
  };
  for (const name of parameters.keys()) visit(name, []);
  return ordered;
}

/** Refuses a parameter whose conditions, with those of what it depends on, exclude each other. */
function checkReachable(ordered: Checked): void {
  const needs = new Map<string, ReadonlyMap<string, readonly ConfigValue[]>>();
  for (const [name, { when = {} }] of ordered) {
    const all = new Map<string, readonly ConfigValue[]>();
    const add = (other: string, values: readonly ConfigValue[]): void => {
      const before = all.get(other);
      const both = before === undefined ? values : values.filter((value) => before.includes(value));
      if (both.length === 0) {
        const found = `can never apply: it needs ${other} to be ${listed(before ?? [])} and ${listed(values)}`;
        fail(name, found, 'conditions that can hold together');
      }
      all.set(other, both);
    };
    for (const [other, wanted] of Object.entries(when)) {
      add(other, valuesOf(wanted));
      for (const [farther, values] of needs.get(other) ?? []) add(farther, values);
    }
    needs.set(name, all);
  }
}

function listed(values: readonly ConfigValue[]): string {
  return values.map(describe).join(' or ');
}

function isValue(value: unknown): value is ConfigValue {
  return value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && isPlainObject(value);
}

function quoted(name: string): string {
  return `'${printable(name, 60)}'`;
}

function fail(arg: string, found: string, expected: string): never {
  throw argumentError(RangeError, { fn: FN, arg: printable(arg, 60), found, expected });
}
