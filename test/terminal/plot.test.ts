import { describe, expect, test } from 'vitest';
import { hasBraille, type PlotOptions, plot } from '../../src/terminal/index.js';

const rising = { name: 'training', x: [1, 2, 3, 4, 5], y: [0, 0.25, 0.5, 0.75, 1] };
const level = { name: 'validation', x: [1, 5], y: [0.25, 0.25] };

const RISING = [
  'accuracy',
  '1 ┤                ⣀⣠⠴⠒⠋',
  '  ┤           ⣀⣠⠴⠒⠋⠁',
  '  ┤    ⢀⣀⡤⠤⠖⠚⠉⠁',
  '0 ┤⣠⠤⠖⠋⠉',
  '  └─────────────────────',
  '   1         3         5',
];
const RISING_IN_ASCII = [
  'accuracy',
  '1 |                  ***',
  '  |             ******',
  '  |   ***********',
  '0 |****',
  '  +---------------------',
  '   1         3         5',
];
const TWO = [
  '1.0 |                    **** training',
  '    |               ******',
  '0.5 |         *******',
  '    |oooooooooooooooooooooooo validation',
  '0.0 |****',
  '    +------------------------',
  '     1          3           5',
];
const POINT = ['4 |', '  |*', '2 |', '  +-----------------', '   7'];

describe('plot', () => {
  test('draws a curve in braille', () => {
    expect(plot('accuracy', [rising], { width: 24, height: 4 })).toEqual(RISING);
  });

  test('draws a curve in ASCII', () => {
    expect(plot('accuracy', [rising], { width: 24, height: 4, isPlain: true })).toEqual(RISING_IN_ASCII);
  });

  test('names several curves where they end', () => {
    expect(plot('', [rising, level], { width: 40, height: 5, isPlain: true })).toEqual(TWO);
  });

  test('gives names that would share a line one each', () => {
    const both = [level, { ...level, name: 'test' }];
    const lines = plot('', both, { width: 30, height: 3 });
    expect(lines.filter((line) => /validation|test/.test(line)).length).toBe(2);
  });

  test('paints each curve', () => {
    const paint: PlotOptions['paint'] = (text, curve) => (text === '*' || text === 'o' ? `${curve}` : text);
    expect(plot('', [rising, level], { width: 40, height: 5, isPlain: true, paint }).join('')).toMatch(/^[^*o]*0/);
  });

  test('loses no peak of many points', () => {
    const N = 100_000;
    const y = new Float64Array(N).fill(1);
    y[54_321] = 9;
    const lines = plot('', [{ name: 'loss', x: y.map((_, i) => i), y }], { width: 30, height: 4, isPlain: true });
    const peak = lines.map((line) => line.indexOf('*')).slice(0, 4);
    expect(new Set(peak.slice(0, 3))).toEqual(new Set([17]));
    expect(peak[3]).toBe(3);
  });

  test('leaves gaps where there are no numbers', () => {
    const y = [1, 1, Number.NaN, 1, 1];
    const [, line] = plot('', [{ ...rising, y }], { width: 24, height: 3, isPlain: true });
    expect(line.slice(line.indexOf('*'))).toMatch(/^\*+ +\*+$/);
    const [, whole] = plot('', [{ ...rising, y: [1, Number.POSITIVE_INFINITY, 1, 1, 1] }], { width: 24, height: 3 });
    expect(whole).toContain('⠤');
  });

  test('draws a single point, and says where there is none', () => {
    expect(plot('', [{ name: 'a', x: [7], y: [3] }], { width: 20, height: 3, isPlain: true })).toEqual(POINT);
    expect(plot('loss', [{ name: 'a', x: [1], y: [Number.NaN] }], { width: 20 })).toEqual([
      'loss',
      'no numbers to draw',
    ]);
    expect(plot('loss', [], { width: 20 })).toEqual(['loss', 'no numbers to draw']);
  });

  test.each([
    [
      [0, 1e-7],
      ['1e-7', '0'],
    ],
    [
      [2_000_000, 6_000_000],
      ['6e+6', '4e+6', '2e+6'],
    ],
    [
      [-1, 1],
      ['1', '0', '-1'],
    ],
  ])('numbers the axis of %j', (y, numbers) => {
    const lines = plot('', [{ name: 'a', x: [0, 1], y }], { width: 30, height: 8 });
    expect(lines.map((line) => line.split('┤')[0].trim()).filter((text) => /^-?\d/.test(text))).toEqual(
      expect.arrayContaining(numbers),
    );
  });

  test('keeps within the width', () => {
    for (const width of [20, 37, 120]) {
      const lines = plot('', [rising, level], { width, height: 6 });
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(Math.max(width, 25));
    }
  });
});

test.each([
  [{ LANG: 'en_US.UTF-8' }, 'linux', true],
  [{ LANG: 'C.utf8' }, 'linux', true],
  [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, 'linux', false],
  [{ LC_CTYPE: 'POSIX' }, 'linux', false],
  [{}, 'linux', false],
  [{}, 'darwin', true],
  [{}, 'win32', false],
  [{ WT_SESSION: '1' }, 'win32', true],
] as const)('braille where the environment is %j on %s: %j', (env, platform, expected) => {
  expect(hasBraille(env, platform)).toBe(expected);
});
