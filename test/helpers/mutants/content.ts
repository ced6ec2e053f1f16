import { isNDArray, type NDArray } from '../../../src/arrays/index.js';

/** What a file holds, in texts that are equal where the values are, to the bit: arrays and others by name. */
export type Content = ReadonlyMap<string, string>;

/** Dtype, shape and bits of an array, which is dense. */
function arrayText({ data, shape }: NDArray): string {
  const { buffer, byteOffset, byteLength } = data as Float32Array;
  const kind = Object.prototype.toString.call(data);
  return `${kind} (${shape.join()}) ${Buffer.from(buffer, byteOffset, byteLength).toString('latin1')}`;
}

/** The leaves of a tree of objects, lists, arrays and plain values, by their paths. */
export function contentOf(value: unknown): Content {
  const content = new Map<string, string>();
  const visit = (path: string, node: unknown): void => {
    if (isNDArray(node)) content.set(path, arrayText(node));
    else if (ArrayBuffer.isView(node)) content.set(path, arrayText({ data: node, shape: [] } as unknown as NDArray));
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

/** What is wrong with an array whose values do not fill its shape; null if nothing is. */
export function inconsistencyOf(value: unknown, path = ''): string | null {
  if (isNDArray(value)) {
    const { shape, data, stride, offset } = value;
    const size = shape.reduce((product, side) => product * side, 1);
    const isWhole = shape.every((side) => Number.isSafeInteger(side) && side >= 0);
    if (isWhole && size === data.length && offset === 0 && stride.length === shape.length) return null;
    return `reads ${path} of shape (${shape.join()}) with ${data.length} values`;
  }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return null;
  for (const [name, child] of Object.entries(value)) {
    const found = inconsistencyOf(child, `${path}/${name}`);
    if (found !== null) return found;
  }
  return null;
}
