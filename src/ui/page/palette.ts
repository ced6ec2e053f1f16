import { svg } from './dom.js';

/** How a curve is drawn: told apart by its dashes as well as by its colour. */
export interface Pen {
  /** The number of a colour, `--series-0` to `--series-7` of the style. */
  readonly color: number;
  /** Pixels drawn and left out, by turns; empty for a line without gaps. */
  readonly dash: readonly number[];
  /** Of a curve that stands behind its average. */
  readonly isFaint?: boolean;
}

const DASHES: readonly (readonly number[])[] = [
  [],
  [8, 4],
  [2, 3],
  [10, 3, 2, 3],
  [16, 4],
  [5, 2],
  [1, 5],
  [12, 3, 5, 3],
];
const COLORS = 8;

/** The pen of the i-th of several curves. */
export function pen(i: number): Pen {
  return { color: i % COLORS, dash: DASHES[(i + Math.floor(i / COLORS)) % DASHES.length]! };
}

/** A colour of the style as it is now, light or dark. */
export function colorOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** The colour of a pen. */
export function inkOf({ color, isFaint = false }: Pen): string {
  const ink = colorOf(`--series-${color}`);
  return isFaint ? `${ink}66` : ink;
}

/** A short piece of a curve, for legends. */
export function swatch({ color, dash, isFaint = false }: Pen): Element {
  const line = svg('line', { x1: 1, y1: 5, x2: 27, y2: 5, 'stroke-dasharray': dash.join(' ') || 'none' });
  line.classList.add(`series-${color}`);
  if (isFaint) line.classList.add('faint');
  const picture = svg('svg', { viewBox: '0 0 28 10', width: 28, height: 10, 'aria-hidden': 'true' }, line);
  picture.classList.add('swatch');
  return picture;
}
