import type { ConfusionView } from '../../protocol.js';
import { el, fill, scrollable, write } from '../dom.js';
import { integer, percent, UNKNOWN } from '../format.js';
import type { Change } from '../store.js';
import { addressOf, type RunContext, settings, type View } from '../view.js';
import { choice } from './filters.js';
import { noteOf } from './notes.js';

const ARROWS: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** Labels against predictions, as a table whose cells lead to the mistakes in them. */
export class Confusion implements View {
  readonly root = el('div');
  readonly #context: RunContext;
  readonly #note = el('p', { class: 'note' });
  readonly #table = scrollable('Confusion matrix');
  readonly #panel: HTMLElement;
  #classes = '';
  #links: HTMLAnchorElement[][] = [];
  #recalls: HTMLElement[] = [];
  #precisions: HTMLElement[] = [];

  constructor(context: RunContext) {
    this.#context = context;
    const change = (showsShares: boolean) => {
      settings.showsShares = showsShares;
      this.#show();
    };
    this.#panel = el(
      'section',
      { class: 'panel' },
      choice('What the cells have', 'confusion', [
        ['Counts', !settings.showsShares, () => change(false)],
        ['Shares of the label', settings.showsShares, () => change(true)],
      ]),
      el(
        'p',
        { class: 'note' },
        'Rows are labels, columns predictions. Arrow keys move; Enter shows the mistakes of a cell.',
      ),
      this.#table,
    );
    fill(this.root, this.#note, this.#panel);
    this.#table.addEventListener('keydown', (event) => this.#move(event));
    this.update(new Set(['insight']));
  }

  update(changes: ReadonlySet<Change>): void {
    if (changes.has('insight')) this.#show();
  }

  #show(): void {
    const confusion = this.#context.run.insight?.confusion ?? null;
    noteOf(this.#note, this.#context.run, confusion !== null, 'confusion matrix');
    this.#panel.hidden = confusion === null;
    if (confusion === null) return;
    write(this.#note, `${this.#note.textContent} ${integer(confusion.examples)} examples.`);
    const classes = JSON.stringify(confusion.classes);
    if (classes !== this.#classes) this.#make(confusion);
    this.#classes = classes;
    this.#write(confusion);
  }

  /** Makes the cells, which stay while the classes do. */
  #make({ classes }: ConfusionView): void {
    const { id } = this.#context.run.info;
    this.#links = classes.map((_, label) =>
      classes.map((_, predicted) =>
        el('a', {
          href: label === predicted ? addressOf(id, 'mistakes', label) : addressOf(id, 'mistakes', label, predicted),
          tabindex: label === 0 && predicted === 0 ? 0 : -1,
          'data-cell': `${label} ${predicted}`,
        }),
      ),
    );
    this.#recalls = classes.map(() => el('td'));
    this.#precisions = classes.map(() => el('td'));
    fill(
      this.#table,
      el(
        'table',
        { class: 'confusion' },
        el('caption', { class: 'hidden' }, 'Confusion matrix: rows are labels, columns predictions'),
        el(
          'thead',
          {},
          el(
            'tr',
            {},
            el('th', { scope: 'col' }, 'label'),
            ...classes.map((name) => el('th', { scope: 'col' }, name)),
            el('th', { scope: 'col' }, 'recall'),
          ),
        ),
        el(
          'tbody',
          {},
          ...classes.map((name, i) =>
            el(
              'tr',
              {},
              el('th', { scope: 'row' }, name),
              ...this.#links[i]!.map((a) => el('td', {}, a)),
              this.#recalls[i]!,
            ),
          ),
          el('tr', {}, el('th', { scope: 'row' }, 'precision'), ...this.#precisions, el('td')),
        ),
      ),
    );
  }

  #write({ counts, classes }: ConfusionView): void {
    const C = classes.length;
    const at = (label: number, predicted: number) => counts[label * C + predicted] ?? 0;
    const all = classes.map((_, i) => i);
    const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);
    for (const label of all) {
      const row = all.reduce((sum, predicted) => sum + at(label, predicted), 0);
      write(this.#recalls[label]!, percent(share(at(label, label), row)));
      const column = all.reduce((sum, other) => sum + at(other, label), 0);
      write(this.#precisions[label]!, percent(share(at(label, label), column)));
      for (const predicted of all) {
        const link = this.#links[label]![predicted]!;
        const count = at(label, predicted);
        const part = share(count, row);
        const text = settings.showsShares ? (part === null ? UNKNOWN : `${Math.round(100 * part)} %`) : integer(count);
        write(link, text);
        const is = label === predicted ? 'right' : `predicted as ${classes[predicted]}`;
        link.setAttribute('aria-label', `${text}: ${classes[label]}, ${is}`);
        const cell = link.parentElement!;
        cell.className = count === 0 ? 'none' : label === predicted ? 'right' : 'wrong';
        // Roots, so that few mistakes are seen beside many right ones.
        cell.style.setProperty('--share', `${Math.round(100 * Math.sqrt(part ?? 0))}%`);
      }
    }
  }

  #move(event: KeyboardEvent): void {
    const arrow = ARROWS[event.key];
    const cell = event.target instanceof HTMLElement ? event.target.dataset.cell : undefined;
    if (arrow === undefined || cell === undefined) return;
    event.preventDefault();
    const [label = 0, predicted = 0] = cell.split(' ').map(Number);
    const next = this.#links[label + arrow[0]]?.[predicted + arrow[1]];
    if (next === undefined) return;
    this.#links[label]![predicted]!.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
}
