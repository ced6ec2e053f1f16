import { badge, isOver, STATES } from './controls.js';
import { el, fill, write } from './dom.js';
import { decimal, integer, percent } from './format.js';
import type { Change, Run, Source, Store } from './store.js';
import { addressOf, type Route, RUN_VIEWS, type RunContext, type RunView, routeOf, type View } from './view.js';
import { Config } from './views/config.js';
import { Confusion } from './views/confusion.js';
import { Filters } from './views/filters.js';
import { Layers } from './views/layers.js';
import { Mistakes } from './views/mistakes.js';
import { Overview } from './views/overview.js';
import { Runs } from './views/runs.js';

const VIEWS: Readonly<Record<RunView, new (context: RunContext) => View>> = {
  overview: Overview,
  layers: Layers,
  filters: Filters,
  confusion: Confusion,
  mistakes: Mistakes,
  config: Config,
};

/** Milliseconds between two summaries for those who listen. */
const SUMMARY_PAUSE = 30_000;

/** The page: what stands around a view, and which view the address asks for. */
export class App {
  readonly #store: Store;
  readonly #source: Source;
  readonly #brand = el('a', { class: 'brand', href: '#/' }, 'layerwise');
  readonly #title = el('h1', { tabindex: -1 });
  readonly #badge = el('span');
  readonly #nav = el('nav', { 'aria-label': 'Views' });
  readonly #main = el('main', { id: 'main', tabindex: -1 });
  readonly #lost = el('span');
  readonly #banner: HTMLElement;
  readonly #summary = el('p', { class: 'hidden', role: 'status' });
  #view: View | null = null;
  /** What the view was made for. */
  #shown = '';
  readonly #changes = new Set<Change>();
  #frame = 0;
  #summarized = Number.NEGATIVE_INFINITY;
  #state = '';

  constructor(root: HTMLElement, store: Store, source: Source) {
    this.#store = store;
    this.#source = source;
    this.#banner = el(
      'div',
      { class: 'banner' },
      this.#lost,
      el('button', { type: 'button', class: 'small', click: () => source.retry() }, 'Try now'),
    );
    this.#banner.hidden = true;
    fill(
      root,
      el('button', { type: 'button', class: 'skip', click: () => this.#main.focus() }, 'Skip to the content'),
      el('header', {}, el('div', { class: 'head' }, this.#brand, this.#title, this.#badge), this.#nav),
      el('div', { role: 'status' }, this.#banner),
      this.#summary,
      this.#main,
    );
    store.listen((change, run) => this.#changed(change, run));
    addEventListener('hashchange', () => this.#show(true));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#view?.repaint?.());
    this.#show(false);
  }

  /** Where the address leads: home is the run, where there is one, else the list. */
  get #route(): Exclude<Route, { page: 'home' }> {
    const route = routeOf(location.hash);
    if (route.page !== 'home') return route;
    const { summaries, source } = this.#store;
    const isOne = this.#isOfOne || (summaries.length === 1 && source === 'training');
    return isOne ? { page: 'run', run: summaries[0]!.info.id, view: 'overview', rest: [] } : { page: 'runs' };
  }

  /** Whether it is the report of one run. */
  get #isOfOne(): boolean {
    return this.#store.connected === 'embedded' && this.#store.summaries.length === 1;
  }

  #changed(change: Change, run: string | null): void {
    const route = this.#route;
    if (run !== null && route.page === 'run' && run !== route.run) return;
    this.#changes.add(change);
    // A page in the background draws nothing: what has changed is drawn when it is seen again.
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      const changes = new Set(this.#changes);
      this.#changes.clear();
      this.#show(false);
      this.#view?.update(changes);
    });
  }

  /** @param isMoved - Whether the reader went to another address: then the focus goes along. */
  #show(isMoved: boolean): void {
    const route = this.#route;
    if (route.page === 'run') this.#source.watch([route.run]);
    const run = route.page === 'run' ? (this.#store.runs.get(route.run) ?? null) : null;
    const shown = JSON.stringify([route, run !== null, this.#store.connected === 'connecting']);
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#view?.close?.();
      this.#view = this.#viewOf(route, run);
      this.#makeNav(route);
      const heading = route.page === 'run' ? RUN_VIEWS[route.view] : 'Comparison';
      fill(this.#main, el('h2', { class: 'hidden' }, heading), this.#view?.root ?? this.#waiting(route));
      // What was measured before it stood in the page is measured again.
      this.#view?.update(new Set(['points', 'insight']));
      if (isMoved) {
        scrollTo(0, 0);
        this.#title.focus({ preventScroll: true });
      }
    }
    this.#showHead(route, run);
    this.#showConnection();
    if (run !== null) this.#summarize(run);
  }

  #viewOf(route: Exclude<Route, { page: 'home' }>, run: Run | null): View | null {
    if (route.page === 'runs') {
      return this.#store.connected === 'connecting' ? null : new Runs(this.#store, this.#source);
    }
    if (run === null) return null;
    const command: RunContext['command'] = (told) => this.#source.command(run.info.id, told);
    return new VIEWS[route.view]({ store: this.#store, run, rest: route.rest, command });
  }

  #waiting(route: Exclude<Route, { page: 'home' }>): HTMLElement {
    const { summaries, connected } = this.#store;
    const isKnown = route.page === 'runs' || summaries.some(({ info }) => info.id === route.run);
    if (isKnown || connected === 'connecting' || connected === 'lost') return el('p', { class: 'note' }, 'Loading…');
    return el('p', { class: 'note' }, 'There is no such run. ', el('a', { href: '#/runs' }, 'Show all runs'));
  }

  #makeNav(route: Exclude<Route, { page: 'home' }>): void {
    const link = (address: string, text: string, isHere: boolean) =>
      el('a', { href: address, 'aria-current': isHere ? 'page' : null }, text);
    const views = route.page === 'run' ? (Object.entries(RUN_VIEWS) as [RunView, string][]) : [];
    fill(
      this.#nav,
      ...views.map(([view, text]) =>
        link(addressOf((route as { run: string }).run, view), text, (route as { view: RunView }).view === view),
      ),
      this.#isOfOne ? null : link('#/runs', 'All runs', route.page === 'runs'),
    );
  }

  #showHead(route: Exclude<Route, { page: 'home' }>, run: Run | null): void {
    const title = route.page === 'runs' ? this.#store.title || 'Runs' : (run?.info.title ?? route.run);
    write(this.#title, title);
    const { state, iteration } = run?.status ?? { state: null, iteration: 0 };
    if (state !== this.#state) {
      this.#state = state ?? '';
      fill(this.#badge, state === null ? null : badge(state));
    }
    const view = route.page === 'run' && route.view !== 'overview' ? `${RUN_VIEWS[route.view]} · ` : '';
    const total = run?.info.totalIterations ?? null;
    const isGoing = run !== null && !isOver(run.status) && total !== null;
    document.title = `${isGoing ? `${Math.floor((100 * iteration) / total)} % · ` : ''}${view}${title} · layerwise`;
  }

  #showConnection(): void {
    const isLost = this.#store.connected === 'lost';
    const isShown = !this.#banner.hidden;
    if (isLost === isShown) return;
    const now = new Date().toLocaleTimeString();
    if (isLost) write(this.#lost, `The server does not answer. What is shown is of ${now}; it is tried again.`);
    else write(this.#lost, '');
    this.#banner.hidden = !isLost;
  }

  /** Says how the run goes: where its state is another at once, else now and then. */
  #summarize({ info, status, epochs }: Run): void {
    const now = performance.now();
    const isOther = this.#summary.dataset.state !== `${info.id} ${status.state}`;
    if (!isOther && (isOver(status) || now - this.#summarized < SUMMARY_PAUSE)) return;
    this.#summarized = now;
    this.#summary.dataset.state = `${info.id} ${status.state}`;
    const accuracy = epochs.at(-1)?.valAcc ?? null;
    const total = info.totalIterations === null ? '' : ` of ${integer(info.totalIterations)}`;
    const words = [
      `${info.title}: ${STATES[status.state][0].toLowerCase()}`,
      `iteration ${integer(status.iteration)}${total}`,
      `loss ${decimal(status.loss)}`,
      ...(accuracy === null ? [] : [`validation accuracy ${percent(accuracy)}`]),
    ];
    write(this.#summary, `${words.join(', ')}.`);
  }
}
