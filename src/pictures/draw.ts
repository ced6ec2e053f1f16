import type { View } from 'vega';
import type { Config, TopLevelSpec } from 'vega-lite';
import { escapeXml, legalXml } from './markup.js';
import { unmarked } from './names.js';
import { loadCharts, loadInterpreter } from './peers.js';
import { FONT, INK, LINE } from './theme.js';

const CONFIG: Config = {
  background: 'white',
  padding: 8,
  font: FONT,
  aria: false,
  mark: { aria: false },
  view: { stroke: null },
  title: { anchor: 'start', fontSize: 15, subtitleFontSize: 12, color: INK, subtitleColor: INK, offset: 10 },
  axis: {
    labelFontSize: 12,
    titleFontSize: 13,
    titleFontWeight: 'normal',
    titlePadding: 8,
    labelColor: INK,
    titleColor: INK,
    domainColor: LINE,
    tickColor: LINE,
    gridColor: '#e4e7eb',
    tickSize: 4,
  },
  legend: {
    orient: 'top',
    labelFontSize: 12,
    titleFontSize: 12,
    labelColor: INK,
    titleColor: INK,
    labelLimit: 560,
    symbolOpacity: 1,
    symbolStrokeWidth: 3,
    symbolSize: 400,
    columnPadding: 18,
    offset: 8,
  },
};

/** A chart as vega has drawn it. */
export interface Drawing {
  readonly svg: string;
  /** The interval that an axis shows; scales are called after their panel, `loss_x`. */
  interval(scale: string): [low: number, high: number];
}

/**
 * Draws a chart.
 *
 * @param label - What the chart shows, for those who do not see it.
 * @throws {Error} if vega or vega-lite is not installed, or vega-interpreter where code may not be generated.
 */
export async function draw(fn: string, spec: TopLevelSpec, label: string): Promise<Drawing> {
  const view = await viewOf(fn, spec);
  const svg = await view.toSVG();
  const interval = (scale: string): [number, number] => view.scale(scale).domain();
  view.finalize();
  // The font stands once, not in every text.
  const texts = numberedAnew(unmarked(svg)).replaceAll(` font-family="${FONT}"`, '');
  const root = `<svg role="img" aria-label="${escapeXml(label)}" font-family="${FONT}" `;
  return { svg: legalXml(texts.replace('<svg ', () => root)), interval };
}

/** What draws it. Vega compiles its expressions by `Function`; where that is forbidden, another package reads them. */
async function viewOf(fn: string, spec: TopLevelSpec): Promise<View> {
  const { vega, vegaLite } = await loadCharts(fn);
  const compiled = vegaLite.compile(spec, { config: CONFIG }).spec;
  try {
    return new vega.View(vega.parse(compiled), { renderer: 'none' });
  } catch (error) {
    if ((error as Error).name !== 'EvalError') throw error;
    const { expressionInterpreter } = await loadInterpreter(fn);
    const parsed = vega.parse(compiled, undefined, { ast: true });
    return new vega.View(parsed, { renderer: 'none', expr: expressionInterpreter });
  }
}

/** The chart with the names that its parts call each other by numbered from 1; vega counts on from chart to chart. */
function numberedAnew(svg: string): string {
  const names = new Map<string, string>();
  return svg.replace(/(id="|url\(#)((?:clip|gradient_)\d+)/g, (_, before: string, name: string) => {
    if (!names.has(name)) names.set(name, `part${names.size + 1}`);
    return `${before}${names.get(name)}`;
  });
}

/** What a chart shows, in a sentence: its title, its axes, the names of what is in it. */
export function labelOf(title: string | undefined, xTitle: string, yTitle: string, names: readonly string[]): string {
  return `${title === undefined ? '' : `${title}: `}${yTitle} against ${xTitle} of ${names.join(', ')}`;
}
