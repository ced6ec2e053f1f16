import fc from 'fast-check';

/** The paths to everything in a plain value, itself first. */
function pathsIn(value: unknown): PropertyKey[][] {
  if (typeof value !== 'object' || value === null) return [[]];
  return [[], ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner).map((path) => [key, ...path]))];
}

/** A copy of `value` with another one at the end of `path`. */
function replaced(value: unknown, [key, ...rest]: PropertyKey[], by: unknown): unknown {
  if (key === undefined) return by;
  const copy = structuredClone(value) as Record<PropertyKey, unknown>;
  const inner = replaced(copy[key], rest, by);
  // Assignment would set the prototype where the key is __proto__.
  Object.defineProperty(copy, key, { value: inner, enumerable: true, configurable: true, writable: true });
  return copy;
}

/** What a state may be damaged with: other types, numbers out of range, lists that are too long or have holes. */
const damage = fc.oneof(
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5, 1e300, 2 ** 53, 0, '1', true, null, undefined),
  fc.constantFrom<unknown>([], new Array(3), new Array(1e6).fill(0), new Int32Array(3), {}, { length: 1e9 }, Symbol()),
  fc.anything(),
);

/** States that differ from `good` in one place: an entry of another value, or one too many. */
export function damaged(good: object): fc.Arbitrary<unknown> {
  const places = pathsIn(JSON.parse(JSON.stringify(good)));
  const strangers = fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'speed');
  return fc.oneof(
    fc.tuple(fc.constantFrom(...places), damage).map(([path, by]) => replaced(good, path, by)),
    fc.tuple(strangers, damage).map(([name, by]) => replaced(good, [name], by)),
  );
}
