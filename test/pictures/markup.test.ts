import { describe, expect, test } from 'vitest';
import { escapeXml, formatNumber, formatPercent, scriptJson } from '../../src/pictures/markup.js';
import { labelsOf } from '../../src/pictures/theme.js';

test.each([
  [0, '0'],
  [-7, '−7'],
  [49000, '49,000'],
  [0.001, '0.001'],
  [2.30251, '2.303'],
  [-0.25, '−0.25'],
  [123.456, '123.5'],
  [1e-4, '1e−4'],
  [-2.34567e-7, '−2.346e−7'],
  [1234567.8, '1.235e6'],
  [1e20, '1e20'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, '∞'],
  [Number.NEGATIVE_INFINITY, '−∞'],
])('the number %d is written %s', (x, text) => {
  expect(formatNumber(x)).toBe(text);
});

test('numbers are written to as many digits as asked for', () => {
  expect([2.2964, 0.0166667, 3e-5].map((x) => formatNumber(x, 3))).toEqual(['2.3', '0.0167', '3e−5']);
});

test('shares are written as percentages', () => {
  expect([0, 0.5, 0.3725, 1, -0.1, Number.NaN].map(formatPercent)).toEqual([
    '0.0%',
    '50.0%',
    '37.3%',
    '100.0%',
    '−10.0%',
    'NaN',
  ]);
});

describe('texts', () => {
  test('become what HTML and XML read as these texts', () => {
    expect(escapeXml(`<a href="x">'&'</a>`)).toBe('&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;');
  });

  test('lose the characters that XML does not have', () => {
    expect(escapeXml('a\u0000b\u001bc\td\n')).toBe('a\ufffdb\ufffdc\td\n');
  });

  test('cannot end a script element', () => {
    const json = scriptJson({ name: '</script><!--' });
    expect(json).not.toContain('<');
    expect(JSON.parse(json)).toEqual({ name: '</script><!--' });
  });

  test('are broken between words where they are too long', () => {
    expect(labelsOf(['one two three', 'four'], 60)).toMatchObject({
      labelExpr: expect.stringContaining('["one two\\nthree","four"]'),
      labelAngle: 0,
    });
  });

  test('may be longer than their place where their neighbours are short, and are slanted where they are not', () => {
    expect(labelsOf(['four', 'automobile', 'four'], 60).labelAngle).toBe(0);
    const slanted = labelsOf(['two vehicles', 'automobile'], 50);
    expect(slanted).toMatchObject({
      labelExpr: expect.stringContaining('["two vehicles","automobile"]'),
      labelAngle: -35,
    });
    expect(slanted.titleY).toBeGreaterThan(60);
  });
});
