import type { FiltersView } from '../../protocol.js';
import { el, fill, scrollable, table } from '../dom.js';
import { percent } from '../format.js';
import { sheet } from '../pixels.js';
import { bytesOf } from '../points.js';
import type { Change } from '../store.js';
import { type RunContext, settings, type View } from '../view.js';
import { noteOf } from './notes.js';

const GAP = 4;
/** Pixels of the screen that a filter is about as wide as. */
const SIDE = 64;

/** The filters of the first layer as pictures, and how they have changed. */
export class Filters implements View {
  readonly root = el('div');
  readonly #context: RunContext;
  readonly #note = el('p', { class: 'note' });
  readonly #picture = el('div', { class: 'sheet' });
  readonly #table = el('div');
  readonly #choice: HTMLElement;
  readonly #panel: HTMLElement;
  readonly #resized: ResizeObserver;
  #width = 0;

  constructor(context: RunContext) {
    this.#context = context;
    const change = (showsChange: boolean) => {
      settings.showsChange = showsChange;
      this.#show();
    };
    this.#choice = choice('What is shown', 'filters', [
      ['Weights', !settings.showsChange, () => change(false)],
      ['Change since the start', settings.showsChange, () => change(true)],
    ]);
    const details = el('details', {}, el('summary', {}, 'Change of each filter as a table'), this.#table);
    this.#panel = el('section', { class: 'panel' }, this.#choice, this.#picture, details);
    fill(this.root, this.#note, this.#panel);
    this.#resized = new ResizeObserver(() => {
      if (Math.abs(this.#picture.clientWidth - this.#width) > SIDE / 2) this.#show();
    });
    this.#resized.observe(this.#picture);
    this.update(new Set(['insight']));
  }

  update(changes: ReadonlySet<Change>): void {
    if (changes.has('insight')) this.#show();
  }

  close(): void {
    this.#resized.disconnect();
  }

  #show(): void {
    const filters = this.#context.run.insight?.filters ?? null;
    noteOf(this.#note, this.#context.run, filters !== null, 'filters that can be shown as pictures');
    this.#panel.hidden = filters === null;
    if (filters === null) return;
    this.#width = this.#picture.clientWidth;
    fill(this.#picture, ...this.#draw(filters));
    const rows = (filters.changeNorms ?? []).map((norm, i) => [`${i + 1}`, percent(norm)]);
    const name = 'Change of each filter, by its norm over the norm it had';
    fill(
      this.#table,
      rows.length === 0
        ? el('p', { class: 'note' }, 'Their change is not known.')
        : scrollable(name, table(name, ['filter', 'change'], rows)),
    );
  }

  #draw({ count, height, width, channels, pixels, change }: FiltersView): (Node | string)[] {
    if (settings.showsChange && change === null) {
      return [el('p', { class: 'note' }, 'Their change is not known.')];
    }
    const shown = bytesOf(settings.showsChange ? change! : pixels);
    const scale = Math.max(1, Math.round(SIDE / Math.max(height, width)));
    const room = Math.max(SIDE, this.#width || 320);
    const columns = Math.max(1, Math.min(count, Math.floor((room + GAP) / (width * scale + GAP))));
    const what = settings.showsChange
      ? 'Their change since the start, each in its own range.'
      : 'Each in its own range.';
    const label = `${count} filters of ${height} by ${width} pixels, ${channels === 3 ? 'in color' : 'gray'}. ${what}`;
    return [
      sheet({ height, width, channels, pixels: shown }, { columns, scale, gap: GAP }, label),
      el('p', { class: 'note' }, label),
    ];
  }
}

/** Buttons of which one is chosen. */
export function choice(
  label: string,
  name: string,
  choices: readonly (readonly [text: string, isChosen: boolean, choose: () => void])[],
): HTMLElement {
  return el(
    'fieldset',
    { class: 'choice' },
    el('legend', { class: 'hidden' }, label),
    ...choices.map(([text, isChosen, choose], i) =>
      el(
        'span',
        { class: 'tool' },
        el('input', { type: 'radio', name, id: `${name}-${i}`, checked: isChosen, change: choose }),
        el('label', { for: `${name}-${i}` }, text),
      ),
    ),
  );
}
