import type { MistakesView } from '../../protocol.js';
import { el, fill, write } from '../dom.js';
import { integer, percent } from '../format.js';
import { sheet } from '../pixels.js';
import { bytesOf } from '../points.js';
import type { Change } from '../store.js';
import { addressOf, type RunContext, type View } from '../view.js';
import { noteOf } from './notes.js';

/** Pixels of the screen that a picture is at least as wide as. */
const SIDE = 96;

/** The examples that the model gets wrong, the most confident first; those of one cell of the confusion matrix. */
export class Mistakes implements View {
  readonly root = el('div');
  readonly #context: RunContext;
  readonly #note = el('p', { class: 'note' });
  readonly #filter = el('p', { class: 'filter' });
  readonly #list = el('ul', { class: 'mistakes' });

  constructor(context: RunContext) {
    this.#context = context;
    fill(this.root, this.#note, this.#filter, this.#list);
    this.update(new Set(['insight']));
  }

  update(changes: ReadonlySet<Change>): void {
    if (!changes.has('insight')) return;
    const { run } = this.#context;
    const mistakes = run.insight?.mistakes ?? null;
    noteOf(this.#note, run, mistakes !== null, 'sheet of mistakes');
    this.#filter.hidden = mistakes === null;
    if (mistakes === null) {
      fill(this.#list);
      return;
    }
    const { wrong, examples, items } = mistakes;
    const all = `${integer(wrong)} of ${integer(examples)} examples are wrong`;
    const shown = items.length < wrong ? `; the ${integer(items.length)} most confident ones are here` : '';
    write(this.#note, `${this.#note.textContent} ${all}${shown}.`);
    this.#show(mistakes);
  }

  #show(mistakes: MistakesView): void {
    const [label, predicted] = this.#context.rest.map(Number);
    const items = mistakes.items.filter(
      (item) =>
        (label === undefined || item.label === label) && (predicted === undefined || item.predicted === predicted),
    );
    this.#showFilter(label, predicted, items.length);
    fill(
      this.#list,
      ...items.map((item) => {
        const words = `${this.#nameOf(item.label)} → ${this.#nameOf(item.predicted)}`;
        return el(
          'li',
          {},
          item.pixels === null ? null : pictureOf(mistakes, item.pixels, `Example ${item.index}`),
          el('span', { class: 'words' }, words),
          el('span', { class: 'note' }, `${percent(item.probability)} sure`),
          el('span', { class: 'note' }, `example ${integer(item.index)}`),
        );
      }),
    );
  }

  /** Says which mistakes are shown where not all are. */
  #showFilter(label: number | undefined, predicted: number | undefined, count: number): void {
    const { run } = this.#context;
    this.#filter.hidden = label === undefined;
    if (label === undefined) return;
    const of = predicted === undefined ? '' : ` predicted as ${this.#nameOf(predicted)}`;
    const classes = run.insight?.confusion?.classes.length ?? 0;
    const counted =
      predicted === undefined ? null : (run.insight?.confusion?.counts[label * classes + predicted] ?? null);
    const text = `Label ${this.#nameOf(label)}${of}: ${integer(count)} shown`;
    fill(
      this.#filter,
      counted === null || counted === count ? `${text}. ` : `${text} of ${integer(counted)} counted. `,
      el('a', { href: addressOf(run.info.id, 'mistakes') }, 'Show all mistakes'),
      ' · ',
      el('a', { href: addressOf(run.info.id, 'confusion') }, 'Back to the matrix'),
    );
  }

  #nameOf(label: number): string {
    const { run } = this.#context;
    return run.info.classes?.[label] ?? run.insight?.confusion?.classes[label] ?? `${label}`;
  }
}

function pictureOf({ height, width, channels }: MistakesView, pixels: string, label: string): HTMLCanvasElement {
  const scale = Math.max(1, Math.round(SIDE / Math.max(height, width)));
  return sheet({ height, width, channels, pixels: bytesOf(pixels) }, { columns: 1, scale, gap: 0 }, label);
}
