import { describe, expect, test } from 'vitest';
import { compileBuild } from '../../scripts/build/kernels.mjs';
import type { Kernels } from '../../src/kernels/index.js';
import { firstDisagreement } from '../../src/kernels/self-test.js';
import { relaxed } from '../../src/kernels/wasm/binaries.generated.js';
import { bindKernels } from '../../src/kernels/wasm/kernels.js';
import { Memory } from '../../src/kernels/wasm/memory.js';
import { instantiate } from '../../src/kernels/wasm/module.js';
import { plainSimd } from '../../src/kernels/wasm/plain-simd.js';
import { Workers } from '../../src/kernels/wasm/workers.js';

const KERNELS = Uint8Array.from(Buffer.from(relaxed.base64, 'base64'));

describe('the kernels without relaxed SIMD', () => {
  test('are a module in which nothing is left to write out', () => {
    const plain = plainSimd(KERNELS);
    expect(WebAssembly.validate(plain)).toBe(true);
    expect(Buffer.from(plain).equals(KERNELS)).toBe(false);
    expect(Buffer.from(plainSimd(plain)).equals(plain)).toBe(true);
  });

  test('compute the bits of what the compiler makes without it', { tags: 'slow' }, async () => {
    const ours = kernelsOf(plainSimd(KERNELS));
    const theirs = kernelsOf(await compileBuild('plain'));
    let values = 0;
    const both = Object.fromEntries(
      Object.entries(ours).map(([name, kernel]: [string, unknown]) => {
        if (typeof kernel !== 'function') return [name, kernel];
        const compared = (...args: unknown[]): unknown => {
          const copies = structuredClone(args);
          const result = kernel(...args);
          expect((theirs as unknown as Record<string, typeof kernel>)[name](...copies), name).toEqual(result);
          for (const [bits, expected] of pairs(args, copies)) {
            expect(bits.equals(expected), name).toBe(true);
            values += bits.length / 4;
          }
          return result;
        };
        return [name, compared];
      }),
    );
    // It calls every kernel, of both dtypes.
    expect(firstDisagreement(both as unknown as Kernels)).toBeNull();
    expect(values).toBeGreaterThan(1e6);
  });
});

describe('a fused instruction is written out', () => {
  const a = 0.1;
  const [b, c] = [10 + 2 ** -40, -1];
  const product = a * b;

  test.each([
    ['f64x2.relaxed_madd', [0xfd, 0x87, 2], product + c],
    ['f64x2.relaxed_nmadd', [0xfd, 0x88, 2], c - product],
  ])('%s', (_, opcode, expected) => {
    expect(computed(opcode, [a, b, c])).toBe(expected);
  });

  test('f64x2.relaxed_nmadd of zeros: the sign is that of c − a · b', () => {
    expect(computed([0xfd, 0x88, 2], [0, 1, 0])).toBe(0);
    expect(computed([0xfd, 0x88, 2], [0, 1, -0])).toBe(-0);
  });

  test('bytes that only look like one stay as they are', () => {
    const looks = [0xfd, 0x85, 2];
    const rest = new Array(16 - looks.length).fill(0);
    const body = [
      ...[0xfd, 0x0c, ...looks, ...rest, 0x1a], // v128.const, drop
      ...[0x43, ...looks, 0, 0x1a], // f32.const, drop
      ...[0x41, 0xfd, 0x85, 2, 0x1a], // i32.const, drop
      ...[0x02, 0x40, 0x41, 0, 0x0e, 2, 0, 0, 0, 0x0b], // a block with br_table
    ];
    const module = moduleOf(body);
    expect(WebAssembly.validate(module)).toBe(true);
    expect(plainSimd(module)).toEqual(module);
  });

  test('an unknown opcode is an error', () => {
    expect(() => plainSimd(moduleOf([0x27]))).toThrow('opcode 0x27 is unknown');
  });
});

/** What a function returns of three numbers, each in both lanes of a vector. */
function computed(opcode: readonly number[], numbers: readonly number[]): unknown {
  const operands = numbers.flatMap((value) => {
    const lane = new Uint8Array(new Float64Array([value]).buffer);
    return [0xfd, 0x0c, ...lane, ...lane];
  });
  const module = plainSimd(moduleOf([...operands, ...opcode, 0xfd, 0x21, 0], 0x7c));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module));
  return (exports as { f: () => unknown }).f();
}

/** A module of one exported function. */
function moduleOf(body: readonly number[], ...results: number[]): Uint8Array<ArrayBuffer> {
  const code = [0, ...body, 0x0b];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 4 + results.length, 1, 0x60, 0, results.length, ...results],
    ...[3, 2, 1, 0],
    ...[7, 5, 1, 1, 0x66, 0, 0],
    ...[10, code.length + 2, 1, code.length, ...code],
  ]);
}

function kernelsOf(binary: Uint8Array<ArrayBuffer>): Kernels {
  const memory = new Memory(2 ** 28);
  const compiled = { module: new WebAssembly.Module(binary), simd: 'plain', turbo: false } as const;
  const exports = instantiate(compiled, memory);
  return bindKernels(memory, exports, new Workers(memory, compiled, exports, 0), 1);
}

/** The bytes of all arrays in two equal trees, pairwise. */
function pairs(a: unknown, b: unknown): [Buffer, Buffer][] {
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return [[bytesOf(a), bytesOf(b)]];
  if (typeof a !== 'object' || a === null) return [];
  return Object.entries(a).flatMap(([key, value]) => pairs(value, (b as Record<string, unknown>)[key]));
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
