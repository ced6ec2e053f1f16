/**
 * The bytes of a WebAssembly module as it was before it was packed. Here none is; in the build for browsers all are,
 * and fflate's `inflateSync` takes the place of this function.
 */
export function unpack<Bytes extends Uint8Array>(bytes: Bytes): Bytes {
  return bytes;
}
