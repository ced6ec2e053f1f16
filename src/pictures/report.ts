import {
  ANY,
  argumentError,
  checkedIn,
  checkOptions,
  describe,
  type OptionsOf,
  option,
  required,
  ShapeError,
  settingsOf,
  TEXT,
} from '../arrays/index.js';
import { checkOptionalText, checkTexts, LIST, OBJECT } from './checks.js';
import { escapeXml, formatNumber } from './markup.js';
import { figureOf, pageOf } from './page.js';
import { checkSvg } from './save-chart.js';

/** A cell of a {@link ReportTable}: a text, a number, or a link with a relative address or a web address. */
export type ReportCell = string | number | { text: string; href: string };

/** A table of an {@link htmlReport}. */
export interface ReportTable {
  /** What it shows. Default none. */
  caption?: string;
  /** The heads of its columns. The first column names the rows. */
  columns: readonly string[];
  /** As many cells to a row as there are columns. Numbers are written to four digits. */
  rows: readonly (readonly ReportCell[])[];
}

/** A chart or image grid of an {@link htmlReport}. */
export interface ReportFigure {
  /** From {@link lineChart}, {@link barChart}, {@link heatMap} or {@link imageGrid}; the page holds it unchanged. */
  svg: string;
  /** What the reader should see in it. Default none. */
  caption?: string;
}

const REPORT = {
  title: required<string>(TEXT),
  /** What a reader has to know first, in a frame under the title. Default none. */
  notice: option<string | undefined>(undefined, TEXT),
  /** A paragraph, or several: the question and the method. */
  intro: option<string | readonly string[]>([], ANY),
  /** What was run: hyperparameters, data, kernels, threads, by name. */
  settings: option<Readonly<Record<string, string | number>>>({}, OBJECT),
  tables: option<readonly ReportTable[]>([], LIST),
  figures: option<readonly ReportFigure[]>([], LIST),
  /** What the numbers say, a paragraph each. */
  conclusions: option<readonly string[]>([], ANY),
};

/** The parts of an {@link htmlReport}, in this order; each but the title may be left out. Texts are plain, not HTML. */
export interface ReportOptions extends OptionsOf<typeof REPORT> {}

const STYLE = `
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.5rem; margin: 0; font-size: .92rem }
dt { color: var(--soft) }
dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums }
@media (max-width: 32rem) { dl { grid-template-columns: 1fr; gap: 0 } dd { margin-bottom: .5rem } }
`.trimStart();

/**
 * An experiment as one page to read: what was run, tables, charts and what they say. The page needs nothing beside
 * itself, follows the reader's choice of light or dark, and is laid out for screen readers, small screens and paper.
 *
 * @returns HTML, to write to a file.
 * @throws {TypeError | ShapeError} naming what does not fit.
 *
 * @example
 * const html = htmlReport({
 *   title: 'Update rules',
 *   intro: 'Which update rule trains a six-layer net fastest?',
 *   settings: { images: 4000, 'batch size': 100, epochs: 5 },
 *   tables: [{ columns: ['rule', 'validation accuracy'], rows: [['SGD', 0.31], ['Adam', 0.37]] }],
 *   figures: [{ svg, caption: 'Training loss of each rule.' }],
 *   conclusions: ['Adam is ahead from the second epoch on.'],
 * });
 */
export function htmlReport(options: ReportOptions): string {
  const fn = 'htmlReport';
  const { title, notice, intro, settings, tables, figures, conclusions } = settingsOf(fn, REPORT, options);
  const opening = typeof intro === 'string' ? [intro] : intro;
  checkTexts(fn, 'intro', opening);
  checkTexts(fn, 'conclusions', conclusions);
  const body = [
    notice === undefined ? '' : noticeOf(notice),
    paragraphs(opening),
    section('What was run', definitions(fn, settings)),
    section('Results', tables.map((table, i) => tableOf(fn, `tables[${i}]`, table)).join('\n')),
    section('Figures', figures.map((figure, i) => checkedFigure(fn, figure, i)).join('\n')),
    section('Conclusions', paragraphs(conclusions)),
  ];
  return pageOf({ title, body: body.filter((part) => part !== '').join('\n'), style: STYLE });
}

/** The HTML of a notice. */
export function noticeOf(text: string): string {
  return `<p class="notice" role="note">${escapeXml(text)}</p>`;
}

function section(heading: string, content: string): string {
  return content === '' ? '' : `<section>\n<h2>${heading}</h2>\n${content}\n</section>`;
}

function paragraphs(texts: readonly string[]): string {
  return texts.map((text) => `<p>${escapeXml(text)}</p>`).join('\n');
}

function definitions(fn: string, settings: Readonly<Record<string, string | number>>): string {
  const entries = Object.entries(settings);
  if (entries.length === 0) return '';
  const items = entries.map(([name, value]) => {
    return `<dt>${escapeXml(name)}</dt><dd>${cellText(fn, `settings['${name}']`, value)}</dd>`;
  });
  return `<dl>\n${items.join('\n')}\n</dl>`;
}

function checkedFigure(fn: string, figure: ReportFigure, i: number): string {
  checkOptions(`${fn}: figures[${i}]`, figure, ['svg', 'caption'] satisfies (keyof ReportFigure)[]);
  checkSvg(fn, `figures[${i}].svg`, figure.svg);
  checkOptionalText(fn, `figures[${i}].caption`, figure.caption);
  return figureOf(figure.svg, figure.caption, i + 1);
}

/** A text that is a number, with a unit or without, or stands for one: it is set under the others of its column. */
const QUANTITY = /^(NaN|–|[−+-]?∞|[−+-]?[\d.,]+(e[−-]?\d+)?( ?(%|×|[nµm]?s|min|h|[kKMG]?i?B))?)$/;

/**
 * The HTML of a table.
 *
 * @throws {TypeError | ShapeError} naming the cell or row that does not fit.
 */
export function tableOf(fn: string, arg: string, table: ReportTable): string {
  checkOptions(`${fn}: ${arg}`, table, ['caption', 'columns', 'rows'] satisfies (keyof ReportTable)[]);
  const { caption, columns, rows } = table;
  checkOptionalText(fn, `${arg}.caption`, caption);
  checkTexts(fn, `${arg}.columns`, columns);
  checkedIn(fn, `${arg}.rows`, rows, LIST);
  for (const [i, row] of rows.entries()) {
    if (Array.isArray(row) && row.length === columns.length) continue;
    const found = `is ${Array.isArray(row) ? `${row.length} cells` : describe(row)}`;
    throw argumentError(ShapeError, { fn, arg: `${arg}.rows[${i}]`, found, expected: `${columns.length} cells` });
  }
  const cells = rows.map((row, i) => row.map((cell, j) => cellText(fn, `${arg}.rows[${i}][${j}]`, cell)));
  const kinds = columns.map(
    (_, j) => rows.length > 0 && rows.every((row) => typeof row[j] === 'number' || QUANTITY.test(String(row[j]))),
  );
  const kind = (j: number): string => (kinds[j] ? ' class="number"' : '');
  const head = columns.map((column, j) => `<th scope="col"${kind(j)}>${escapeXml(column)}</th>`).join('');
  const body = cells.map(([first, ...rest]) => {
    const others = rest.map((cell, j) => `<td${kind(j + 1)}>${cell}</td>`).join('');
    return `<tr><th scope="row"${kind(0)}>${first}</th>${others}</tr>`;
  });
  const text = caption === undefined ? '' : `<caption>${escapeXml(caption)}</caption>\n`;
  // A wide table scrolls by itself, with the keyboard too.
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeXml(caption ?? 'table')}"><table>
${text}<thead><tr>${head}</tr></thead>
<tbody>
${body.join('\n')}
</tbody>
</table></div>`;
}

function cellText(fn: string, arg: string, value: unknown): string {
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value === 'string') return escapeXml(value);
  if (typeof value === 'object' && value !== null && 'href' in value)
    return linkText(fn, arg, value as { text: string; href: string });
  throw argumentError(TypeError, { fn, arg, found: `is ${describe(value)}`, expected: 'a text or a number' });
}

function linkText(fn: string, arg: string, { text, href }: { text: string; href: string }): string {
  checkedIn(fn, `${arg}.text`, text, TEXT);
  checkedIn(fn, `${arg}.href`, href, TEXT);
  // Anything with another scheme than that of the web is no page, and may be a script.
  if (/^[^/?#]*:/.test(href) && !/^https?:\/\//i.test(href)) {
    const [found, expected] = [`is ${describe(href)}`, 'a relative address or one of the web'];
    throw argumentError(RangeError, { fn, arg: `${arg}.href`, found, expected });
  }
  return `<a href="${escapeXml(href)}">${escapeXml(text)}</a>`;
}
