import { appendFileSync, closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { attempt, statOf, withRegular } from '../files/index.js';

/** Appends a value as a line of JSON. A line that a process before did not finish stays one of its own. */
export function appendLine(fn: string, file: string, value: unknown): void {
  const line = `${JSON.stringify(value)}\n`;
  attempt(fn, 'write', file, () => appendFileSync(file, isTorn(file) ? `\n${line}` : line));
}

/** The values in the lines of a file; none where it is missing. Lines that are no JSON, as half of one, are skipped. */
export function readLines(fn: string, file: string): unknown[] {
  if (statOf(fn, file) === undefined) return [];
  const text = withRegular(fn, file, 'delete it', (fd) => readFileSync(fd, 'utf8'));
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}

/** Whether a file ends within a line. */
function isTorn(file: string): boolean {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return false;
  }
  try {
    const last = Buffer.alloc(1);
    const { size } = statOf('search', file) ?? { size: 0 };
    return size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
  } finally {
    closeSync(fd);
  }
}
