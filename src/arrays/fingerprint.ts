/**
 * A text of 16 digits by which two lists of numbers are told apart: a hash of their bits. It says nothing against
 * somebody who makes a list for a given text.
 *
 * @param most - How many of the numbers are read, at even distances. Default: all.
 */
export function fingerprint(values: ArrayLike<number>, most = Number.POSITIVE_INFINITY): string {
  const bits = new Float64Array(1);
  const words = new Uint32Array(bits.buffer);
  const { length } = values;
  const count = Math.min(length, most);
  let [a, b] = [0x9e3779b9 ^ length, 0x85ebca6b];
  for (let i = 0; i < count; i++) {
    bits[0] = values[count === length ? i : Math.floor((i * length) / count)];
    // Both words of a number into both words of the hash, by multiplications with the primes of xxHash.
    a = Math.imul(a ^ words[0] ^ (b >>> 15), 0x85ebca77);
    b = Math.imul(b ^ words[1] ^ (a >>> 13), 0xc2b2ae3d);
    a = Math.imul(a ^ (b >>> 16), 0x27d4eb2f);
  }
  return [a ^ (b >>> 14), b ^ (a >>> 16)].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}
