import type { LayerStats, Statistics } from '../../protocol.js';
import { el, fill, scrollable, svg, table } from '../dom.js';
import { decimal, integer, percent, shape, UNKNOWN } from '../format.js';
import { remarksOf } from '../remarks.js';
import type { Change } from '../store.js';
import type { RunContext, View } from '../view.js';
import { noteOf } from './notes.js';

/** The layers as a table, and what their values are like. */
export class Layers implements View {
  readonly root = el('div');
  readonly #context: RunContext;
  readonly #note = el('p', { class: 'note' });
  readonly #remarks = el('div', { class: 'panel' });
  readonly #statistics = scrollable('Statistics by layer');
  readonly #statisticsPanel = el('section', { class: 'panel' }, el('h3', {}, 'Values by layer'), this.#statistics);
  readonly #layers = scrollable('Table of layers');

  constructor(context: RunContext) {
    this.#context = context;
    fill(
      this.root,
      this.#note,
      this.#remarks,
      this.#statisticsPanel,
      el('section', { class: 'panel' }, el('h3', {}, 'Table of layers'), this.#layers),
    );
    this.update(new Set(['info', 'insight']));
  }

  update(changes: ReadonlySet<Change>): void {
    if (changes.has('info')) this.#showLayers();
    if (changes.has('insight')) this.#showStatistics();
  }

  #showLayers(): void {
    const { layers, parameters } = this.#context.run.info;
    const rows = layers.map(({ name, kind, outputShape, parameters: n, flops }) => [
      name,
      kind,
      shape(outputShape),
      integer(n),
      integer(flops),
    ]);
    const columns = ['layer', 'kind', 'output', 'parameters', 'FLOPs an example'];
    const known = layers.map(({ flops }) => flops).filter((flops) => flops !== null);
    const flops = known.length === 0 ? UNKNOWN : integer(known.reduce((sum, value) => sum + value, 0));
    rows.push(['all', '', '', integer(parameters), flops]);
    fill(this.#layers, el('div', { class: 'numbers-from-3' }, table('Table of layers', columns, rows)));
  }

  #showStatistics(): void {
    const { insight } = this.#context.run;
    const layers = insight?.layers ?? null;
    noteOf(this.#note, this.#context.run, layers !== null, 'statistics of its layers');
    this.#statisticsPanel.hidden = layers === null;
    const remarks = (layers ?? []).flatMap((layer) => remarksOf(layer).map((text) => [layer.name, text] as const));
    this.#remarks.hidden = remarks.length === 0;
    fill(
      this.#remarks,
      el('h3', {}, 'To look at'),
      el('ul', {}, ...remarks.map(([name, text]) => el('li', {}, el('strong', {}, name), `: ${text}`))),
    );
    if (layers === null) return;
    // What is not known of any layer has no column: a report has no gradients.
    const columns = COLUMNS.filter(({ isKnown }) => isKnown === undefined || layers.some(isKnown));
    const caption = 'Mean, standard deviation and distribution of the values of each layer';
    const rows = layers.map((layer) => columns.map(({ cell }) => cell(layer)));
    const names = columns.map(({ name }) => name);
    fill(this.#statistics, el('div', { class: 'statistics' }, table(caption, names, rows)));
  }
}

interface Column {
  readonly name: string;
  cell(layer: LayerStats): Node | string;
  /** Whether there is anything for a layer. */
  isKnown?(layer: LayerStats): boolean;
}

const COLUMNS: readonly Column[] = [
  { name: 'layer', cell: ({ name }) => name },
  {
    name: 'activations',
    cell: ({ name, activation }) => valuesOf(activation, `Activations of ${name}`),
    isKnown: ({ activation }) => activation !== null,
  },
  {
    name: 'share of zeros',
    cell: ({ activation }) => percent(activation?.zeros ?? null),
    isKnown: ({ activation }) => activation !== null,
  },
  {
    name: 'weights',
    cell: ({ name, weight }) => valuesOf(weight, `Weights of ${name}`),
    isKnown: ({ weight }) => weight !== null,
  },
  {
    name: 'gradient',
    cell: ({ name, gradient }) => valuesOf(gradient, `Gradient of ${name}`),
    isKnown: ({ gradient }) => gradient !== null,
  },
  {
    name: 'step / weight',
    cell: ({ updateRatio }) => decimal(updateRatio),
    isKnown: ({ updateRatio }) => updateRatio !== null,
  },
  {
    name: 'remarks',
    cell: (layer) => {
      const remarks = remarksOf(layer);
      return remarks.length === 0 ? 'as usual' : el('strong', { class: 'remark' }, remarks.join('; '));
    },
  },
];

/** Mean and standard deviation, and under them a small histogram. */
function valuesOf(values: Statistics | null, name: string): Node | string {
  if (values === null) return UNKNOWN;
  const { mean, std, min, max, histogram } = values;
  const text = el('span', { class: 'nowrap' }, `${decimal(mean)} ± ${decimal(std)}`);
  if (histogram.length === 0) return text;
  return el('div', { class: 'values' }, text, picture(histogram, `${name}: from ${decimal(min)} to ${decimal(max)}`));
}

function picture(counts: readonly number[], label: string): Element {
  const most = Math.max(...counts, 1);
  const width = 120 / counts.length;
  const bars = counts.map((count, i) => {
    // Roots, so that the few values at the ends are seen beside the many in the middle.
    const height = count === 0 ? 0 : Math.max(1, 26 * Math.sqrt(count / most));
    return svg('rect', { x: i * width, y: 28 - height, width: Math.max(0.5, width - 0.5), height });
  });
  const line = svg('line', { x1: 0, y1: 28, x2: 120, y2: 28 });
  const histogram = svg('svg', { viewBox: '0 0 120 29', role: 'img', 'aria-label': label }, ...bars, line);
  histogram.classList.add('histogram');
  return histogram;
}
