import { flat } from '../../plain.js';
import { el, fill, scrollable, table } from '../dom.js';
import { integer, moment, UNKNOWN } from '../format.js';
import type { Change } from '../store.js';
import type { RunContext, View } from '../view.js';

/** What a run was made with. */
export class Config implements View {
  readonly root = el('div');
  readonly #context: RunContext;
  readonly #run = el('section', { class: 'panel' });
  readonly #settings = scrollable('Settings');

  constructor(context: RunContext) {
    this.#context = context;
    fill(this.root, this.#run, el('section', { class: 'panel' }, el('h3', {}, 'Settings'), this.#settings));
    this.update(new Set(['info']));
  }

  update(changes: ReadonlySet<Change>): void {
    if (!changes.has('info')) return;
    const { info } = this.#context.run;
    const rows = [
      ['trained by', info.fn],
      ['started', moment(info.startedAt)],
      ['folder', info.folder ?? UNKNOWN],
      ['epochs', integer(info.totalEpochs)],
      ['iterations', integer(info.totalIterations)],
      ['batch', info.batchSize === null ? UNKNOWN : `${integer(info.batchSize)} examples`],
      ['parameters', integer(info.parameters)],
      ['classes', info.classes === null ? UNKNOWN : info.classes.join(', ')],
    ];
    fill(this.#run, el('h3', {}, 'Run'), table('Run', ['what', 'value'], rows));
    const settings = flat(info.config);
    fill(
      this.#settings,
      settings.length === 0
        ? el('p', { class: 'note' }, 'None are known.')
        : table(
            'Settings',
            ['setting', 'value'],
            settings.map(([name, text]) => [name, el('code', {}, text)]),
          ),
    );
  }
}
