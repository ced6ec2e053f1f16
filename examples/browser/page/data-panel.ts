import { el, fill, write } from '../../../src/ui/page/dom.js';
import { integer } from '../../../src/ui/page/format.js';
import { sheet } from '../../../src/ui/page/pixels.js';
import type { DataFacts, Dropped } from '../protocol.js';
import { chosen } from './drops.js';
import { type Ask, button, field, fileButton, panel } from './panel.js';

const HELP =
  'Or drop onto this page: batches of CIFAR-10 (.bin), the files of MNIST (idx, also .gz), or folders of pictures, ' +
  'one for each class.';
const SIDE = 40;

/** What is trained on. */
export class DataPanel {
  readonly root: HTMLElement;
  readonly #ask: Ask;
  readonly #name = el('strong');
  readonly #facts = el('p', { class: 'note' }, 'Drawing …');
  readonly #samples = el('ul', { class: 'samples', 'aria-label': 'A picture of each class' });
  readonly #count = el(
    'select',
    { id: 'images' },
    ...[1000, 3000, 10_000].map((count) => el('option', { value: count, selected: count === 3000 }, integer(count))),
  );

  constructor(ask: Ask, take: (files: readonly Dropped[]) => void) {
    this.#ask = ask;
    const takeChosen = (files: readonly File[]) => take(chosen(files));
    this.root = panel(
      'data',
      '1 · Data',
      el('p', {}, this.#name),
      this.#facts,
      this.#samples,
      el(
        'div',
        { class: 'row' },
        field('Synthetic pictures', this.#count),
        button('Draw them', () => this.drawSynthetic()),
      ),
      el('p', { class: 'note' }, HELP),
      el(
        'div',
        { class: 'row' },
        fileButton('Choose files…', { multiple: true }, takeChosen),
        fileButton('Choose a folder…', { webkitdirectory: true }, takeChosen),
      ),
    );
  }

  drawSynthetic(): void {
    this.#ask({ kind: 'synthetic', images: Number(this.#count.value) });
  }

  show({ name, training, validation, shape, classes, samples, labels }: DataFacts): void {
    const [C, H, W] = shape;
    write(this.#name, name);
    const pictures = `${integer(training)} pictures to train on, ${integer(validation)} to check with`;
    write(this.#facts, `${pictures}; ${W} × ${H} pixels, ${C === 1 ? 'gray' : 'in color'}; ${classes.length} classes`);
    const size = C * H * W;
    fill(
      this.#samples,
      ...labels.map((label, i) => {
        const one = { ...samples, pixels: samples.pixels.subarray(i * size, (i + 1) * size) };
        const how = { columns: 1, scale: Math.max(1, Math.round(SIDE / Math.max(H, W))), gap: 0 };
        return el('li', {}, sheet(one, how, `A picture of ${classes[label]}`), el('span', {}, classes[label]!));
      }),
    );
  }
}
