import { describe, expect, test } from 'vitest';
import { type BarChartOptions, barChart } from '../../src/pictures/index.js';
import { expectSound, marksOf, textsIn, textsOf } from './svg.js';

const options: BarChartOptions = {
  title: 'Best accuracy',
  xTitle: 'update rule',
  yTitle: 'validation accuracy',
  yFormat: 'percent',
  categories: ['SGD', 'Adam <b>', 'Nesterov & momentum'],
  series: [
    { name: 'plain', values: [0.31, 0.372, 0.35] },
    { name: 'normalized', values: [0.33, Number.NaN, 0.4] },
  ],
};

describe('barChart', () => {
  test('has a bar for each value, numbers over them, titles and a legend', async () => {
    const svg = await barChart(options);
    expectSound(svg);
    expect(textsIn(svg, 'title-text')).toEqual(['Best accuracy']);
    expect(textsIn(svg, 'axis-title')).toEqual(['update rule', 'validation accuracy']);
    expect(textsIn(svg, 'legend-label')).toEqual(['plain', 'normalized']);
    expect(textsIn(svg, 'axis-label').slice(0, 3)).toEqual(['SGD', 'Adam <b>', 'Nesterov & momentum']);
    expect(marksOf(svg, 'bars')).toHaveLength(6);
    expect(textsIn(svg, 'mark numbers_marks')).toEqual(['31.0%', '37.2%', '35.0%', '33.0%', 'NaN', '40.0%']);
  });

  test('keeps the order of the categories, and breaks long ones', async () => {
    const categories = ['zeta', 'alpha', 'a name of several words that needs more than one line to stand on'];
    const svg = await barChart({ ...options, categories, series: [options.series[0]] });
    expect(textsIn(svg, 'axis-label').slice(0, 2)).toEqual(['zeta', 'alpha']);
    expect(svg).toContain('<tspan');
    expect(textsOf(svg).join(' ')).toContain('a name of several words that needs');
    expect(textsIn(svg, 'legend-label')).toEqual([]);
  });

  test('draws negative values below zero, with their numbers', async () => {
    const svg = await barChart({ ...options, yFormat: 'number', series: [{ name: 'a', values: [-1.5, 2, 0] }] });
    expect(textsIn(svg, 'mark numbers_marks')).toEqual(['−1.5', '2', '0']);
  });

  test('leaves the numbers out where bars are thin', async () => {
    const categories = Array.from({ length: 40 }, (_, i) => `${i}`);
    const svg = await barChart({ ...options, categories, series: [{ name: 'a', values: categories.map(Number) }] });
    expect(marksOf(svg, 'bars')).toHaveLength(40);
    expect(marksOf(svg, 'numbers')).toEqual([]);
  });

  test.each<[string, object, string]>([
    ['an unknown option', { xScale: 'log' }, "barChart: unknown option 'xScale', expected title, xTitle"],
    ['no y title', { yTitle: undefined }, 'barChart: yTitle is undefined, expected a text'],
    ['a format', { yFormat: '%' }, "barChart: yFormat is '%', expected 'number' or 'percent'"],
    ['no categories', { categories: [] }, 'barChart: categories is empty, expected at least one'],
    [
      'a category twice',
      { categories: ['a', 'b', 'a'] },
      "barChart: categories has 'a' twice, expected different names",
    ],
    ['a number as a category', { categories: ['a', 'b', 3] }, 'barChart: categories[2] is 3, expected a text'],
    ['no list', { categories: 'abc' }, "barChart: categories is 'abc', expected a list of texts"],
    ['no series', { series: undefined }, 'barChart: series is undefined, expected a list of { name, values }'],
    [
      'an unnamed series',
      { series: [{ values: [1, 2, 3] }] },
      'barChart: series[0].name is undefined, expected a text',
    ],
    [
      'too few values',
      { series: [{ name: 'a', values: [1] }] },
      'barChart: series[0].values has 1 numbers, expected 3',
    ],
    ['a series twice', { series: [options.series[0], options.series[0]] }, "barChart: series has 'plain' twice"],
    [
      'only NaN',
      { series: [{ name: 'a', values: [1 / 0, -1 / 0, Number.NaN] }] },
      'barChart: series has no finite number, so there is no bar',
    ],
  ])('refuses %s', async (_, wrong, message) => {
    await expect(barChart({ ...options, ...wrong } as BarChartOptions)).rejects.toThrow(message);
  });
});
