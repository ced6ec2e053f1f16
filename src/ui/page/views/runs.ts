import { flat } from '../../plain.js';
import type { RunSummary } from '../../protocol.js';
import { Chart } from '../chart.js';
import { badge } from '../controls.js';
import { el, fill, scrollable, table } from '../dom.js';
import { decimal, duration, integer, moment, percent, UNKNOWN } from '../format.js';
import { pen, swatch } from '../palette.js';
import { Smoothed } from '../points.js';
import type { Change, Run, Source, Store } from '../store.js';
import { addressOf, settings, type View } from '../view.js';
import { accuracyChart, averaged, curveOfEpochs, logSwitch } from './overview.js';

/** How many runs are drawn before there is a choice. */
const FIRST = 5;

interface Column {
  readonly name: string;
  readonly text: string;
  cell(summary: RunSummary): Node | string;
  /** What the rows are sorted by. */
  key(summary: RunSummary): number | string | null;
}

const COLUMNS: readonly Column[] = [
  {
    name: 'title',
    text: 'run',
    cell: ({ info }) => el('a', { href: addressOf(info.id) }, info.title),
    key: ({ info }) => info.title,
  },
  { name: 'state', text: 'state', cell: ({ status }) => badge(status.state), key: ({ status }) => status.state },
  {
    name: 'accuracy',
    text: 'best validation accuracy',
    cell: ({ best }) => percent(best?.valAcc ?? null),
    key: ({ best }) => best?.valAcc ?? null,
  },
  {
    name: 'loss',
    text: 'loss',
    cell: ({ status }) => decimal(status.loss),
    key: ({ status }) => status.loss,
  },
  {
    name: 'epochs',
    text: 'epochs',
    cell: ({ info, status }) =>
      info.totalEpochs === null ? integer(status.epoch) : `${status.epoch} of ${info.totalEpochs}`,
    key: ({ status }) => status.epoch,
  },
  { name: 'time', text: 'time', cell: ({ status }) => duration(status.seconds), key: ({ status }) => status.seconds },
  { name: 'started', text: 'started', cell: ({ info }) => moment(info.startedAt), key: ({ info }) => info.startedAt },
];

/** The runs as a table, and those that are chosen over each other. */
export class Runs implements View {
  readonly root = el('div');
  readonly #store: Store;
  readonly #source: Source;
  readonly #body = el('tbody');
  readonly #heads = new Map<string, HTMLElement>();
  readonly #rows = new Map<string, { readonly row: HTMLElement; text: string }>();
  readonly #note = el('p', { class: 'note' });
  readonly #charts = el('div', { class: 'charts' });
  readonly #differences = el('section', { class: 'panel' });
  readonly #smoothed = new Map<string, Smoothed>();
  #made: Chart[] = [];
  #drawn = '';

  constructor(store: Store, source: Source) {
    this.#store = store;
    this.#source = source;
    const heads = COLUMNS.map(({ name, text }) => {
      const head = el('th', { scope: 'col' }, el('button', { type: 'button', click: () => this.#sort(name) }, text));
      this.#heads.set(name, head);
      return head;
    });
    const list = el(
      'table',
      { class: 'runs' },
      el('caption', { class: 'hidden' }, 'Runs'),
      el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'drawn'), ...heads)),
      this.#body,
    );
    fill(
      this.root,
      this.#note,
      el('section', { class: 'panel' }, scrollable('Runs', list)),
      this.#charts,
      this.#differences,
    );
    this.update(new Set(['list', 'info']));
  }

  update(changes: ReadonlySet<Change>): void {
    if (changes.has('list') || changes.has('status') || changes.has('epochs')) this.#showTable();
    if (changes.has('list') || changes.has('info')) this.#arrange();
    if (changes.has('points') || changes.has('epochs')) for (const chart of this.#made) chart.refresh();
  }

  repaint(): void {
    for (const chart of this.#made) chart.redraw();
  }

  close(): void {
    for (const chart of this.#made) chart.close();
  }

  /** The ids of the runs that are drawn, in the order of the list: a run keeps its pen while others are sorted. */
  get #chosen(): string[] {
    const ids = this.#store.summaries.map(({ info }) => info.id);
    if (settings.chosen === null) return ids.slice(0, FIRST);
    return settings.chosen.filter((id) => ids.includes(id));
  }

  #showTable(): void {
    const { summaries } = this.#store;
    this.#note.hidden = summaries.length > 0;
    this.#note.textContent = 'There are no runs yet. They come here as they start.';
    const { column, isDescending } = settings.sortedBy;
    for (const [name, head] of this.#heads) {
      if (name === column) head.setAttribute('aria-sort', isDescending ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    }
    const sorted = [...summaries].sort(orderOf(column, isDescending));
    const rows = sorted.map((summary) => this.#rowOf(summary));
    // Rows that stay where they are keep the focus that may be in them.
    rows.forEach((row, i) => {
      if (this.#body.children[i] !== row) this.#body.insertBefore(row, this.#body.children[i] ?? null);
    });
    while (this.#body.children.length > rows.length) this.#body.lastElementChild!.remove();
  }

  /** The row of a run, whose cells are written anew where they are others. */
  #rowOf(summary: RunSummary): HTMLElement {
    const { id, title } = summary.info;
    const place = this.#chosen.indexOf(id);
    const cells = COLUMNS.map((column) => column.cell(summary));
    const text = JSON.stringify([
      place,
      title,
      cells.map((cell) => (typeof cell === 'string' ? cell : cell.textContent)),
    ]);
    const known = this.#rows.get(id);
    if (known?.text === text) return known.row;
    const row = known?.row ?? el('tr');
    const before = [...row.children];
    if (before.length > 0) {
      for (const [i, cell] of cells.slice(1).entries()) fill(before[i + 2]!, cell);
      this.#showPen(before[0]!, place);
    } else {
      const box = el('input', {
        type: 'checkbox',
        'aria-label': `Draw ${title}`,
        checked: place >= 0,
        change: () => this.#choose(id, box.checked),
      });
      const drawn = el('td', { class: 'drawn' }, box);
      this.#showPen(drawn, place);
      const [name = '', ...others] = cells;
      fill(row, drawn, el('th', { scope: 'row' }, name), ...others.map((cell) => el('td', {}, cell)));
    }
    this.#rows.set(id, { row, text });
    return row;
  }

  #showPen(cell: Element, place: number): void {
    cell.querySelector('svg')?.remove();
    if (place >= 0) cell.append(swatch(pen(place)));
  }

  #sort(column: string): void {
    const { sortedBy } = settings;
    const isDescending = sortedBy.column === column ? !sortedBy.isDescending : column !== 'title';
    settings.sortedBy = { column, isDescending };
    this.#showTable();
  }

  #choose(id: string, isChosen: boolean): void {
    const others = this.#chosen.filter((other) => other !== id);
    settings.chosen = isChosen ? [...others, id] : others;
    this.#showTable();
    this.#arrange();
  }

  /** Draws the chosen runs, where they are others. */
  #arrange(): void {
    const chosen = this.#chosen;
    this.#source.watch(chosen);
    const runs = chosen.flatMap((id) => this.#store.runs.get(id) ?? []);
    this.#showDifferences(runs);
    const drawn = JSON.stringify(runs.map(({ info }) => [info.id, info.title, chosen.indexOf(info.id)]));
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.close();
    this.#made = [];
    if (runs.length > 0) {
      const penOf = (run: Run) => pen(chosen.indexOf(run.info.id));
      const loss: Chart = new Chart({
        title: 'Loss',
        unit: 'iteration',
        format: decimal,
        isLog: settings.isLogLoss,
        lines: runs.map((run) => ({ name: run.info.title, pen: penOf(run), curve: () => this.#lossOf(run) })),
        controls: [
          logSwitch('loss', settings.isLogLoss, (isLog) => {
            settings.isLogLoss = isLog;
            loss.setLog(isLog);
          }),
        ],
      });
      const accuracies = (name: 'trainAcc' | 'valAcc') =>
        runs.map((run) => ({
          name: run.info.title,
          pen: penOf(run),
          isMarked: true,
          curve: () => curveOfEpochs(run.epochs, (row) => row[name]),
        }));
      this.#made = [
        loss,
        accuracyChart('Validation accuracy', accuracies('valAcc')),
        accuracyChart('Training accuracy', accuracies('trainAcc')),
      ];
    }
    fill(this.#charts, ...this.#made.map(({ root }) => root));
    for (const chart of this.#made) chart.refresh();
  }

  #lossOf({ info, points }: Run) {
    let smoothed = this.#smoothed.get(info.id);
    if (smoothed?.n !== averaged()) {
      smoothed = new Smoothed(averaged());
      this.#smoothed.set(info.id, smoothed);
    }
    return { x: points.iteration, y: smoothed.of(points.loss) };
  }

  #showDifferences(runs: readonly Run[]): void {
    this.#differences.hidden = runs.length < 2;
    if (runs.length < 2) return;
    const all = runs.map(({ info }) => new Map(flat(info.config)));
    const names = [...new Set(all.flatMap((values) => [...values.keys()]))];
    const rows = names.map((name) => [name, ...all.map((values) => values.get(name) ?? UNKNOWN)]);
    const different = rows.filter(([, first, ...others]) => others.some((text) => text !== first));
    const shown = settings.showsAllSettings ? rows : different;
    const box = el('input', {
      id: 'all-settings',
      type: 'checkbox',
      checked: settings.showsAllSettings,
      change: () => {
        settings.showsAllSettings = box.checked;
        this.#showDifferences(runs);
        document.getElementById('all-settings')?.focus();
      },
    });
    const caption = 'Settings of the runs that are drawn';
    fill(
      this.#differences,
      el(
        'div',
        { class: 'chart-head' },
        el('h3', {}, 'Differences of their settings'),
        el('span', { class: 'tool' }, box, el('label', { for: 'all-settings' }, 'Show all settings')),
      ),
      shown.length === 0
        ? el('p', { class: 'note' }, 'They have the same settings.')
        : scrollable(caption, table(caption, ['setting', ...runs.map(({ info }) => info.title)], shown)),
    );
  }
}

/** The order of rows by a column. Those without a value come last either way. */
function orderOf(name: string, isDescending: boolean): (a: RunSummary, b: RunSummary) => number {
  const column = COLUMNS.find((candidate) => candidate.name === name) ?? COLUMNS[0]!;
  return (a, b) => {
    const [first, second] = [column.key(a), column.key(b)];
    if (first === null || second === null) return Number(first === null) - Number(second === null);
    const order =
      typeof first === 'string' ? first.localeCompare(`${second}`, 'en', { numeric: true }) : first - Number(second);
    return isDescending ? -order : order;
  };
}
