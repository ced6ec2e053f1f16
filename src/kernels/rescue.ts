import { type Floats, isFloats, isMap, isNDArray, isSet, type NDArray } from '../arrays/index.js';

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

  const visit = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (isFloats(value)) return rescuer.move(value);
    if (ArrayBuffer.isView(value) || visited.has(value)) return value;
    visited.add(value);
    if (isNDArray(value)) {
      put(value, 'data', value.data, rescuer.move(value.data));
      rescuer.rescued(value);
    } else if (isMap(value)) {
      const entries = [...value];
      const safe = entries.map(([key, entry]) => [visit(key), visit(entry)] as const);
      if (safe.some(([key, entry], i) => key !== entries[i][0] || entry !== entries[i][1])) {
        value.clear();
        for (const [key, entry] of safe) value.set(key, entry);
      }
    } else if (isSet(value)) {
      const members = [...value];
      const safe = members.map(visit);
      if (safe.some((member, i) => member !== members[i])) {
        value.clear();
        for (const member of safe) value.add(member);
      }
    } else {
      for (const field of Object.keys(value)) {
        const before = (value as Record<string, unknown>)[field];
        put(value, field, before, visit(before));
      }
    }
    return value;
  };
  return visit(result);
}
