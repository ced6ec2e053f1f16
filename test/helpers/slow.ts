import { describe, test } from 'vitest';

/**
 * `describe.each` with the cases behind the first tagged as slow: `npm test` runs one kind of kernels, `test:all` every
 * kind.
 */
export function describeFirstQuick<C extends object>(cases: readonly C[], title: string, tests: (c: C) => void): void {
  describe.each(cases.slice(0, 1))(title, tests);
  describe.each(cases.slice(1))(title, { tags: 'slow' }, tests);
}

/** `test.each` in the same way. */
export function testFirstQuick<C extends object>(cases: readonly C[], title: string, check: (c: C) => void): void {
  test.each(cases.slice(0, 1))(title, check);
  test.each(cases.slice(1))(title, { tags: 'slow' }, check);
}
