/**
 * The bytes of a WebAssembly module as it was before it was packed. Here none is; in the build for browsers all are
 * deflated, with their code sorted (sorted-code.ts), and a function that undoes both takes the place of this one.
 */
export function unpack<Bytes extends Uint8Array>(bytes: Bytes): Bytes {
  return bytes;
}
