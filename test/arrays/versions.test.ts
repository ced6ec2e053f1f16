import { describe, expect, test } from 'vitest';
import { array, markChanged, versionOf, zeros } from '../../src/arrays/index.js';

describe('versionOf', () => {
  test('counts the announced changes of an array, from 0', () => {
    const a = zeros([2]);
    const other = zeros([2]);
    expect(versionOf(a)).toBe(0);
    markChanged(a);
    markChanged(a);
    expect(versionOf(a)).toBe(2);
    expect(versionOf(other)).toBe(0);
  });

  test('is that of the memory, so a change of one view is a change of all', () => {
    const a = array([
      [1, 2],
      [3, 4],
    ]);
    const row = a.pick(1);
    markChanged(row);
    expect(versionOf(a)).toBe(1);
    expect(versionOf(a.transpose(1, 0))).toBe(1);
  });

  test('a copy starts anew', () => {
    const a = zeros([2]);
    markChanged(a);
    expect(versionOf(array(a))).toBe(0);
  });
});
