import { describe, expect, test } from 'vitest';
import { heatMap, htmlReport, lineChart, type ReportOptions } from '../../src/pictures/index.js';
import { addressesOf } from './svg.js';

const svg = '<svg width="100" height="50"><text>a</text></svg>';
const options: ReportOptions = {
  title: 'Update rules & more',
  intro: 'Which rule is fastest?',
  settings: { images: 4000, 'learning rate': 1e-4, kernels: 'wasm <simd>' },
  tables: [
    {
      caption: 'Final numbers.',
      columns: ['rule', 'loss', 'accuracy', 'note'],
      rows: [
        ['SGD', 2.0213456, '31.0%', 'slow'],
        ['Adam', Number.NaN, '–', '<b>'],
      ],
    },
  ],
  figures: [{ svg, caption: 'Loss of "each" rule.' }, { svg }],
  conclusions: ['Adam is ahead.', 'SGD is not.'],
};

describe('htmlReport', () => {
  test('has its parts in order under headings', () => {
    const html = htmlReport(options);
    expect(html).toMatch(/^<!doctype html>/);
    expect([...html.matchAll(/<h[12]>(.*?)<\/h[12]>/g)].map(([, text]) => text)).toEqual([
      'Update rules &amp; more',
      'What was run',
      'Results',
      'Figures',
      'Conclusions',
    ]);
    expect([...html.matchAll(/<p>(.*?)<\/p>/g)].map(([, text]) => text)).toEqual([
      'Which rule is fastest?',
      'Adam is ahead.',
      'SGD is not.',
    ]);
    expect(html).toContain(
      '<dt>images</dt><dd>4,000</dd>\n<dt>learning rate</dt><dd>1e−4</dd>\n<dt>kernels</dt><dd>wasm &lt;simd&gt;</dd>',
    );
    expect(html).toContain('<figcaption>Loss of &quot;each&quot; rule.</figcaption>');
    expect(html.match(/<figure>/g)).toHaveLength(2);
    expect(addressesOf(html)).toEqual([]);
  });

  test('has tables with a caption, heads of columns and rows, and numbers set under each other', () => {
    const html = htmlReport(options);
    expect(html).toContain('<caption>Final numbers.</caption>');
    expect(html).toContain(
      '<tr><th scope="col">rule</th><th scope="col" class="number">loss</th>' +
        '<th scope="col" class="number">accuracy</th><th scope="col">note</th></tr>',
    );
    expect(html).toContain(
      '<tr><th scope="row">SGD</th><td class="number">2.021</td><td class="number">31.0%</td><td>slow</td></tr>',
    );
    expect(html).toContain(
      '<tr><th scope="row">Adam</th><td class="number">NaN</td><td class="number">–</td><td>&lt;b&gt;</td></tr>',
    );
  });

  test('has links in cells, to pages only', () => {
    const page = (href: string) =>
      htmlReport({ title: 'a', tables: [{ columns: ['report'], rows: [[{ text: 'Update <rules>', href }]] }] });
    expect(page('update-rules/report.html?a="b"')).toContain(
      '<th scope="row"><a href="update-rules/report.html?a=&quot;b&quot;">Update &lt;rules&gt;</a></th>',
    );
    expect(page('https://cs231n.github.io')).toContain('<a href="https://cs231n.github.io">');
    expect(() => page('javascript:alert(1)')).toThrow(
      "htmlReport: tables[0].rows[0][0].href is 'javascript:alert(1)', expected a relative address or one of the web",
    );
    expect(() => page('')).toThrow("htmlReport: tables[0].rows[0][0].href is '', expected a text");
  });

  test('leaves out what is not given', () => {
    const html = htmlReport({ title: 'Nothing yet' });
    expect(html).not.toMatch(/<(h2|table|dl|figure|p)\b/);
    expect(html).toContain('<h1>Nothing yet</h1>');
  });

  test('takes several paragraphs to begin with', () => {
    expect(htmlReport({ title: 'a', intro: ['one', 'two'] })).toContain('<p>one</p>\n<p>two</p>');
  });

  test('has charts that the keyboard can scroll, under the names of their captions', async () => {
    const svg = await lineChart({ xTitle: 'x', yTitle: 'y', series: [{ name: 'a', x: [0, 1], y: [0, 2] }] });
    const page = htmlReport({ title: 'x', figures: [{ svg, caption: 'a < b' }, { svg }] });
    expect(page).toContain('<div class="chart" tabindex="0" role="group" aria-label="a &lt; b">');
    expect(page).toContain('<div class="chart" tabindex="0" role="group" aria-label="chart">');
  });

  test('keeps charts with parts of the same name apart', async () => {
    const clipped = await lineChart({
      xTitle: 'x',
      yTitle: 'y',
      yDomain: [0, 1],
      series: [{ name: 'a', x: [0, 1], y: [0, 2] }],
    });
    const names = Array.from({ length: 70 }, (_, i) => `${i}`);
    const shaded = await heatMap({
      xTitle: 'x',
      yTitle: 'y',
      rows: ['r'],
      columns: names,
      values: [names.map(Number)],
    });
    const html = htmlReport({
      title: 'a',
      figures: [{ svg: clipped }, { svg: shaded }, { svg: clipped }, { svg: shaded }],
    });
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids.length).toBe(4);
    expect(new Set(ids).size).toBe(ids.length);
    const used = new Set([...html.matchAll(/url\(#([^)]+)\)/g)].map(([, id]) => id));
    expect([...used].sort()).toEqual([...ids].sort());
  });

  test.each<[string, object, string]>([
    ['no title', { title: undefined }, 'htmlReport: title is undefined, expected a text'],
    [
      'an unknown part',
      { summary: '' },
      "htmlReport: unknown option 'summary', expected title, notice, intro, settings, tables",
    ],
    ['a number to begin with', { intro: 3 }, 'htmlReport: intro is 3, expected a list of texts'],
    ['a conclusion that is no text', { conclusions: [1] }, 'htmlReport: conclusions[0] is 1, expected a text'],
    ['a list of settings', { settings: [] }, 'htmlReport: settings is [], expected an object'],
    [
      'a setting that is neither',
      { settings: { bn: true } },
      "htmlReport: settings['bn'] is true, expected a text or a number",
    ],
    ['one table', { tables: 3 }, 'htmlReport: tables is 3, expected a list'],
    [
      'a table without columns',
      { tables: [{ rows: [] }] },
      'htmlReport: tables[0].columns is undefined, expected a list of texts',
    ],
    [
      'a table without rows',
      { tables: [{ columns: ['a'] }] },
      'htmlReport: tables[0].rows is undefined, expected a list',
    ],
    [
      'a short row',
      { tables: [{ columns: ['a', 'b'], rows: [[1, 2], [1]] }] },
      'htmlReport: tables[0].rows[1] is 1 cells, expected 2 cells',
    ],
    [
      'a row that is none',
      { tables: [{ columns: ['a'], rows: [3] }] },
      'htmlReport: tables[0].rows[0] is 3, expected 1 cells',
    ],
    [
      'a cell that is neither',
      { tables: [{ columns: ['a'], rows: [[null]] }] },
      'htmlReport: tables[0].rows[0][0] is null, expected a text or a number',
    ],
    [
      'an unknown part of a table',
      { tables: [{ columns: ['a'], rows: [], title: '' }] },
      "htmlReport: tables[0]: unknown option 'title', expected caption, columns, rows",
    ],
    [
      'a picture that is not SVG',
      { figures: [{ svg: 'a.png' }] },
      "htmlReport: figures[0].svg is 'a.png', expected SVG",
    ],
    [
      'a chart that is not awaited',
      { figures: [{ svg: Promise.resolve(svg) }] },
      'htmlReport: figures[0].svg is a Promise: await it, expected SVG',
    ],
    ['an empty caption', { figures: [{ svg, caption: '' }] }, "htmlReport: figures[0].caption is '', expected a text"],
  ])('refuses %s', (_, wrong, message) => {
    expect(() => htmlReport({ ...options, ...wrong } as ReportOptions)).toThrow(message);
  });
});
