import { el, fill, write } from '../../../src/ui/page/dom.js';
import { integer } from '../../../src/ui/page/format.js';
import type { Dropped, Network, NetworkFacts, Settings, State } from '../protocol.js';
import { chosen } from './drops.js';
import { type Ask, button, field, fileButton, panel } from './panel.js';

interface Kind {
  readonly name: string;
  readonly about: string;
  /** What its width counts, and what there is to choose from. */
  readonly width: { readonly label: string; readonly choices: readonly number[]; readonly usual: number } | null;
}

const KINDS: Readonly<Record<Network, Kind>> = {
  convolutional: {
    name: 'Convolutional',
    about: 'Two convolutions with batch normalization, each halved by pooling, and a linear layer.',
    width: { label: 'Filters', choices: [8, 16, 32], usual: 16 },
  },
  hidden: {
    name: 'Two layers',
    about: 'A hidden layer that sees all pixels, and a linear layer.',
    width: { label: 'Hidden units', choices: [50, 100, 200], usual: 100 },
  },
  linear: { name: 'Linear', about: 'One template for each class.', width: null },
};
const RATES = { convolutional: 2e-3, hidden: 1e-3, linear: 3e-4 };

/** What is trained, and how: the choice of a network, the buttons of its training, its file. */
export class NetworkPanel {
  readonly root: HTMLElement;
  readonly #ask: Ask;
  readonly #kind = el(
    'select',
    {
      id: 'network',
      change: () => {
        this.#isChosen = true;
        this.#choose();
      },
    },
    ...Object.entries(KINDS).map(([value, { name }]) => el('option', { value }, name)),
  );
  readonly #about = el('p', { class: 'note' });
  readonly #width = el('select', { id: 'width' });
  readonly #widthField = field('Filters', this.#width);
  readonly #rate = el('input', {
    id: 'rate',
    inputmode: 'decimal',
    autocomplete: 'off',
    'aria-describedby': 'settings-error',
    change: () => this.#setRate(),
  });
  readonly #epochs = el('input', {
    id: 'epochs',
    inputmode: 'numeric',
    autocomplete: 'off',
    value: 10,
    'aria-describedby': 'settings-error',
  });
  readonly #error = el('p', { id: 'settings-error', class: 'error', role: 'alert' });
  readonly #train = button('Train', () => this.#start(true), 'primary');
  readonly #more = button('Train on', () => this.#start(false));
  readonly #pause = button('Pause', () => this.#pauseOrResume());
  readonly #stop = button('Stop', () => this.#ask({ kind: 'stop' }), 'danger');
  readonly #facts = el('p', { class: 'note' });
  #state: State = 'idle';
  #isTrained = false;
  #isChosen = false;

  constructor(ask: Ask, take: (files: readonly Dropped[]) => void) {
    this.#ask = ask;
    this.root = panel(
      'network',
      '2 · Network',
      field('Kind', this.#kind),
      this.#about,
      el(
        'div',
        { class: 'row settings' },
        this.#widthField,
        field('Learning rate', this.#rate),
        field('Epochs', this.#epochs),
      ),
      el('div', { class: 'row' }, this.#train, this.#more, this.#pause, this.#stop),
      // Below the buttons: a click that leaves a field may write it, and must not move the button that it is for.
      this.#error,
      this.#facts,
      el(
        'div',
        { class: 'row' },
        button('Save network', () => ask({ kind: 'save' })),
        fileButton('Load network…', { accept: '.safetensors' }, (files) => take(chosen(files))),
      ),
    );
    this.#choose();
    this.showState('idle');
  }

  showState(state: State): void {
    this.#state = state;
    const isIdle = state === 'idle';
    const hadFocus = this.root.contains(document.activeElement);
    this.#train.hidden = !isIdle;
    write(this.#train, this.#isTrained ? 'Train a new one' : 'Train');
    this.#more.hidden = !isIdle || !this.#isTrained;
    this.#pause.hidden = this.#stop.hidden = isIdle;
    write(this.#pause, state === 'paused' ? 'Resume' : 'Pause');
    for (const control of [this.#kind, this.#width, this.#epochs]) control.disabled = !isIdle;
    // The button that was pressed is gone: its place is kept for the keyboard.
    if (hadFocus && document.activeElement === document.body) (isIdle ? this.#train : this.#pause).focus();
  }

  showNetwork({ network, width, parameters, iterations }: NetworkFacts): void {
    // Before a visitor chooses, the choice is what the worker has made.
    if (!this.#isChosen) {
      this.#kind.value = network;
      this.#choose();
    }
    this.#isTrained = iterations > 0;
    const trained = iterations === 0 ? 'not trained yet' : `trained for ${integer(iterations)} steps`;
    const { name, width: widths } = KINDS[network];
    const size = widths === null ? '' : `, ${integer(width)} ${widths.label.toLowerCase()}`;
    write(this.#facts, `${name}${size}: ${integer(parameters)} parameters, ${trained}.`);
    this.showState(this.#state);
  }

  get #network(): Network {
    return this.#kind.value as Network;
  }

  /** Offers what goes with the kind of network. */
  #choose(): void {
    const { about, width } = KINDS[this.#network];
    write(this.#about, about);
    this.#widthField.hidden = width === null;
    this.#rate.value = `${RATES[this.#network]}`;
    if (width === null) return;
    write(this.#widthField.querySelector('label')!, width.label);
    fill(
      this.#width,
      ...width.choices.map((value) => el('option', { value, selected: value === width.usual }, `${value}`)),
    );
  }

  #start(isNew: boolean): void {
    const settings = this.#settings();
    this.#isChosen = true;
    if (settings !== null) this.#ask({ kind: 'train', settings, isNew });
  }

  #pauseOrResume(): void {
    this.#ask({ kind: this.#state === 'paused' ? 'resume' : 'pause' });
  }

  /** A learning rate counts from the next step on. */
  #setRate(): void {
    const settings = this.#settings();
    if (settings !== null && this.#state !== 'idle') this.#ask({ kind: 'rate', learningRate: settings.learningRate });
  }

  /** What is set; null, and a sentence, where it cannot be trained with. */
  #settings(): Settings | null {
    const learningRate = Number(this.#rate.value.replace(',', '.') || Number.NaN);
    const epochs = Number(this.#epochs.value || Number.NaN);
    const isRate = learningRate > 0 && learningRate <= 10;
    const isCount = Number.isInteger(epochs) && epochs >= 1 && epochs <= 1000;
    this.#rate.setAttribute('aria-invalid', `${!isRate}`);
    this.#epochs.setAttribute('aria-invalid', `${!isCount}`);
    const wrong = [
      isRate ? '' : 'The learning rate is a number above 0, 10 at most.',
      isCount ? '' : 'Epochs are a whole number from 1 to 1,000.',
    ];
    write(this.#error, wrong.join(' ').trim());
    if (!isRate || !isCount) return null;
    return { network: this.#network, width: Number(this.#width.value), learningRate, epochs };
  }
}
