import { describe, expect, test } from 'vitest';
import { array, Random } from '../../src/arrays/index.js';
import { type HeatMapOptions, heatMap } from '../../src/pictures/index.js';
import { expectSound, marksOf, textsIn } from './svg.js';

const options: HeatMapOptions = {
  title: 'Confusion matrix',
  xTitle: 'predicted class',
  yTitle: 'true class',
  rows: ['cat', 'dog & <co>'],
  columns: ['ship', 'cat', 'frog'],
  values: [
    [50, 0, 3],
    [1, 1234, 7],
  ],
};

/** The fills of the cells, row by row. */
function fillsOf(svg: string): (string | undefined)[] {
  return marksOf(svg, 'cells').map((path) => /fill="([^"]+)"/.exec(path)?.[1]);
}

describe('heatMap', () => {
  test('has a coloured cell with its number for each value, named rows and columns', async () => {
    const svg = await heatMap(options);
    expectSound(svg);
    expect(textsIn(svg, 'title-text')).toEqual(['Confusion matrix']);
    expect(textsIn(svg, 'axis-title')).toEqual(['predicted class', 'true class']);
    expect(textsIn(svg, 'axis-label')).toEqual(['ship', 'cat', 'frog', 'cat', 'dog & <co>']);
    expect(textsIn(svg, 'mark cell_numbers_marks')).toEqual(['50', '0', '3', '1', '1,234', '7']);
    expect(marksOf(svg, 'cells')).toHaveLength(6);
    // Dark where the value is great, and its number white there.
    const inks = marksOf(svg, 'cell_numbers').map((text) => /fill="([^"]+)"/.exec(text)?.[1]);
    expect(inks).toEqual(['#24292f', '#24292f', '#24292f', '#24292f', 'white', '#24292f']);
  });

  test('takes an array, and gives the same picture', async () => {
    const values = array([50, 1, 0, 1234, 3, 7], [3, 2]).transpose(1, 0);
    expect(await heatMap({ ...options, values })).toBe(await heatMap(options));
  });

  test('leaves what is not finite grey', async () => {
    const svg = await heatMap({
      ...options,
      values: [
        [Number.NaN, 1, 2],
        [3, 4, 5],
      ],
      format: 'percent',
    });
    expect(fillsOf(svg)[0]).toBe('#eef0f2');
    expect(new Set(fillsOf(svg)).size).toBe(6);
    expect(textsIn(svg, 'mark cell_numbers_marks')).toEqual(['NaN', '100.0%', '200.0%', '300.0%', '400.0%', '500.0%']);
  });

  test('colours values below zero differently from those above', async () => {
    const svg = await heatMap({
      ...options,
      values: [
        [-1, 0, 1],
        [-1, 0, 1],
      ],
    });
    const [below, zero, above] = fillsOf(svg);
    expect(new Set([below, zero, above]).size).toBe(3);
    expect(fillsOf(svg)).toEqual([below, zero, above, below, zero, above]);
  });

  test('shows a scale instead of numbers where cells are small', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `${i}`);
    const svg = await heatMap({ ...options, rows: names, columns: names, values: new Random(1).rand([60, 60]) });
    expectSound(svg);
    expect(marksOf(svg, 'cells')).toHaveLength(3600);
    expect(marksOf(svg, 'cell_numbers')).toEqual([]);
    expect(textsIn(svg, 'legend-label').length).toBeGreaterThan(1);
  });

  test('draws zeros', async () => {
    const svg = await heatMap({
      ...options,
      values: [
        [0, 0, 0],
        [0, 0, 0],
      ],
    });
    expectSound(svg);
    expect(new Set(fillsOf(svg)).size).toBe(1);
  });

  test.each<[string, object, string]>([
    ['an unknown option', { scheme: 'reds' }, "heatMap: unknown option 'scheme', expected title, xTitle"],
    ['no rows', { rows: [] }, 'heatMap: rows is empty, expected at least one'],
    ['a column twice', { columns: ['a', 'a', 'b'] }, "heatMap: columns has 'a' twice, expected different names"],
    ['too few rows', { values: [[1, 2, 3]] }, 'heatMap: values has 1 rows, expected 2 lists of 3 numbers'],
    ['no rows at all', { values: 3 }, 'heatMap: values is no list of rows, expected 2 lists of 3 numbers'],
    ['a short row', { values: [[1, 2, 3], [1]] }, 'heatMap: values[1] has 1 numbers, expected 3'],
    [
      'an array of another shape',
      { values: array([1, 2], [1, 2]) },
      'heatMap: values has shape (1, 2), expected (2, 3)',
    ],
    [
      'only NaN',
      {
        values: [
          [Number.NaN, Number.NaN, Number.NaN],
          [1 / 0, 1 / 0, 1 / 0],
        ],
      },
      'heatMap: values has no finite number, so there is nothing to colour',
    ],
    ['a format', { format: 'd' }, "heatMap: format is 'd', expected 'number' or 'percent'"],
  ])('refuses %s', async (_, wrong, message) => {
    await expect(heatMap({ ...options, ...wrong } as HeatMapOptions)).rejects.toThrow(message);
  });
});
