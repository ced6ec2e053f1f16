import { type Floats, isFloats, isMap, isNDArray, isPlainObject, isSet, type NDArray } from '../arrays/index.js';

/** Who brings the memory that is found in a result to safety. */
export interface Rescuer {
  /** @returns What is to stand in the place of `data`; `data` itself where it may stay. */
  move(data: Floats): Floats;
  /** `data` cannot be replaced, since what holds it is frozen. */
  keep(data: Floats): void;
  /** The memory of `array` is safe now. */
  rescued(array: NDArray): void;
}

/**
 * Brings all arrays in `result` to safety: itself, or in arrays, objects, Maps and Sets, to any depth.
 *
 * @returns `result`; what stands in its place where it is bare memory.
 */
export function rescue(result: unknown, rescuer: Rescuer): unknown {
  const visited = new Set<object>();

  const put = (holder: object, field: string, before: unknown, after: unknown): void => {
    if (after !== before && !Reflect.set(holder, field, after)) rescuer.keep(before as Floats);
  };

  const fields = (value: object): void => {
    for (const field of Object.keys(value)) {
      const before = (value as Record<string, unknown>)[field];
      put(value, field, before, visit(before));
    }
  };

  // Arrays and plain objects, of which results are made, come first: the other questions take longer.
  const visit = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || visited.has(value)) return value;
    if (isNDArray(value)) {
      visited.add(value);
      put(value, 'data', value.data, rescuer.move(value.data));
      rescuer.rescued(value);
    } else if (Array.isArray(value) || isPlainObject(value)) {
      visited.add(value);
      fields(value);
    } else if (ArrayBuffer.isView(value)) {
      return isFloats(value) ? rescuer.move(value) : value;
    } else {
      visited.add(value);
      if (isMap(value)) visitMap(value);
      else if (isSet(value)) visitSet(value);
      else fields(value);
    }
    return value;
  };

  const visitMap = (map: Map<unknown, unknown>): void => {
    const entries = [...map];
    const safe = entries.map(([key, entry]) => [visit(key), visit(entry)] as const);
    if (safe.every(([key, entry], i) => key === entries[i][0] && entry === entries[i][1])) return;
    map.clear();
    for (const [key, entry] of safe) map.set(key, entry);
  };

  const visitSet = (set: Set<unknown>): void => {
    const members = [...set];
    const safe = members.map(visit);
    if (safe.every((member, i) => member === members[i])) return;
    set.clear();
    for (const member of safe) set.add(member);
  };

  return visit(result);
}
