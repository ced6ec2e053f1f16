// @module-tag slow

import { describe, expect, test } from 'vitest';
import { zeros } from '../../src/index.js';
import { barChart, heatMap, historyChart, htmlReport, imageGrid, lineChart } from '../../src/pictures/index.js';
import { expectSound, textsIn, textsOf, unescapeXml } from './svg.js';

// Patterns of String.prototype.replace, names that every object has, markup, expressions of the drawing library, and
// characters that end a line in a program but not in JSON.
const TEXTS = [
  "$'",
  '$&',
  '$$',
  '$`',
  '$1',
  '$<svg>',
  'constructor',
  'toString',
  'valueOf',
  '__proto__',
  'hasOwnProperty',
  '</svg><script>alert(1)</script>',
  '<&"\'>',
  ']]>',
  '<!--',
  'datum.value',
  "{'signal': 'width'}",
  'width',
  'a.b[0]',
  'a\\b',
  'null',
  '1',
  '\u202eabc',
  '\ud83d\ude00',
]; // prettier-ignore

const run = { lossHistory: [3, 2, 1], trainAccHistory: [0.1, 0.5], valAccHistory: [0.1, 0.4], epoch: 1 };

describe.each(TEXTS)('the text %j', (text) => {
  test('stands in a line chart as title, title of an axis and name', async () => {
    const svg = await lineChart({
      title: text,
      xTitle: text,
      yTitle: text,
      series: [
        { name: text, x: [1, 2], y: [3, 4] },
        { name: 'other', x: [1, 2], y: [1, 2] },
      ],
    });
    expectSound(svg);
    expect(svg.match(/<svg /g)).toHaveLength(1);
    expect(textsIn(svg, 'title-text')).toEqual([text]);
    expect(textsIn(svg, 'axis-title')).toEqual([text, text]);
    expect(textsIn(svg, 'legend-label')).toEqual([text, 'other']);
    expect(unescapeXml(/aria-label="([^"]*)"/.exec(svg)?.[1] ?? '')).toBe(
      `${text}: ${text} against ${text} of ${text}, other`,
    );
  });

  test('stands in a bar chart and a heat map as category, row and column', async () => {
    const bars = await barChart({
      title: text,
      xTitle: 'x',
      yTitle: 'y',
      categories: [text, 'z'],
      series: [
        { name: text, values: [1, 2] },
        { name: 'other', values: [1, 2] },
      ],
    });
    expectSound(bars);
    expect(textsIn(bars, 'title-text')).toEqual([text]);
    expect(textsIn(bars, 'legend-label')).toEqual([text, 'other']);
    expect(textsIn(bars, 'axis-label')).toEqual(expect.arrayContaining([text, 'z']));

    const names = [text, 'z'];
    const map = await heatMap({
      xTitle: 'x',
      yTitle: 'y',
      rows: names,
      columns: names,
      values: [
        [1, 2],
        [3, 4],
      ],
    });
    expectSound(map);
    expect(textsIn(map, 'axis-label')).toEqual(expect.arrayContaining(names));
  });

  test('stands in histories, grids and reports', async () => {
    const svg = await historyChart([run], { title: text });
    expectSound(svg);
    expect(textsOf(svg)).toContain(text);
    const named = await historyChart(
      Object.fromEntries([
        [text, run],
        ['other', run],
      ]),
    );
    expectSound(named);
    expect(textsIn(named, 'legend-label').toSorted()).toEqual([text, 'other'].toSorted());
    const grid = await imageGrid(zeros([1, 4, 4, 3]), { titles: [text] });
    expectSound(grid);
    expect(textsOf(grid)).toEqual([text]);
    const page = htmlReport({
      title: text,
      intro: text,
      settings: { [text]: text },
      tables: [{ columns: [text], rows: [[text]] }],
      figures: [{ svg, caption: text }],
      conclusions: [text],
    });
    expect(page).not.toContain('<script>');
    expect(unescapeXml(page).split(text).length).toBeGreaterThan(7);
  });
});

test('the characters that end a line in a program but not in JSON do not break a chart', async () => {
  const name = 'a\u2028b\u2029';
  const svg = await barChart({
    xTitle: name,
    yTitle: name,
    categories: [name],
    series: [
      { name, values: [1] },
      { name: 'other', values: [2] },
    ],
  });
  expectSound(svg);
  expect(svg.split(name).length).toBeGreaterThan(3);
});
