/** An IDX file: the code of its type, its shape, and bytes. */
export function idxFile(type: number, shape: readonly number[], bytes: ArrayLike<number>): Uint8Array {
  const file = new Uint8Array(4 + 4 * shape.length + bytes.length);
  const view = new DataView(file.buffer);
  file.set([0, 0, type, shape.length]);
  for (const [axis, size] of shape.entries()) view.setUint32(4 + 4 * axis, size);
  file.set(Uint8Array.from(bytes), 4 + 4 * shape.length);
  return file;
}
