import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALIGNMENT, Blocks, roundUp } from '../../src/kernels/wasm/blocks.js';

const START = 4096;
const STEP = 1024;

/** Blocks over a space that grows in steps up to `limit`, with the highest end there was. */
function space(limit = Number.POSITIVE_INFINITY) {
  const state = { end: START, grown: 0 };
  const blocks = new Blocks(START, (end) => {
    if (end > limit) throw new RangeError('full');
    state.end = Math.max(state.end, Math.min(limit, Math.ceil(end / STEP) * STEP));
    state.grown++;
    return state.end;
  });
  return { blocks, state };
}

describe('Blocks', () => {
  test('blocks in use never overlap, are aligned and lie inside, whatever is taken and given', () => {
    const action = fc.record({ take: fc.boolean(), bytes: fc.integer({ min: 0, max: 3000 }), which: fc.nat() });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const { blocks, state } = space();
        const taken: { start: number; bytes: number }[] = [];
        for (const { take, bytes, which } of actions) {
          if (take || taken.length === 0) {
            const start = blocks.take(bytes);
            expect(start % ALIGNMENT).toBe(0);
            expect(start).toBeGreaterThanOrEqual(START);
            expect(start + bytes).toBeLessThanOrEqual(state.end);
            for (const other of taken) {
              expect(start + roundUp(bytes) <= other.start || other.start + roundUp(other.bytes) <= start).toBe(true);
            }
            taken.push({ start, bytes });
          } else {
            const [block] = taken.splice(which % taken.length, 1);
            blocks.give(block.start, block.bytes);
          }
          expect(blocks.used).toBe(taken.reduce((sum, block) => sum + roundUp(block.bytes), 0));
        }
        // All given back, it is one piece again: a block of the whole space fits without growing.
        for (const block of taken) blocks.give(block.start, block.bytes);
        if (state.end > START) {
          const { grown } = state;
          expect(blocks.take(state.end - START)).toBe(START);
          expect(state.grown).toBe(grown);
        }
      }),
    );
  });

  test('the same round of taking and giving finds the same places and does not grow', () => {
    const { blocks, state } = space();
    const round = (): number[] => {
      const sizes = [100, 5000, 64, 700, 3];
      const starts = sizes.map((size) => blocks.take(size));
      sizes.forEach((size, i) => {
        blocks.give(starts[i], size);
      });
      return starts;
    };
    const first = round();
    const { grown } = state;
    for (let i = 0; i < 10; i++) expect(round()).toEqual(first);
    expect(state.grown).toBe(grown);
  });

  test('a full space throws and stays as it was', () => {
    const { blocks } = space(START + 2048);
    const first = blocks.take(1024);
    expect(() => blocks.take(2048)).toThrow('full');
    expect(blocks.used).toBe(1024);
    expect(blocks.take(1024)).toBe(first + 1024);
    expect(() => blocks.take(1)).toThrow('full');
    blocks.give(first, 1024);
    expect(blocks.take(1024)).toBe(first);
  });
});
