import { describe, expect, test, vi } from 'vitest';
import { ShapeError } from '../../src/arrays/index.js';
import { type LineChartOptions, type LineSeries, lineChart } from '../../src/pictures/index.js';
import { expectSound, marksOf, strokesOf, textsIn, textsOf } from './svg.js';

const series: LineSeries[] = [
  { name: 'plain', x: [1, 2, 3], y: [0.1, 0.2, 0.3] },
  { name: 'batch normalization', x: [1, 2, 3], y: [0.2, 0.35, 0.4], dashed: true },
];
const options: LineChartOptions = { title: 'Accuracy', xTitle: 'epoch', yTitle: 'validation accuracy', series };

describe('lineChart', () => {
  test('has a title, titled axes, a legend, a line and points for each series', async () => {
    const svg = await lineChart(options);
    expectSound(svg);
    expect(svg).toMatch(
      /^<svg role="img" aria-label="Accuracy: validation accuracy against epoch of plain, batch norm/,
    );
    expect(textsIn(svg, 'title-text')).toEqual(['Accuracy']);
    expect(textsIn(svg, 'axis-title')).toEqual(['epoch', 'validation accuracy']);
    expect(textsIn(svg, 'legend-label')).toEqual(['plain', 'batch normalization']);
    for (const layer of ['line0', 'line1']) {
      expect(marksOf(svg, layer)).toHaveLength(1);
      expect(marksOf(svg, `${layer}_points`)).toHaveLength(3);
    }
    expect(marksOf(svg, 'line0')[0]).not.toContain('stroke-dasharray="6');
    expect(marksOf(svg, 'line1')[0]).toContain('stroke-dasharray="6,4"');
  });

  test('is the same to the last character, is silent, and is about 700 pixels wide', async () => {
    const warn = vi.spyOn(console, 'warn');
    const clipped = { ...options, yDomain: [0, 0.25] as const };
    expect(await lineChart(clipped)).toBe(await lineChart(clipped));
    for (const yScale of ['linear', 'log'] as const) {
      const svg = await lineChart({ ...options, yScale, xScale: yScale });
      const [, width] = /width="(\d+)"/.exec(svg) ?? [];
      expect(Number(width)).toBeGreaterThan(650);
      expect(Number(width)).toBeLessThanOrEqual(720);
    }
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  test('leaves out title and legend that are not needed', async () => {
    const svg = await lineChart({ xTitle: 'x', yTitle: 'y', series: [series[0]] });
    expect(textsIn(svg, 'title-text')).toEqual([]);
    expect(textsIn(svg, 'legend-label')).toEqual([]);
  });

  test('writes names as they are, whatever is in them', async () => {
    const name = `</text><script>alert("1")</script> & 'b'`;
    const svg = await lineChart({ ...options, title: name, xTitle: name, series: [{ ...series[0], name }, series[1]] });
    expectSound(svg);
    expect(svg).not.toContain('<script>');
    expect(textsIn(svg, 'title-text')).toEqual([name]);
    expect(textsIn(svg, 'axis-title')[0]).toBe(name);
    expect(textsIn(svg, 'legend-label')[0]).toBe(name);
  });

  test('is a file of XML even with characters that XML does not have', async () => {
    const svg = await lineChart({ ...options, title: 'a\u0001b' });
    expectSound(svg);
    expect(textsIn(svg, 'title-text')).toEqual(['a\ufffdb']);
  });

  test('has a gap where a value is not finite, and shows what stands alone between two', async () => {
    const x = Array.from({ length: 100 }, (_, i) => i);
    const y = x.map((i) => ([20, 40, 42].includes(i) ? Number.NaN : i));
    y[70] = Number.POSITIVE_INFINITY;
    const svg = await lineChart({ ...options, series: [{ name: 'a', x, y }] });
    expectSound(svg);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(strokesOf(svg, 'line0')).toBe(5);
    expect(marksOf(svg, 'line0_points')).toHaveLength(1);
  });

  test('draws one point, and values that are all the same', async () => {
    for (const [y, scale] of [
      [[2.3], 'linear'],
      [[0, 0, 0], 'linear'],
      [[5], 'log'],
      [[5, 5], 'log'],
    ] as const) {
      const x = y.map((_, i) => i + 1);
      const svg = await lineChart({ ...options, xScale: scale, yScale: scale, series: [{ name: 'a', x, y }] });
      expectSound(svg);
      expect(svg).not.toMatch(/NaN|Infinity/);
      expect(marksOf(svg, 'line0_points')).toHaveLength(y.length);
      // No axis of one number with six digits after the point.
      expect(textsIn(svg, 'axis-label').filter((text) => /\.\d{4}/.test(text))).toEqual([]);
    }
  });

  test('shows powers of ten on a logarithmic axis, percentages for shares, whole numbers for epochs', async () => {
    const x = [1e-4, 1e-3, 1e-2, 0.1, 1];
    const log = await lineChart({
      ...options,
      xScale: 'log',
      yFormat: 'percent',
      series: [{ name: 'a', x, y: [0.1, 0.2, 0.3, 0.2, 0.1] }],
    });
    const labels = textsIn(log, 'axis-label');
    expect(labels.slice(0, 5)).toEqual(['0.0001', '0.001', '0.01', '0.1', '1']);
    expect(labels).toContain('30%');
    expect(textsIn(await lineChart(options), 'axis-label').slice(0, 3)).toEqual(['1', '2', '3']);
  });

  test('cuts lines and points off at the domain that is asked for', async () => {
    const svg = await lineChart({ ...options, yDomain: [0.15, 0.3] });
    expect(svg).toContain('clip-path');
    expect(textsIn(svg, 'axis-label')).toContain('0.30');
    expect(textsIn(svg, 'axis-label')).not.toContain('0.40');
  });

  test('has colours for eight series, and dashes for those after them', async () => {
    const many = Array.from({ length: 10 }, (_, i) => ({ name: `run ${i}`, x: [0, 1], y: [i, i + 1] }));
    const svg = await lineChart({ ...options, series: many });
    const strokes = many.map((_, i) => /stroke="(#\w+)"/.exec(marksOf(svg, `line${i}`)[0])?.[1]);
    expect(new Set(strokes.slice(0, 8)).size).toBe(8);
    expect(strokes[8]).toBe(strokes[0]);
    expect(marksOf(svg, 'line8')[0]).toContain('stroke-dasharray="2,2"');
  });

  test('takes a hundred thousand points', { tags: 'slow' }, async () => {
    const y = Float64Array.from({ length: 150_000 }, (_, i) => i);
    expect(textsOf(await lineChart({ ...options, series: [{ name: 'a', x: y, y }] }))).toContain('140,000');
  });

  const a = { name: 'a', x: [1, 2], y: [1, 2] };
  test.each<[string, object, string]>([
    ['no options', [], 'lineChart: options is [], expected an object'],
    [
      'an unknown option',
      { colour: 'red' },
      "lineChart: unknown option 'colour', expected title, xTitle, yTitle, xScale",
    ],
    ['no x title', { xTitle: '' }, "lineChart: xTitle is '', expected a text"],
    ['a number for a title', { title: 3 }, 'lineChart: title is 3, expected a text'],
    ['a scale', { xScale: 'sqrt' }, "lineChart: xScale is 'sqrt', expected 'linear' or 'log'"],
    ['a format', { yFormat: '.2f' }, "lineChart: yFormat is '.2f', expected 'number' or 'percent'"],
    ['a height', { height: 0 }, 'lineChart: height is 0, expected a whole number ≥ 1'],
    ['a domain upside down', { yDomain: [2, 1] }, 'lineChart: yDomain is [2, 1], expected [low, high] with low < high'],
    ['a domain of one', { yDomain: [2] }, 'lineChart: yDomain has 1 numbers, expected 2'],
    [
      'a logarithmic domain from 0',
      { yScale: 'log', yDomain: [0, 1] },
      'lineChart: yDomain has 0, expected finite numbers > 0 for a logarithmic axis',
    ],
    ['no series', { series: [] }, 'lineChart: series is [], expected a list of { name, x, y }'],
    ['a series that is none', { series: [null] }, 'lineChart: series[0] is null, expected { name, x, y }'],
    [
      'a series without a name',
      { series: [{ x: [], y: [] }] },
      'lineChart: series[0].name is undefined, expected a text',
    ],
    [
      'an unknown field',
      { series: [{ ...a, z: 1 }] },
      "lineChart: series[0]: unknown option 'z', expected name, x, y, dashed",
    ],
    [
      'no points',
      { series: [{ ...a, x: [], y: [] }] },
      'lineChart: series[0].x is empty, expected at least one number',
    ],
    ['fewer values', { series: [a, { ...a, name: 'b', y: [1] }] }, 'lineChart: series[1].y has 1 numbers, expected 2'],
    [
      'a text among the values',
      { series: [{ ...a, y: [1, '2'] }] },
      "lineChart: series[0].y[1] is '2', expected a number",
    ],
    ['no list', { series: [{ ...a, y: 3 }] }, 'lineChart: series[0].y is 3, expected a list of numbers'],
    [
      'a place that is NaN',
      { series: [{ ...a, x: [1, Number.NaN] }] },
      'lineChart: series[0].x has NaN, expected finite numbers',
    ],
    [
      'only NaN',
      { series: [{ ...a, y: [Number.NaN, 1 / 0] }] },
      'lineChart: series[0].y has no finite number, so there is no line',
    ],
    [
      'zero on a logarithmic axis',
      { yScale: 'log', series: [{ ...a, y: [0, 1] }] },
      'lineChart: series[0].y has 0, expected finite numbers > 0 for a logarithmic axis',
    ],
    ['a name twice', { series: [a, a] }, "lineChart: series has 'a' twice, expected different names"],
  ])('refuses %s', async (_, wrong, message) => {
    const given = Array.isArray(wrong) ? wrong : { ...options, ...wrong };
    await expect(lineChart(given as LineChartOptions)).rejects.toThrow(message);
  });

  test('throws a ShapeError for lengths', async () => {
    await expect(lineChart({ ...options, series: [{ ...a, y: [1] }] })).rejects.toThrow(ShapeError);
  });
});
