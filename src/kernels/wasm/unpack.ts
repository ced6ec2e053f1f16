/**
 * The bytes of a WebAssembly module as it was before it was packed. Here none is; in the build for browsers all are,
 * and fflate's `inflateSync` takes the place of this function.
 */
export function unpack(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes;
}
