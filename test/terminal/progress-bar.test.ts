import { describe, expect, test } from 'vitest';
import { duration, ProgressBar, type Terminal } from '../../src/terminal/progress-bar.js';

/** A terminal that keeps what is written to it, and a clock that a test sets. */
function fake(options: Omit<Terminal, 'write'> = { isTTY: true, columns: 80 }) {
  const written: string[] = [];
  const clock = { ms: 1000 };
  const terminal: Terminal = { ...options, write: (text: string) => written.push(text) };
  return { written, clock, terminal, now: () => clock.ms };
}

const CLEAR = '\r\x1b[2K';

describe('ProgressBar', () => {
  test('shows how far a run is, how fast, and how long it will take', () => {
    const { written, clock, terminal, now } = fake();
    const bar = new ProgressBar(1000, 'it', terminal, now);
    bar.update(1);
    clock.ms += 2000;
    bar.update(250);
    // 250 in two seconds are 125 a second; 750 are left.
    const text = '  25% 250/1000 | 125 it/s | 6 s left';
    expect(written.at(-1)).toBe(`${CLEAR}[${`${'='.repeat(9)}>`.padEnd(40)}]${text}`);
  });

  test('ends full', () => {
    const { written, clock, terminal, now } = fake();
    const bar = new ProgressBar(10, 'it', terminal, now);
    bar.update(1);
    clock.ms += 5000;
    bar.update(10);
    expect(written.at(-1)).toBe(`${CLEAR}[${'='.repeat(39)}>] 100% 10/10 | 2.00 it/s | 0 s left`);
  });

  test('counts the rate of this run alone, where it began part of the way', () => {
    const { written, clock, terminal, now } = fake();
    const bar = new ProgressBar(1000, 'it', terminal, now);
    bar.update(501);
    clock.ms += 10_000;
    bar.update(600);
    // 100 in ten seconds; 400 are left.
    expect(written.at(-1)).toContain('60% 600/1000 | 10.0 it/s | 40 s left');
  });

  test('draws at once, then at most ten times a second, and in any case at the end', () => {
    const { written, clock, terminal, now } = fake();
    const bar = new ProgressBar(100, 'it', terminal, now);
    bar.update(1);
    expect(written).toHaveLength(1);
    for (let i = 2; i < 12; i++) {
      clock.ms += 9;
      bar.update(i);
    }
    expect(written).toHaveLength(1);
    clock.ms += 10;
    bar.update(12);
    expect(written).toHaveLength(2);
    bar.update(100);
    expect(written).toHaveLength(3);
    expect(written[2]).toContain('100% 100/100');
  });

  test('goes away for other text, and comes back with the next update', () => {
    const { written, clock, terminal, now } = fake();
    const bar = new ProgressBar(100, 'it', terminal, now);
    bar.clear();
    expect(written).toEqual([]);
    bar.update(1);
    bar.clear();
    expect(written.at(-1)).toBe(CLEAR);
    bar.clear();
    expect(written).toHaveLength(2);
    clock.ms += 1;
    bar.update(2);
    expect(written).toHaveLength(3);
    expect(written[2]).toContain('2/100');
  });

  test.each([20, 40, 60, 80, 200])('fits into %d columns', (columns) => {
    const { written, clock, terminal, now } = fake({ isTTY: true, columns });
    const bar = new ProgressBar(4900, 'it', terminal, now);
    bar.update(1);
    clock.ms += 2835;
    bar.update(2303);
    const line = (written.at(-1) as string).slice(CLEAR.length);
    // A line that wraps could not be taken away again, so what does not fit is cut off.
    const numbers = '  47% 2303/4900 | 812 it/s | 3 s left';
    expect(line.length).toBeLessThan(columns);
    expect(line).toContain(numbers.slice(0, columns - 4));
  });

  test('says nothing of the time left before any has passed', () => {
    const { written, terminal, now } = fake();
    new ProgressBar(10, 'it', terminal, now).update(1);
    expect(written[0]).toContain(' 10% 1/10 | 0.00 it/s | ');
    expect(written[0]).not.toContain('left');
  });

  test.each([
    ['is no terminal', { isTTY: false }],
    ['does not say what it is', {}],
  ])('writes nothing where the output %s', (_, options) => {
    const { written, terminal, now } = fake(options);
    const bar = new ProgressBar(10, 'it', terminal, now);
    bar.update(5);
    bar.update(10);
    bar.clear();
    expect(written).toEqual([]);
  });

  test('does without any output', () => {
    const bar = new ProgressBar(10, 'it', null);
    expect(() => {
      bar.update(10);
      bar.clear();
    }).not.toThrow();
  });
});

test.each([
  [0, '0 s'],
  [0.4, '0 s'],
  [59.4, '59 s'],
  [59.6, '1 min 0 s'],
  [185, '3 min 5 s'],
  [3599, '59 min 59 s'],
  [3600, '1 h 0 min'],
  [7470, '2 h 4 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
