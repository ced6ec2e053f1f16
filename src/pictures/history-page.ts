import { extentOf } from './checks.js';
import type { Drawing } from './draw.js';
import { type Run, smoothed } from './histories.js';
import type { Panel } from './line-panel.js';
import { escapeXml, formatNumber, formatPercent, scriptJson } from './markup.js';
import { figureOf, pageOf } from './page.js';
import { tableOf } from './report.js';
import { PLOT_WIDTH } from './theme.js';

const STYLE = `
.chart { position: relative }
.runs { display: flex; flex-wrap: wrap; gap: .5rem; margin: 0 0 1rem }
.runs button {
  font: inherit; font-size: .9rem; color: inherit; background: var(--card); border: 1px solid var(--line);
  border-radius: 999px; padding: .2rem .8rem; cursor: pointer
}
.runs button[aria-pressed=false] { opacity: .5; text-decoration: line-through }
.runs i {
  display: inline-block; width: 1.2rem; height: 0; border-top: 3px solid; margin-right: .5rem;
  vertical-align: middle
}
.cursor { stroke: var(--soft); stroke-dasharray: 3 3 }
.area { fill: transparent; cursor: crosshair }
#reading {
  position: absolute; pointer-events: none; background: var(--paper); border: 1px solid var(--line);
  border-radius: 6px; padding: .35rem .6rem; font-size: .82rem; line-height: 1.4;
  font-variant-numeric: tabular-nums; box-shadow: 0 2px 8px #0003; white-space: nowrap; z-index: 1
}
#reading i { display: inline-block; width: .7rem; height: .7rem; border-radius: 50%; margin-right: .4rem }
`.trimStart();

/**
 * The chart as a page: values are read off with the pointer or the arrow keys, a button for each run hides it, and a
 * table sums the runs up.
 */
export function historyPage(title: string, runs: readonly Run[], panels: readonly Panel[], drawing: Drawing): string {
  const colors = new Map(panels[0].looks.map(({ name, color }) => [name, color]));
  const buttons = runs.map(({ name }, i) => {
    const swatch = `<i style="color:${colors.get(name)}"></i>`;
    return `<button type="button" aria-pressed="true" data-run="run${i}">${swatch}${escapeXml(name)}</button>`;
  });
  const legend = `<div class="runs" role="group" aria-label="Show or hide a run">${buttons.join('')}</div>`;
  const caption = 'Point at a chart, or go to it and press the arrow keys, to read its values.';
  const data = panels.map((panel) => readings(panel, drawing));
  const body = [
    runs.length > 1 ? legend : '',
    // What is in an image cannot be gone to: here it is a group.
    figureOf(drawing.svg.replace('role="img"', 'role="group"'), caption, 1),
    tableOf('plotHistory', 'runs', summary(runs)),
    `<script type="application/json" id="data">${scriptJson(data)}</script>`,
  ];
  return pageOf({ title, body: body.filter((part) => part !== '').join('\n'), style: STYLE, script: SCRIPT });
}

/** What the script needs to read values off a panel. */
function readings(panel: Panel, drawing: Drawing) {
  const shown = panel.lines.filter((line) => !line.faint);
  return {
    id: panel.id,
    title: panel.title,
    xTitle: panel.xTitle,
    width: PLOT_WIDTH,
    height: panel.height,
    percent: panel.yFormat === 'percent',
    log: panel.yScale === 'log',
    x: drawing.interval(`${panel.id}_x`),
    y: drawing.interval(`${panel.id}_y`),
    lines: shown.map(({ id, name, x, y }) => ({
      id,
      name,
      color: panel.looks.find((look) => look.name === name)?.color,
      x,
      // JSON has no NaN: null is a gap.
      y: y.map((value) => (Number.isFinite(value) ? Number(value.toPrecision(5)) : null)),
    })),
  };
}

/** The last of each history and the best validation accuracy, a row for each run. */
function summary(runs: readonly Run[]) {
  const percent = (accuracy: number | undefined): string => (accuracy === undefined ? '–' : formatPercent(accuracy));
  return {
    caption: 'The runs. The final loss is the running mean at the end.',
    columns: ['run', 'iterations', 'final loss', 'final training accuracy', 'best validation accuracy', 'at epoch'],
    rows: runs.map(({ name, losses, trainAcc, valAcc, epochs }) => {
      const finite = valAcc.filter(Number.isFinite);
      const best = finite.length > 0 ? extentOf(finite)[1] : undefined;
      const at = best === undefined ? '–' : formatNumber(epochs[valAcc.indexOf(best)]);
      const loss = formatNumber(smoothed(losses).y.at(-1) ?? Number.NaN);
      return [name, formatNumber(losses.length), loss, percent(trainAcc.at(-1)), percent(best), at];
    }),
  };
}

// Plain JavaScript for the browser. Names of runs reach the page as text content only.
const SCRIPT = `
'use strict';
{
  const panels = JSON.parse(document.getElementById('data').textContent);
  const chart = document.querySelector('.chart');
  const hidden = new Set();
  const reading = document.createElement('div');
  reading.id = 'reading';
  reading.hidden = true;
  reading.setAttribute('aria-live', 'polite');
  chart.append(reading);

  const make = (name, attributes, parent) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
    return element;
  };
  const write = (value, percent) =>
    percent ? (100 * value).toFixed(1) + '%' : String(Number(value.toPrecision(4)));
  const nearest = (xs, x) => {
    let low = 0;
    let high = xs.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (xs[middle] <= x) low = middle;
      else high = middle;
    }
    return x - xs[low] <= xs[high] - x ? low : high;
  };

  for (const panel of panels) {
    const [left, right] = panel.x;
    const scale = panel.log ? Math.log : (value) => value;
    const [bottom, top] = panel.y.map(scale);
    const xOf = (x) => (panel.width * (x - left)) / (right - left || 1);
    const yOf = (y) => panel.height * (1 - (scale(y) - bottom) / (top - bottom || 1));
    const parent = chart.querySelector('.' + panel.id + '_group > g');
    const marks = make('g', { 'pointer-events': 'none' }, parent);
    const { width, height } = panel;
    const area = make('rect', { class: 'area', width, height, tabindex: 0, role: 'application' }, parent);
    area.setAttribute('aria-label', panel.title + ': read its values with the arrow keys');
    const visible = () => panel.lines.filter((line) => !hidden.has(line.id.split('_')[0]));
    let at = left;

    const clear = () => {
      marks.replaceChildren();
      reading.hidden = true;
    };
    const show = () => {
      clear();
      const lines = visible();
      if (lines.length === 0) return;
      // All lines are read at one place: a point of the line that has one nearest to the pointer.
      const places = lines.map((line) => line.x[nearest(line.x, at)]);
      at = places.reduce((best, x) => (Math.abs(x - at) < Math.abs(best - at) ? x : best));
      const found = lines
        .map((line) => ({ line, i: nearest(line.x, at) }))
        .filter(({ line, i }) => line.y[i] !== null && Math.abs(line.x[i] - at) <= (right - left) / 100);
      make('line', { class: 'cursor', x1: xOf(at), x2: xOf(at), y1: 0, y2: panel.height }, marks);
      const head = document.createElement('b');
      head.textContent = panel.xTitle + ' ' + at.toLocaleString('en');
      reading.replaceChildren(head);
      for (const { line, i } of found) {
        make('circle', { cx: xOf(line.x[i]), cy: yOf(line.y[i]), r: 4, fill: line.color }, marks);
        const row = document.createElement('div');
        const dot = document.createElement('i');
        dot.style.background = line.color;
        row.append(dot, line.name + ': ' + write(line.y[i], panel.percent));
        reading.append(row);
      }
      reading.hidden = false;
      const box = area.getBoundingClientRect();
      const frame = chart.getBoundingClientRect();
      const x = box.left - frame.left + (xOf(at) / panel.width) * box.width;
      const after = x + 14 + reading.offsetWidth <= frame.width;
      reading.style.left = (after ? x + 14 : Math.max(0, x - 14 - reading.offsetWidth)) + 'px';
      reading.style.top = box.top - frame.top + 8 + 'px';
    };

    area.addEventListener('pointermove', (event) => {
      const box = area.getBoundingClientRect();
      at = left + ((event.clientX - box.left) / box.width) * (right - left);
      show();
    });
    area.addEventListener('pointerleave', clear);
    area.addEventListener('focus', () => area.matches(':focus-visible') && show());
    area.addEventListener('blur', clear);
    area.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const [line] = visible();
      if (step === undefined || line === undefined) return;
      event.preventDefault();
      const i = Math.min(line.x.length - 1, Math.max(0, nearest(line.x, at) + step));
      at = line.x[i];
      show();
    });
  }

  for (const button of document.querySelectorAll('[data-run]')) {
    button.addEventListener('click', () => {
      const { run } = button.dataset;
      const show = hidden.delete(run);
      if (!show) hidden.add(run);
      button.setAttribute('aria-pressed', String(show));
      for (const mark of chart.querySelectorAll('[class*="' + run + '_"]')) mark.style.display = show ? '' : 'none';
    });
  }
}`.trim();
