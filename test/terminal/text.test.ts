import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bar,
  columnsOf,
  didYouMean,
  hasColors,
  nearest,
  ProgressBar,
  shellWord,
  styleOf,
  widthOf,
  wrap,
} from '../../src/terminal/index.js';

describe('columnsOf', () => {
  test('puts texts to the left and numbers to the right', () => {
    expect(
      columnsOf(
        ['name', 'count'],
        [
          ['a', '7'],
          ['longer', '1,234'],
          ['none', '–'],
        ],
      ),
    ).toEqual(['name    count', 'a           7', 'longer  1,234', 'none        –']);
  });

  test('a column says itself where it stands', () => {
    const left = { name: 'n', align: 'left' } as const;
    expect(
      columnsOf(
        [left, 'x'],
        [
          ['1', 'a'],
          ['22', 'b'],
        ],
      ),
    ).toEqual(['n   x', '1   a', '22  b']);
  });

  test('dates and versions are texts', () => {
    expect(columnsOf(['v'], [['1.2.3'], ['1.2.30']])).toEqual(['v', '1.2.3', '1.2.30']);
  });

  test('codes of colours have no width', () => {
    const { red } = styleOf(true);
    expect(
      columnsOf(
        ['a', 'b'],
        [
          [red('x'), 'y'],
          ['long', 'z'],
        ],
      )[1],
    ).toBe(`${red('x')}     y`);
  });

  test('fits a width where its texts can be cut to eight characters', () => {
    const cells = fc.array(fc.tuple(fc.string({ unit: fc.constantFrom('a', 'b', ' ') }), fc.nat(99_999)), {
      minLength: 1,
    });
    fc.assert(
      fc.property(cells, fc.integer({ min: 20, max: 60 }), (rows, width) => {
        const lines = columnsOf(
          ['text', 'n'],
          rows.map(([text, n]) => [text, String(n)]),
          width,
        );
        expect(lines).toHaveLength(rows.length + 1);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
      }),
    );
    expect(columnsOf(['t'], [['abcdefghijkl']], 10)[1]).toBe('abcdefghi…');
  });
});

test('bar is drawn in eighths of a character', () => {
  expect(bar(0.5, 4)).toBe('██');
  expect(bar(1 / 16, 2)).toBe('▏');
  expect([bar(2, 3), bar(-1, 3), bar(Number.NaN, 3)]).toEqual(['███', '', '']);
});

describe('nearest', () => {
  const names = ['train', 'eval', 'export'];

  test.each([
    ['trian', 'train'],
    ['TRAIN', 'train'],
    ['exprt', 'export'],
    ['eva', 'eval'],
    ['xyzzy', undefined],
    ['', undefined],
  ])('of %j is %s', (word, expected) => {
    expect(nearest(word, names)).toBe(expected);
  });

  test('of a name is the name itself', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, selector: (s) => s.toLowerCase() }),
        (all) => {
          for (const name of all) expect(nearest(name, all)).toBe(name);
        },
      ),
    );
  });

  test('is asked for in an error', () => {
    expect(didYouMean('evil', names)).toBe('; did you mean eval?');
    expect(didYouMean('nothing', names)).toBe('');
  });
});

test('wrap breaks between words', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('unbreakable it is', 5)).toEqual(['unbreakable', 'it is']);
});

test('colours are for terminals, and NO_COLOR and FORCE_COLOR are heard', () => {
  expect(hasColors({}, true)).toBe(true);
  expect(hasColors({}, false)).toBe(false);
  expect(hasColors({ TERM: 'dumb' }, true)).toBe(false);
  expect(hasColors({ NO_COLOR: '1' }, true)).toBe(false);
  expect(hasColors({ NO_COLOR: '' }, true)).toBe(true);
  expect(hasColors({ FORCE_COLOR: '1', NO_COLOR: '1' }, false)).toBe(true);
  expect(hasColors({ FORCE_COLOR: '0' }, true)).toBe(false);
});

describe('ProgressBar in a pipe', () => {
  const piped = (total: number) => {
    const written: string[] = [];
    const clock = { ms: 0 };
    const output = { lines: true, write: (text: string) => written.push(text) };
    return { written, clock, bar: new ProgressBar(total, 'it', output, () => clock.ms) };
  };

  test('writes a plain line every ten percent, at most one a second', () => {
    const { written, clock, bar: progress } = piped(100);
    for (let i = 1; i <= 100; i++) {
      clock.ms += 200;
      progress.update(i);
    }
    expect(written).toHaveLength(10);
    expect(written[0]).toBe('10% 10/100 | 5.00 it/s | 18 s left\n');
    expect(written[9]).toBe('100% 100/100 | 5.00 it/s | 0 s left\n');
  });

  test('writes a line every ten seconds where a run is slow', () => {
    const { written, clock, bar: progress } = piped(1_000_000);
    for (let i = 1; i <= 30; i++) {
      clock.ms += 1000;
      progress.update(i);
    }
    expect(written).toHaveLength(3);
    progress.clear();
    expect(written.join('')).not.toContain('\r');
  });

  test('writes nothing for a run of less than a second', () => {
    const { written, clock, bar: progress } = piped(3);
    for (let i = 1; i <= 3; i++) {
      clock.ms += 300;
      progress.update(i);
    }
    expect(written).toEqual([]);
  });
});

describe('shellWord', () => {
  test('leaves plain paths as they are', () => {
    for (const path of ['runs/a-1', '/tmp/ü/x.csv', 'a=b,c', './x']) expect(shellWord(path, 'linux')).toBe(path);
    expect(shellWord('C:\\runs\\a-1', 'win32')).toBe('C:\\runs\\a-1');
  });

  test.skipIf(process.platform === 'win32')('is what a shell takes for the word', () => {
    const words = ['my run', "it's", '$HOME', '~/x', 'a;b', '*', '`date`', 'a"b', 'a\nb', '!x', 'é\u0301 ü', '#a', ''];
    const { stdout } = spawnSync('sh', ['-c', `printf '%s\\0' ${words.map((word) => shellWord(word)).join(' ')}`]);
    expect(stdout.toString().split('\0').slice(0, -1)).toEqual(words);
  });

  test('is no option', () => {
    expect([shellWord('-x', 'linux'), shellWord('my run', 'win32')]).toEqual(['./-x', '"my run"']);
  });
});
