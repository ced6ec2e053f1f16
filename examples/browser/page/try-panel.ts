import { el, fill, write } from '../../../src/ui/page/dom.js';
import { percent } from '../../../src/ui/page/format.js';
import { sheet } from '../../../src/ui/page/pixels.js';
import type { Dropped, Scores } from '../protocol.js';
import { chosen } from './drops.js';
import { type Ask, button, field, fileButton, panel } from './panel.js';
import { Sketch } from './sketch.js';

const HELP =
  'Draw in white. By keyboard: the arrow keys move the pen, the space bar sets it down and lifts it. ' +
  'Or drop a picture onto the page.';
const SHOWN = 5;
const SIDE = 96;
/** Milliseconds between two classifications of a drawing that grows. */
const PAUSE = 80;

/** What the network says of a drawing or a picture. */
export class TryPanel {
  readonly root: HTMLElement;
  readonly #ask: Ask;
  readonly #sketch = new Sketch(() => this.#changed());
  readonly #brush = el('input', {
    id: 'brush',
    type: 'range',
    min: 8,
    max: 80,
    step: 4,
    value: 24,
    input: () => {
      this.#sketch.brush = Number(this.#brush.value);
    },
  });
  readonly #verdict = el('p', { class: 'verdict', 'aria-live': 'polite' }, 'Draw something.');
  readonly #seen = el('div', { class: 'seen' });
  readonly #bars = el('ol', { class: 'bars', 'aria-label': 'Probabilities' });
  #timer = 0;

  constructor(ask: Ask, take: (files: readonly Dropped[]) => void) {
    this.#ask = ask;
    this.root = panel(
      'try',
      '4 · Try it',
      el('p', { id: 'sketch-help', class: 'note' }, HELP),
      this.#sketch.root,
      el(
        'div',
        { class: 'row' },
        field('Brush', this.#brush),
        button('Clear', () => this.#clear()),
        button('Take one of the data', () => this.#take()),
        fileButton('Choose a picture…', { accept: 'image/*' }, (files) => take(chosen(files))),
      ),
      this.#verdict,
      el('div', { class: 'answer' }, this.#seen, this.#bars),
    );
  }

  show(scores: Scores | null, classes: readonly string[]): void {
    if (scores === null) {
      write(this.#verdict, 'Draw something.');
      fill(this.#seen);
      fill(this.#bars);
      return;
    }
    const { probabilities, seen, source, label } = scores;
    const order = probabilities.map((_, c) => c).sort((a, b) => probabilities[b]! - probabilities[a]!);
    const best = order[0]!;
    const truth = label === null ? '' : label === best ? ': right' : `, but it is ${classes[label]}`;
    write(this.#verdict, `It takes ${source} for ${classes[best] ?? best}${truth}.`);
    const scale = Math.max(1, Math.round(SIDE / Math.max(seen.height, seen.width)));
    fill(this.#seen, sheet(seen, { columns: 1, scale, gap: 0 }, 'The picture as the network sees it'));
    fill(
      this.#bars,
      ...order.slice(0, SHOWN).map((c) => {
        const bar = el('span', { class: 'bar', 'aria-hidden': 'true' });
        bar.style.width = percent(probabilities[c]!).replace(' ', '');
        const name = el('span', { class: 'name' }, classes[c] ?? `${c}`);
        return el('li', {}, bar, name, el('span', {}, percent(probabilities[c]!)));
      }),
    );
  }

  /** Has the drawing classified, at most some times a second. */
  #changed(): void {
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      const { drawing } = this.#sketch;
      this.#ask({ kind: 'drawing', drawing }, [drawing.data.buffer]);
    }, PAUSE) as unknown as number;
  }

  #clear(): void {
    this.#sketch.clear();
    this.#changed();
  }

  #take(): void {
    this.#sketch.clear();
    this.#ask({ kind: 'example' });
  }
}
