// A module whose code is sorted, as the build for browsers has it: all opcodes, then all locals, then all offsets, and
// so on. Sorted it deflates to three quarters of what it does otherwise. scripts/build/sort-code.mjs sorts it; what it
// writes is:
//
//   the size of the module, the number of streams, and for each but the last its size
//   the number of opcodes in use, and for each: the number of its bytes, these bytes, the stream of what follows it, of
//     that the number of integers, and of bytes
//   the streams
//
// All numbers are integers of variable length.

/** The stream of all that is not in a function's body: it has the sizes of the bodies and their locals. */
export const FRAME = 0;
/** The stream of opcodes: for each a byte, its place in the list of those in use. */
export const OPCODES = 1;
/** The stream of locals: for each a byte, the number of others that the function used after its last use. */
export const LOCALS = 2;
/** In place of a number of integers: the first of them says how many follow, beside one more. */
export const VECTOR = 255;

/** A module from its sorted form. */
export function inOrder(sorted: Uint8Array): Uint8Array {
  /** Where each stream goes on; the first entry is the list's before there are any. */
  const next = [0];
  const unsigned = (stream: number): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = sorted[next[stream]++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const module = new Uint8Array(unsigned(0));
  const sizes = Array.from({ length: unsigned(0) - 1 }, () => unsigned(0));
  const opcodes = Array.from({ length: unsigned(0) }, () => {
    const length = unsigned(0);
    const start = next[0];
    next[0] += length;
    return {
      code: [...sorted.subarray(start, next[0])],
      stream: unsigned(0),
      integers: unsigned(0),
      bytes: unsigned(0),
    };
  });
  for (const [stream, size] of sizes.entries()) next.push(next[stream] + size);

  let at = 0;
  const copy = (stream: number, count: number): void => {
    for (; count > 0; count--) module[at++] = sorted[next[stream]++];
  };
  const copyInteger = (stream: number): void => {
    do module[at] = sorted[next[stream]++];
    while (module[at++] >= 128);
  };
  /** Copies an integer and returns it. */
  const copyUnsigned = (stream: number): number => {
    const start = next[stream];
    copyInteger(stream);
    next[stream] = start;
    return unsigned(stream);
  };

  copy(FRAME, unsigned(FRAME));
  let [, opcodeAt, localAt] = next;
  /** Locals by their last use, the last one first. */
  const recent = new Array<number>(128);
  const instruction = (): void => {
    const { code, stream, integers, bytes } = opcodes[sorted[opcodeAt++]];
    for (let i = 0; i < code.length; i++) module[at++] = code[i];
    if (stream === LOCALS) {
      let place = sorted[localAt++];
      const local = recent[place];
      for (; place > 0; place--) recent[place] = recent[place - 1];
      recent[0] = local;
      module[at++] = local;
    } else if (integers > 0) {
      for (let count = integers === VECTOR ? copyUnsigned(stream) + 1 : integers; count > 0; count--) {
        copyInteger(stream);
      }
    }
    if (bytes > 0) copy(stream, bytes);
  };
  for (let bodies = copyUnsigned(FRAME); bodies > 0; bodies--) {
    const size = copyUnsigned(FRAME);
    const end = at + size;
    for (let groups = copyUnsigned(FRAME); groups > 0; groups--) {
      copyUnsigned(FRAME);
      copy(FRAME, 1);
    }
    for (let local = 0; local < recent.length; local++) recent[local] = local;
    while (at < end) instruction();
  }
  copy(FRAME, module.length - at);
  return module;
}
