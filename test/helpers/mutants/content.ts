import { hostValues, isNDArray, type NDArray, reachProblem } from '../../../src/arrays/index.js';

/** What a file holds, in texts that are equal where the values are, to the bit: arrays and others by name. */
export type Content = ReadonlyMap<string, string>;

/** More values than any file of a test has: an axis that is repeated costs a file nothing. */
const MOST = 1_000_000;

/** Dtype, shape and bits of an array. */
function arrayText(a: NDArray): string {
  if (a.size > MOST) return `${a.size} values`;
  return `(${a.shape.join()}) ${bitsText(hostValues(a))}`;
}

/** Class and bits of a typed array. */
function bitsText(values: ArrayBufferView): string {
  const { buffer, byteOffset, byteLength } = values;
  const kind = Object.prototype.toString.call(values);
  return `${kind} ${Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('latin1')}`;
}

/** The leaves of a tree of objects, lists, arrays and plain values, by their paths. */
export function contentOf(value: unknown): Content {
  const content = new Map<string, string>();
  const visit = (path: string, node: unknown): void => {
    if (isNDArray(node)) content.set(path, arrayText(node));
    else if (ArrayBuffer.isView(node)) content.set(path, bitsText(node));
    else if (typeof node === 'object' && node !== null) {
      const entries = Object.entries(node);
      if (entries.length === 0) content.set(path, Array.isArray(node) ? '[]' : '{}');
      for (const [name, child] of entries) visit(`${path}/${name}`, child);
    } else content.set(path, Object.is(node, -0) ? '-0' : (JSON.stringify(node) ?? String(node)));
  };
  visit('', value);
  return content;
}

export function isSame(a: Content, b: Content): boolean {
  return a.size === b.size && [...a].every(([name, text]) => b.get(name) === text);
}

/** What is wrong with an array whose values are not where its shape says; null if nothing is. */
export function inconsistencyOf(value: unknown, path = ''): string | null {
  if (isNDArray(value)) {
    const problem = reachProblem(value);
    return problem === null ? null : `reads ${path}: ${problem}`;
  }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return null;
  for (const [name, child] of Object.entries(value)) {
    const found = inconsistencyOf(child, `${path}/${name}`);
    if (found !== null) return found;
  }
  return null;
}
