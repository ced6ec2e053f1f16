import { el } from '../../../src/ui/page/dom.js';

const SIDE = 280;
/** Pixels that an arrow key moves the pen by. */
const STEP = 10;
const ARROWS: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

/** A black square to draw on in white: by mouse, pen, finger, or with the arrow keys. */
export class Sketch {
  readonly root: HTMLElement;
  /** Width of a line. */
  brush = 24;
  readonly #onChange: () => void;
  readonly #canvas = el('canvas', {
    width: SIDE,
    height: SIDE,
    tabindex: 0,
    role: 'application',
    'aria-label': 'Drawing area',
    'aria-describedby': 'sketch-help',
  });
  readonly #context = this.#canvas.getContext('2d', { willReadFrequently: true })!;
  readonly #cursor = el('span', { class: 'cursor' });
  readonly #hint = el('span', { class: 'hint', 'aria-hidden': 'true' }, 'Draw here');
  #at = { x: SIDE / 2, y: SIDE / 2 };
  #isDown = false;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
    this.root = el('div', { class: 'sketch' }, this.#canvas, this.#cursor, this.#hint);
    this.#canvas.addEventListener('pointerdown', (event) => this.#begin(event));
    this.#canvas.addEventListener('pointermove', (event) => {
      if (!this.#canvas.hasPointerCapture(event.pointerId)) return;
      const events = event.getCoalescedEvents?.() ?? [];
      for (const { clientX, clientY } of events.length > 0 ? events : [event]) this.#line(clientX, clientY);
    });
    this.#canvas.addEventListener('keydown', (event) => this.#key(event));
    this.clear();
  }

  /** What is drawn. */
  get drawing(): ImageData {
    return this.#context.getImageData(0, 0, SIDE, SIDE);
  }

  clear(): void {
    this.#context.fillStyle = '#000';
    this.#context.fillRect(0, 0, SIDE, SIDE);
    this.#isDown = false;
    this.#hint.hidden = false;
    this.#moveTo({ x: SIDE / 2, y: SIDE / 2 });
  }

  #begin(event: PointerEvent): void {
    if (event.button !== 0 || !event.isPrimary) return; // a menu, or a second finger, whose lines would cross
    this.#canvas.setPointerCapture(event.pointerId);
    this.#at = this.#placeOf(event.clientX, event.clientY);
    this.#drawTo(this.#at);
  }

  #line(x: number, y: number): void {
    this.#drawTo(this.#placeOf(x, y));
  }

  #placeOf(clientX: number, clientY: number) {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return { x: ((clientX - left) * SIDE) / width, y: ((clientY - top) * SIDE) / height };
  }

  #key(event: KeyboardEvent): void {
    const move = ARROWS[event.key];
    if (move !== undefined) {
      const bounded = (value: number) => Math.min(SIDE, Math.max(0, value));
      const to = { x: bounded(this.#at.x + move[0]), y: bounded(this.#at.y + move[1]) };
      if (this.#isDown) this.#drawTo(to);
      else this.#moveTo(to);
    } else if (event.key === ' ') {
      this.#isDown = !this.#isDown;
      if (this.#isDown) this.#drawTo(this.#at);
      else this.#moveTo(this.#at);
    } else return;
    event.preventDefault();
  }

  #drawTo(to: { x: number; y: number }): void {
    const context = this.#context;
    context.strokeStyle = '#fff';
    context.lineWidth = this.brush;
    context.lineCap = context.lineJoin = 'round';
    context.beginPath();
    context.moveTo(this.#at.x, this.#at.y);
    context.lineTo(to.x + 0.01, to.y); // a line without length draws nothing
    context.stroke();
    this.#hint.hidden = true;
    this.#moveTo(to);
    this.#onChange();
  }

  /** Moves the pen, which is seen while the square has the focus. */
  #moveTo(to: { x: number; y: number }): void {
    this.#at = to;
    this.#cursor.style.left = `${(100 * to.x) / SIDE}%`;
    this.#cursor.style.top = `${(100 * to.y) / SIDE}%`;
    this.#cursor.classList.toggle('down', this.#isDown);
  }
}
