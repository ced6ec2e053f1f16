import { Chart } from '../../../src/ui/page/chart.js';
import { el, write } from '../../../src/ui/page/dom.js';
import { decimal, integer, percent, UNKNOWN } from '../../../src/ui/page/format.js';
import { pen } from '../../../src/ui/page/palette.js';
import { Points, Smoothed } from '../../../src/ui/page/points.js';
import type { Look, Report, State } from '../protocol.js';
import { panel } from './panel.js';

const STATES: Readonly<Record<State, string>> = { idle: 'Ready', running: 'Training', paused: 'Paused' };
const TILES = ['State', 'Epoch', 'Loss', 'Validation accuracy', 'Steps a second'] as const;

/** How the training goes: numbers and curves. */
export class ProgressPanel {
  readonly root: HTMLElement;
  readonly #values = TILES.map(() => el('dd', {}, UNKNOWN));
  readonly #bar = el('progress', { max: 1, value: 0, 'aria-label': 'Progress of the training' });
  readonly #points = new Points();
  readonly #smoothed = new Smoothed(20);
  readonly #validation = new Curve();
  readonly #training = new Curve();
  readonly #loss = new Chart({
    title: 'Loss',
    unit: 'iteration',
    format: decimal,
    lines: [
      {
        name: 'each step',
        pen: { ...pen(0), isFaint: true },
        curve: () => ({ x: this.#points.iteration, y: this.#points.loss }),
      },
      {
        name: 'average',
        pen: pen(0),
        curve: () => ({ x: this.#points.iteration, y: this.#smoothed.of(this.#points.loss) }),
      },
    ],
  });
  readonly #accuracy = new Chart({
    title: 'Accuracy',
    unit: 'iteration',
    format: percent,
    bounds: [0, 1],
    lines: [
      { name: 'validation', pen: { color: 2, dash: [] }, curve: () => this.#measured },
      { name: 'training', pen: pen(1), isMarked: true, curve: () => this.#training },
    ],
  });
  #epochs = 0;
  #frame = 0;

  constructor() {
    this.root = panel(
      'progress',
      '3 · Watch it learn',
      el('dl', { class: 'tiles' }, ...TILES.map((name, i) => el('div', {}, el('dt', {}, name), this.#values[i]!))),
      this.#bar,
      el('div', { class: 'charts' }, this.#loss.root, this.#accuracy.root),
    );
    this.clear();
  }

  showState(state: State, epochs: number): void {
    if (epochs > 0) this.#epochs = epochs;
    this.#write('State', STATES[state]);
    this.root.dataset.state = state;
  }

  addPoints({ columns, epoch, perSecond }: Extract<Report, { kind: 'points' }>): void {
    this.#points.append(columns);
    const whole = Math.min(this.#epochs, Math.floor(epoch) + 1);
    this.#write('Epoch', `${integer(whole)} of ${integer(this.#epochs)}`);
    this.#write('Loss', decimal(this.#smoothed.of(this.#points.loss).at(-1) ?? null));
    this.#write('Steps a second', perSecond < 10 ? perSecond.toFixed(1) : integer(perSecond));
    this.#bar.value = Math.min(1, epoch / Math.max(1, this.#epochs));
    this.#draw();
  }

  addLook({ iteration, accuracy }: Look): void {
    if (accuracy !== null) this.#validation.add(iteration, accuracy);
    this.#write('Validation accuracy', percent(accuracy));
    this.#draw();
  }

  addEpoch(iteration: number, accuracy: number): void {
    this.#training.add(iteration, accuracy);
    this.#draw();
  }

  /** The validation accuracy, once there is a training: a single point is no curve. */
  get #measured(): Curve {
    return this.#points.length > 0 ? this.#validation : NONE;
  }

  /** Forgets a training. */
  clear(): void {
    this.#points.clear();
    this.#validation.clear();
    this.#training.clear();
    for (const value of this.#values.slice(1)) write(value, UNKNOWN);
    this.#bar.value = 0;
    this.#draw();
  }

  /** Draws the curves in the colours as they are now. */
  redraw(): void {
    this.#loss.redraw();
    this.#accuracy.redraw();
  }

  #draw(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#loss.refresh();
      this.#accuracy.refresh();
    });
  }

  #write(tile: (typeof TILES)[number], text: string): void {
    write(this.#values[TILES.indexOf(tile)]!, text);
  }
}

/** A curve that grows. */
class Curve {
  readonly x: number[] = [];
  readonly y: number[] = [];

  /** Adds a point; at the place of the last one it takes its place. */
  add(x: number, y: number): void {
    const at = this.x.at(-1) === x ? this.x.length - 1 : this.x.length;
    this.x[at] = x;
    this.y[at] = y;
  }

  clear(): void {
    this.x.length = this.y.length = 0;
  }
}

const NONE = new Curve();
