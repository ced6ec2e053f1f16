import { afterEach, describe, expect, test, vi } from 'vitest';
import { findCollector } from '../../src/kernels/wasm/collector.js';
import { Memory } from '../../src/kernels/wasm/memory.js';

const MB = 2 ** 20;

/** Values of a resident of this many megabytes. */
function fill(memory: Memory, megabytes: number): Float32Array | Float64Array {
  return memory.resident((megabytes * MB) / 4, 'float32');
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('residents in synchronous code', () => {
  test('are given back when an eighth of the memory has been handed out, and only those that nothing refers to', () => {
    const memory = new Memory(256 * MB);
    const kept = Array.from({ length: 5 }, () => fill(memory, 2).fill(3));
    for (let i = 0; i < 200; i++) {
      fill(memory, 1);
      expect(memory.used).toBeLessThan(80 * MB);
    }
    const places = new Set(kept.map((values) => values.byteOffset));
    expect(places.size).toBe(5);
    expect(kept.every((values) => memory.holds(values) && values.every((value) => value === 3))).toBe(true);
  });

  test('a block is given back once, also when the registry hears of it later', async () => {
    const memory = new Memory(256 * MB);
    for (let i = 0; i < 100; i++) fill(memory, 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const [a, b] = [fill(memory, 40), fill(memory, 40)];
    findCollector()?.collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
    // What is in use by now is these two and nothing else: a block given back twice would count for less than nothing.
    expect(memory.used).toBe(80 * MB);
    expect(Math.abs(a.byteOffset - b.byteOffset)).toBeGreaterThanOrEqual(40 * MB);
  });

  test('what a full memory holds for nobody makes room for the next resident', () => {
    const memory = new Memory(64 * MB);
    const give = (): number => fill(memory, 7).byteOffset;
    for (let i = 0; i < 20; i++) give();
    const large = fill(memory, 40);
    expect(memory.holds(large)).toBe(true);
    expect(memory.holds(fill(memory, 40))).toBe(false);
    expect(memory.holds(large)).toBe(true);
  });

  test('a workspace that found no room has the next one look', () => {
    const memory = new Memory(64 * MB);
    const hold = (): number => fill(memory, 7).length;
    hold();
    expect(() => memory.take(60 * MB)).toThrow();
    memory.reclaim();
    memory.give(memory.take(60 * MB), 60 * MB);
    expect(memory.used).toBe(0);
  });

  test('where everything is in use, a memory that stays full is looked through ever more rarely', () => {
    const memory = new Memory(64 * MB);
    const kept = fill(memory, 40);
    const deref = vi.spyOn(WeakRef.prototype, 'deref');
    for (let i = 0; i < 100; i++) fill(memory, 40);
    expect(deref.mock.calls.length).toBeLessThanOrEqual(8);
    expect(memory.holds(kept)).toBe(true);
  });

  test('one whose owner is known is given back at once, and once', () => {
    const memory = new Memory(64 * MB);
    const values = fill(memory, 8);
    expect(memory.discard(values.subarray(0, 8))).toBe(false);
    expect(memory.discard(values)).toBe(true);
    expect(memory.used).toBe(0);
    expect(memory.discard(values)).toBe(false);
    expect(memory.used).toBe(0);
  });

  test.each(['node:vm', 'node:v8'])('without %s the registry gives back what it hears of', async (missing) => {
    const { getBuiltinModule } = process;
    vi.spyOn(process, 'getBuiltinModule').mockImplementation(((name: string) =>
      name === missing ? undefined : getBuiltinModule(name)) as typeof getBuiltinModule);
    expect(findCollector()).toBeNull();
    const memory = new Memory(64 * MB);
    for (let i = 0; i < 30; i++) fill(memory, 1);
    expect(memory.used).toBe(30 * MB);
    vi.restoreAllMocks();
    await vi.waitFor(
      () => {
        findCollector()?.collect();
        expect(memory.used).toBe(0);
      },
      { timeout: 10_000, interval: 20 },
    );
  });

  test('where contexts are refused there is no collector, and the flag is as before', () => {
    const vm = process.getBuiltinModule('node:vm');
    vi.spyOn(vm, 'createContext').mockImplementation(() => {
      throw new Error('refused');
    });
    expect(findCollector()).toBeNull();
    vi.restoreAllMocks();
    expect(vm.runInNewContext('typeof gc')).toBe(typeof (globalThis as { gc?: unknown }).gc);
    expect(findCollector()?.heapSize()).toBeGreaterThan(0);
    expect(vm.runInNewContext('typeof gc')).toBe(typeof (globalThis as { gc?: unknown }).gc);
  });

  test('collecting lets go of what this turn has looked at, and runs no microtask of others', () => {
    const collector = findCollector();
    let hasRun = false;
    void Promise.resolve().then(() => {
      hasRun = true;
    });
    const refs = Array.from({ length: 1000 }, () => new WeakRef(new Float32Array(4)));
    expect(refs.every((ref) => ref.deref() !== undefined)).toBe(true);
    collector?.collect();
    expect(refs.filter((ref) => ref.deref() !== undefined).length).toBe(0);
    expect(hasRun).toBe(false);
  });
});
