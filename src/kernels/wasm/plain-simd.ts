import { BinaryReader } from './binary-reader.js';

// Numbers of the binary format: https://webassembly.github.io/spec/core/binary/modules.html
const TYPES = 1;
const FUNCTIONS = 3;
const CODE = 10;
const V128 = 0x7b;

const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;

/** What becomes of a fused instruction: the product, then the sum or the difference. All have the prefix 0xfd. */
interface Parts {
  readonly mul: readonly number[];
  /** Of the product and c. */
  readonly add?: readonly number[];
  /** Of c and the product. */
  readonly sub?: readonly number[];
}

/** By opcode: `relaxed_madd` is a · b + c and `relaxed_nmadd` c − a · b. */
const FUSED: ReadonlyMap<number, Parts> = new Map<number, Parts>([
  [0xfd105, { mul: [0xfd, 0xe6, 1], add: [0xfd, 0xe4, 1] }], // f32x4
  [0xfd106, { mul: [0xfd, 0xe6, 1], sub: [0xfd, 0xe5, 1] }],
  [0xfd107, { mul: [0xfd, 0xf2, 1], add: [0xfd, 0xf0, 1] }], // f64x2
  [0xfd108, { mul: [0xfd, 0xf2, 1], sub: [0xfd, 0xf1, 1] }],
]);

/**
 * A module with each fused multiply-add of relaxed SIMD written as a multiplication and an addition, which round one
 * after the other: what the compiler makes of the same sources without relaxed SIMD, for engines that do not have it.
 * All else stays as it is.
 *
 * @param binary - A module, which is only read.
 * @throws {RangeError} if the module has an opcode that is unknown.
 */
export function plainSimd<Bytes extends Uint8Array>(binary: Bytes): Bytes {
  const reader = new BinaryReader(binary, 8); // after the magic number and the version
  const parts: Part[] = [binary.subarray(0, 8)];
  /** The parameters of each type of function. */
  let parameters: number[] = [];
  /** The type of each function with a body. */
  let types: number[] = [];
  while (reader.at < binary.length) {
    const start = reader.at;
    const section = reader.byte();
    const size = reader.unsigned();
    const end = reader.at + size;
    if (section === TYPES) {
      parameters = listOf(reader, () => {
        reader.byte(); // it is the type of a function
        const count = reader.unsigned();
        reader.at += count;
        const results = reader.unsigned();
        reader.at += results;
        return count;
      });
    } else if (section === FUNCTIONS) {
      types = listOf(reader, () => reader.unsigned());
    }
    if (section === CODE) {
      let index = 0;
      const bodies = listOf(reader, () => plainBody(binary, reader, parameters[types[index++]]));
      const code = [integer(bodies.length), ...bodies.flat()];
      parts.push([section], integer(bytesIn(code)), ...code);
    } else {
      parts.push(binary.subarray(start, end));
    }
    reader.at = end;
  }
  // The type is that of TypeScript's own arrays of bytes, which has no parameter before 5.7.
  return joined(parts) as Uint8Array as Bytes;
}

type Part = ArrayLike<number>;

/** The same function, with its size before it. */
function plainBody(binary: Uint8Array, reader: BinaryReader, parameters: number): Part[] {
  const start = reader.at;
  const size = reader.unsigned();
  const end = reader.at + size;
  let locals = parameters;
  const groupsAt = reader.at;
  const groups = listOf(reader, () => {
    locals += reader.unsigned();
    reader.byte(); // the type of these locals
  }).length;
  const afterCount = groupsAt + integer(groups).length;
  const codeAt = reader.at;

  /** What is copied next begins here. */
  let from = codeAt;
  const code: Part[] = [];
  while (reader.at < end) {
    const at = reader.at;
    const opcode = reader.opcode();
    const fused = FUSED.get(opcode);
    if (fused !== undefined) {
      code.push(binary.subarray(from, at), apart(fused, locals));
      from = reader.at;
    } else {
      reader.immediates(opcode);
    }
  }
  if (code.length === 0) return [binary.subarray(start, end)];
  const two = [...integer(2), V128];
  const body = [integer(groups + 1), binary.subarray(afterCount, codeAt), two, ...code, binary.subarray(from, end)];
  return [integer(bytesIn(body)), ...body];
}

/** A fused instruction in two. On the stack are a, b and c, of which c and the product pass through new locals. */
function apart({ mul, add, sub }: Parts, local: number): number[] {
  const c = integer(local);
  const product = integer(local + 1);
  if (add !== undefined) return [LOCAL_SET, ...c, ...mul, LOCAL_GET, ...c, ...add];
  const swap = [LOCAL_SET, ...product, LOCAL_GET, ...c, LOCAL_GET, ...product];
  return [LOCAL_SET, ...c, ...mul, ...swap, ...(sub ?? [])];
}

/** Reads a list: the number of its elements, then each. */
function listOf<E>(reader: BinaryReader, element: () => E): E[] {
  return Array.from({ length: reader.unsigned() }, element);
}

/** An unsigned integer in as few bytes as it takes (LEB128). */
function integer(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...integer(value >>> 7)];
}

function bytesIn(parts: readonly Part[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

function joined(parts: readonly Part[]): Uint8Array {
  const bytes = new Uint8Array(bytesIn(parts));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
