import { el, fill, write } from '../../../src/ui/page/dom.js';
import { percent } from '../../../src/ui/page/format.js';
import { sheet } from '../../../src/ui/page/pixels.js';
import type { Look, Pictures } from '../protocol.js';
import { panel } from './panel.js';

const FILTER_SIDE = 64;
const MISTAKE_SIDE = 72;
const GAP = 4;

/** What the first layer looks for. */
export class FiltersPanel {
  readonly root: HTMLElement;
  readonly #note = el('p', { class: 'note' }, 'The weights of the first layer, as pictures.');
  readonly #picture = el('div', { class: 'sheet' });
  #filters: Pictures | null = null;
  #width = 0;

  constructor() {
    this.root = panel('filters', 'What its first layer looks for', this.#note, this.#picture);
    const resized = new ResizeObserver(() => {
      if (this.#picture.clientWidth !== this.#width) this.#draw();
    });
    resized.observe(this.#picture);
  }

  show({ filters }: Look): void {
    this.#filters = filters;
    this.#draw();
  }

  #draw(): void {
    const filters = this.#filters;
    if (filters === null) return;
    this.#width = this.#picture.clientWidth;
    const { height, width, pixels, channels } = filters;
    const scale = Math.max(1, Math.round(FILTER_SIDE / Math.max(height, width)));
    const count = pixels.length / (height * width * channels);
    const columns = Math.max(1, Math.floor((this.#width + GAP) / (width * scale + GAP)));
    const label = `${count} filters of ${width} by ${height} pixels, each from its lowest weight to its highest.`;
    write(this.#note, label);
    fill(this.#picture, sheet(filters, { columns: Math.min(count, columns), scale, gap: GAP }, label));
  }
}

/** The validation pictures that it is wrong about, the surest first. */
export class MistakesPanel {
  readonly root: HTMLElement;
  readonly #list = el('ul', { class: 'mistakes' });
  readonly #note = el('p', { class: 'note' });

  constructor() {
    this.root = panel('wrong', 'What it gets wrong', this.#note, this.#list);
  }

  show({ mistakes, pictures, accuracy }: Look, classes: readonly string[]): void {
    const { height, width, channels, pixels } = pictures;
    const size = height * width * channels;
    const how = { columns: 1, scale: Math.max(1, Math.round(MISTAKE_SIDE / Math.max(height, width))), gap: 0 };
    const some = 'Of the pictures that it is not trained on, those that it is surest about.';
    const none =
      accuracy === null
        ? 'It knows other pictures than those that are here.'
        : 'Nothing: every picture that it is checked with is right.';
    write(this.#note, mistakes.length === 0 ? none : some);
    fill(
      this.#list,
      ...mistakes.map(({ label, predicted, probability }, i) => {
        const one = { ...pictures, pixels: pixels.subarray(i * size, (i + 1) * size) };
        return el(
          'li',
          {},
          sheet(one, how, `A picture of ${classes[label]}`),
          el('span', {}, `${classes[label]} → `, el('strong', {}, classes[predicted] ?? `${predicted}`)),
          el('span', { class: 'note' }, `${percent(probability)} sure`),
        );
      }),
    );
  }
}
