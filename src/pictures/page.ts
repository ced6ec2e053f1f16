import { escapeXml } from './markup.js';

/** What a page is made of. */
export interface Page {
  readonly title: string;
  /** HTML of the body. */
  readonly body: string;
  /** Further style. */
  readonly style?: string;
  /** JavaScript that runs once the page is loaded. */
  readonly script?: string;
}

// Charts have colours for a white page as attributes, which any rule here goes before.
const STYLE = `
:root {
  color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --paper: #fff; --card: #f6f8fa;
  --grid: #e4e7eb; --accent: #0072b2
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6edf3; --soft: #9da7b1; --line: #3d444d; --paper: #0d1117; --card: #151b23; --grid: #2a313a;
    --accent: #56b4e9
  }
}
* { box-sizing: border-box }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif
}
main { max-width: 860px; margin: 0 auto; padding: 2.5rem 1.25rem 4rem }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line) }
p { margin: 0 0 .9rem; max-width: 44rem }
.notice {
  border: 1px solid var(--accent); border-left-width: 6px; border-radius: 6px; background: var(--card);
  padding: .7rem 1rem; font-weight: 600
}
figure { margin: 1.25rem 0 2rem }
figcaption, caption { color: var(--soft); font-size: .9rem }
figcaption { margin-top: .5rem; max-width: 44rem }
caption { caption-side: top; text-align: left; padding-bottom: .4rem }
.chart { border: 1px solid var(--line); border-radius: 8px; padding: .5rem; overflow-x: auto }
.chart svg { display: block; max-width: 100%; height: auto; margin: 0 auto }
.chart svg > rect { fill: none }
.role-axis-label text, .role-axis-title text, .role-legend-label text, .role-legend-title text,
.role-title-text text, .role-title-subtitle text, .numbers_marks text, svg.images text { fill: var(--ink) }
.role-axis-grid line { stroke: var(--grid) }
.scroll { overflow-x: auto; margin: 0 0 1.75rem }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums }
th, td { padding: .35rem .9rem .35rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line) }
thead th { color: var(--soft); font-weight: 600; border-bottom-width: 2px; vertical-align: bottom }
tbody th { font-weight: 500 }
a { color: var(--accent) }
.number { text-align: right; white-space: nowrap }
th:last-child, td:last-child { padding-right: .2rem }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
@media print { .chart { break-inside: avoid; border: 0 } }
`.trim();

/** A page that needs nothing beside itself: no style, script, picture or font comes from elsewhere. */
export function pageOf({ title, body, style = '', script }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(title)}</title>
<link rel="icon" href="data:,">
<style>
${STYLE}
${style}</style>
</head>
<body>
<main>
<h1>${escapeXml(title)}</h1>
${body}
</main>
${script === undefined ? '' : `<script>\n${script}\n</script>\n`}</body>
</html>
`;
}

/** A figure of a page. Names inside an SVG that its parts call each other by are made different from other figures'. */
export function figureOf(svg: string, caption: string | undefined, index: number): string {
  let own = svg;
  for (const [, id] of svg.matchAll(/<[^<>]* id="([^"]+)"/g)) {
    own = own.replaceAll(`id="${id}"`, `id="figure${index}-${id}"`);
    own = own
      .replaceAll(`url(#${id})`, `url(#figure${index}-${id})`)
      .replaceAll(`href="#${id}"`, `href="#figure${index}-${id}"`);
  }
  // On a narrow screen a chart is scrolled, with the keyboard too: made narrower, its texts could not be read.
  const width = Math.min(560, Number(/^<svg[^>]* width="([\d.]+)"/.exec(svg)?.[1] ?? 0));
  own = own.replace('<svg ', () => `<svg style="min-width:${width}px" `);
  const text = caption === undefined ? '' : `<figcaption>${escapeXml(caption)}</figcaption>`;
  const label = `aria-label="${escapeXml(caption ?? 'chart')}"`;
  return `<figure><div class="chart" tabindex="0" role="group" ${label}>${own}</div>${text}</figure>`;
}
