import { argumentError, isMap, isPlainObject } from '../arrays/index.js';

/** A value and its name in a module: `weight`, `blocks.0`. */
export type Named<T> = [name: string, value: T];

/** The members for which `is` returns true, also inside lists, plain objects and Maps, whose keys join the name. */
export function findMembers<T>(members: Iterable<Named<unknown>>, is: (value: unknown) => value is T): Named<T>[] {
  const found: Named<T>[] = [];
  const inside = new Set<unknown>();
  const visit = (name: string, value: unknown): void => {
    if (is(value)) found.push([name, value]);
    else if (!inside.has(value)) {
      inside.add(value);
      for (const [key, entry] of entriesOf(value)) visit(`${name}.${key}`, entry);
      inside.delete(value);
    }
  };
  for (const [name, value] of members) visit(name, value);
  return found;
}

function entriesOf(value: unknown): Iterable<Named<unknown>> {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value) || isMap(value)) return [...value.entries()].map(([key, v]) => [String(key), v]);
  return isPlainObject(value) ? Object.entries(value) : [];
}

/** The list without the entries whose value occurs earlier. */
export function once<T>(named: readonly Named<T>[]): Named<T>[] {
  const values = new Set<T>();
  return named.filter(([, value]) => !values.has(value) && values.add(value));
}

/** The name of a member of a member; '' is the module itself. */
export function joined(outer: string, inner: string): string {
  return outer === '' || inner === '' ? outer + inner : `${outer}.${inner}`;
}

/**
 * `named`, if no two of its values have the same name.
 *
 * @throws {RangeError} with the name that two values have, as `'a.b'` and `b` in `a` do.
 */
export function unambiguous<T>(fn: string, title: string, named: readonly Named<T>[]): readonly Named<T>[] {
  const values = new Map<string, T>();
  for (const [name, value] of named) {
    if (values.has(name) && values.get(name) !== value) {
      throw argumentError(RangeError, {
        fn,
        arg: title,
        found: `has two tensors of the name '${name}'`,
        expected: 'each name once',
        wayOut: 'a dot in a key joins like a path',
      });
    }
    values.set(name, value);
  }
  return named;
}
