import { el, fill, write } from '../../../src/ui/page/dom.js';
import { integer } from '../../../src/ui/page/format.js';
import type { Dropped, Engine, Report, State } from '../protocol.js';
import { DataPanel } from './data-panel.js';
import { listenForDrops } from './drops.js';
import { FiltersPanel, MistakesPanel } from './gallery.js';
import { NetworkPanel } from './network-panel.js';
import type { Ask } from './panel.js';
import { ProgressPanel } from './progress-panel.js';
import { TryPanel } from './try-panel.js';

const LEAD =
  'Pick pictures, press Train, and watch it learn. All of it runs in this page: nothing leaves your computer.';

/** Milliseconds that a sentence is seen for. */
const SAID = 10_000;

/** The page: asks the worker, and shows what it tells. */
export class App {
  readonly #data: DataPanel;
  readonly #network: NetworkPanel;
  readonly #progress = new ProgressPanel();
  readonly #try: TryPanel;
  readonly #filters = new FiltersPanel();
  readonly #mistakes = new MistakesPanel();
  readonly #engine = el('div', { class: 'engine' });
  readonly #said = el('p', { role: 'status' });
  readonly #refused = el('p', { class: 'error', role: 'alert' });
  readonly #dismiss = el(
    'button',
    { type: 'button', class: 'small', 'aria-label': 'Dismiss the message', click: () => this.#say('', false) },
    '×',
  );
  readonly #refusal = el('div', { class: 'refusal' }, this.#refused, this.#dismiss);
  readonly #messages = el('div', { class: 'messages' }, this.#said, this.#refusal);
  /** The classes of the data, and those that the network knows. */
  #classes: readonly string[] = [];
  #known: readonly string[] = [];
  #state: State = 'idle';
  #silence = 0;

  constructor(root: HTMLElement, worker: Worker) {
    const ask: Ask = (request, transfer = []) => {
      if (request.kind === 'synthetic') this.#say(`Drawing ${integer(request.images)} pictures …`, false);
      worker.postMessage(request, transfer);
    };
    const take = (files: readonly Dropped[]) => {
      this.#say(`Reading ${files.length === 1 ? files[0]!.path : `${files.length} files`} …`, false);
      ask({ kind: 'files', files });
    };
    this.#data = new DataPanel(ask, take);
    this.#network = new NetworkPanel(ask, take);
    this.#try = new TryPanel(ask, take);
    worker.onmessage = ({ data }: MessageEvent<Report>) => this.#hear(data);
    worker.onerror = ({ message }) => {
      const why = message ? `has failed: ${message}` : 'could not be loaded';
      this.#say(`The worker that trains ${why}. Load the page again.`, true);
    };
    fill(
      root,
      el(
        'header',
        {},
        el('p', { class: 'brand' }, 'layerwise'),
        el('h1', {}, 'Train a neural network, right here'),
        el('p', { class: 'lead' }, LEAD),
        this.#engine,
      ),
      el(
        'main',
        {},
        this.#data.root,
        this.#network.root,
        this.#progress.root,
        this.#try.root,
        this.#filters.root,
        this.#mistakes.root,
      ),
      this.#messages,
      listenForDrops(take, (sentence) => this.#say(sentence, true)),
    );
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#progress.redraw());
    addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') this.#say('', false);
    });
    this.#say('', false);
    this.#data.drawSynthetic();
  }

  #hear(report: Report): void {
    switch (report.kind) {
      case 'engine':
        this.#showEngine(report.engine);
        break;
      case 'data':
        this.#classes = report.data.classes;
        this.#data.show(report.data);
        break;
      case 'network':
        this.#known = report.network.classes;
        if (report.isNew) this.#progress.clear();
        this.#network.showNetwork(report.network);
        break;
      case 'state':
        if (this.#state === 'idle' && report.state === 'running') this.#say('', false);
        this.#state = report.state;
        this.#network.showState(report.state);
        this.#progress.showState(report.state, report.epochs);
        break;
      case 'points':
        this.#progress.addPoints(report);
        break;
      case 'look':
        this.#progress.addLook(report.look);
        this.#filters.show(report.look);
        this.#mistakes.show(report.look, this.#classes);
        break;
      case 'epoch':
        this.#progress.addEpoch(report.iteration, report.accuracy);
        break;
      case 'scores':
        this.#try.show(report.scores, this.#known);
        break;
      case 'saved':
        download(report.name, report.bytes);
        break;
      case 'said':
        this.#say(report.text, report.isError);
    }
  }

  #showEngine({ kernels, threads, isIsolated, notes }: Engine): void {
    const count = threads === 1 ? '1 thread' : `${threads} threads`;
    const isolated = isIsolated ? 'isolated page' : 'page not isolated';
    const facts = [kernels, count, isolated].map((fact) => el('li', {}, fact));
    fill(
      this.#engine,
      el('ul', { 'aria-label': 'What computes' }, ...facts),
      ...notes.map((note) => el('p', {}, note)),
    );
  }

  /** Says a sentence. One that tells of an error, or of a work that lasts, stays until the next, others for a while. */
  #say(text: string, isError: boolean): void {
    clearTimeout(this.#silence);
    const passes = !isError && !text.endsWith('…');
    if (passes) this.#silence = setTimeout(() => write(this.#said, ''), SAID) as unknown as number;
    this.#dismiss.hidden = !isError;
    this.#refusal.classList.toggle('shown', isError);
    write(this.#said, isError ? '' : text);
    write(this.#refused, isError ? text : '');
  }
}

function download(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const address = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  el('a', { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
